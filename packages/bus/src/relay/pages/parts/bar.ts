import type { Figures } from '../../figures/types.ts';
import type { Display } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { documentsOf } from './value.ts';

/**
 * Electronic, both, paper: one bar of three parts, told apart by pattern as well as by colour, with a
 * mark at the target. The numbers stand in the cells beside it, so it is hidden from screen readers.
 */
export function shareBar(figures: Figures, target: number | null): Markup {
  const all = documentsOf(figures);
  if (all === 0) return html`<span class="bar none" aria-hidden="true"></span>`;
  const electronic = figures.E / all;
  const both = figures.EP / all;
  const paper = figures.P / all;
  return html`<svg class="bar" aria-hidden="true">
    <rect class="e" width=${percent(electronic)} height="100%" />
    <rect fill="url(#both)" x=${percent(electronic)} width=${percent(both)} height="100%" />
    <rect
      fill="url(#paper)"
      x=${percent(electronic + both)}
      width=${percent(paper)}
      height="100%"
    />
    ${
      target !== null &&
      html`<line class="target" x1=${percent(target)} x2=${percent(target)} y1="0" y2="100%" />`
    }
  </svg>`;
}

/** What the parts of {@link shareBar} mean. */
export function shareLegend(display: Display, withTarget: boolean): Markup {
  const { E, EP, P, target } = display.t.figures;
  const square = (fill: Markup, text: string) =>
    html`<li><svg class="key" viewBox="0 0 14 14">${fill}</svg>${text}</li>`;
  return html`<ul class="legend" aria-hidden="true">
    ${square(html`<rect class="e" width="14" height="14" />`, E)}
    ${square(html`<rect fill="url(#both)" width="14" height="14" />`, EP)}
    ${square(html`<rect fill="url(#paper)" width="14" height="14" />`, P)}
    ${withTarget && square(html`<line class="target" x1="7" x2="7" y1="0" y2="14" />`, target)}
  </ul>`;
}

/** The patterns of both and paper, once for each page: a colour alone would tell too few people. */
export function patterns(): Markup {
  return html`<svg class="defs" aria-hidden="true">
    <defs>
      <pattern id="both" width="5" height="5" patternUnits="userSpaceOnUse">
        <rect class="pattern-ep-ground" width="5" height="5" />
        <path class="pattern-ep" d="M-1 6L6 -1" />
      </pattern>
      <pattern id="paper" width="4" height="4" patternUnits="userSpaceOnUse">
        <rect class="pattern-p-ground" width="4" height="4" />
        <circle class="pattern-p" cx="2" cy="2" r="1" />
      </pattern>
    </defs>
  </svg>`;
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100}%`;
}

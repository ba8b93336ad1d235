import type { Figures } from '../../figures/types.ts';
import type { Display } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { documentsOf } from './value.ts';

const WIDTH = 100;
const HEIGHT = 10;

/**
 * Electronic, both, paper: one bar of three parts, told apart by pattern as well as by colour, with a
 * mark at the target. The numbers stand in the cells beside it, so it is hidden from screen readers.
 */
export function shareBar(figures: Figures, target: number | null): Markup {
  const all = documentsOf(figures);
  if (all === 0) return html`<span class="bar none" aria-hidden="true"></span>`;
  const electronic = (figures.E / all) * WIDTH;
  const both = (figures.EP / all) * WIDTH;
  const paper = WIDTH - electronic - both;
  return html`<svg
    class="bar"
    viewBox=${`0 0 ${WIDTH} ${HEIGHT}`}
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    <rect class="e" width=${short(electronic)} height=${HEIGHT} />
    <rect fill="url(#both)" x=${short(electronic)} width=${short(both)} height=${HEIGHT} />
    <rect fill="url(#paper)" x=${short(electronic + both)} width=${short(paper)} height=${HEIGHT} />
    ${
      target !== null &&
      html`<line
        class="target"
        x1=${short(target * WIDTH)}
        x2=${short(target * WIDTH)}
        y1="0"
        y2=${HEIGHT}
      />`
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

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

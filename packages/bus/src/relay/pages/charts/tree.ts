import { hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';

import type { BreakdownRow } from '../../figures/types.ts';
import type { Display } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { documentsOf } from '../parts/value.ts';
import { visible } from '../said.ts';

const WIDTH = 960;
const HEIGHT = 320;
/** More cells than these would be slivers; the table has all of them. */
const MAX_CELLS = 40;
const BANDS = [0.6, 0.8, 0.9] as const;
/** Room that a line of the label needs, in units of the drawing. */
const LINE_HEIGHT = 17;
const CHARACTER_WIDTH = 8.2;

interface Node {
  readonly row?: BreakdownRow;
  readonly children?: readonly Node[];
}

/**
 * Agencies as areas by the number of their documents, in four steps of their share; each leads to
 * its agency. What is under its target has a
 * bar at its foot and a mark, whatever its colour.
 */
export function tree(
  display: Display,
  rows: readonly BreakdownRow[],
  hrefOf: (row: BreakdownRow) => string,
): Markup {
  const filled = rows
    .filter((row) => documentsOf(row.figures) > 0)
    .toSorted((a, b) => documentsOf(b.figures) - documentsOf(a.figures));
  if (filled.length < 2) return null;
  const shown = filled.slice(0, MAX_CELLS);
  const { t, f } = display;
  const root = hierarchy<Node>({ children: shown.map((row) => ({ row })) }).sum(({ row }) =>
    row === undefined ? 0 : documentsOf(row.figures),
  );
  const laidOut = treemap<Node>()
    .size([WIDTH, HEIGHT])
    .paddingInner(3)
    .round(true)
    .tile(treemapSquarify)(root);
  const isAnyUnder = shown.some(isUnderTarget);
  return html`<figure class="tree">
    <p class="spoken">${t.tree.description(f.count(shown.length))}</p>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`}>
      ${laidOut.leaves().map(({ data, x0, x1, y0, y1 }) => {
        if (data.row === undefined) return null;
        return cell(display, data.row, { x: x0, y: y0, w: x1 - x0, h: y1 - y0 }, hrefOf(data.row));
      })}
    </svg>
    <figcaption>
      <ul class="legend">
        ${t.tree.bands.map(
          (label, index) =>
            html`<li>
              <svg class="key" viewBox="0 0 14 14" aria-hidden="true">
                <rect class=${`band-${index}`} width="14" height="14" /></svg
              >${label}
            </li>`,
        )}
        ${
          isAnyUnder &&
          html`<li>
            <svg class="key" viewBox="0 0 14 14" aria-hidden="true">
              <rect class="below" y="9" width="14" height="5" /></svg
            >${t.tree.below}
          </li>`
        }
        ${
          filled.length > shown.length &&
          html`<li>${t.tree.rest(f.count(filled.length - shown.length))}</li>`
        }
      </ul>
    </figcaption>
  </figure>`;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function cell(display: Display, row: BreakdownRow, place: Place, href: string): Markup {
  const { t, f } = display;
  const name = visible(row.name ?? row.key, 60);
  const rate = row.figures.rate_electronic;
  const rateText = rate === null ? t.table.noneSpoken : f.percent(rate);
  const label = t.tree.cell(name, f.count(documentsOf(row.figures)), rateText);
  const isUnder = isUnderTarget(row);
  const fits = Math.floor((place.w - 14) / CHARACTER_WIDTH);
  const hasName = fits >= 6 && place.h >= 2 * LINE_HEIGHT + 8;
  const hasRate = fits >= 5 && place.h >= LINE_HEIGHT + 6;
  const { x, y, w, h } = place;
  const lower = `${isUnder ? '▼ ' : ''}${rateText}`;
  const spoken = isUnder ? `${label}, ${t.figures.underTarget}` : label;
  return html`<a href=${href} class=${`cell band-${bandOf(rate)}`}>
    <title>${spoken}</title>
    <rect class="area" x=${x} y=${y} width=${w} height=${h} rx="3" />
    ${isUnder && html`<rect class="below" x=${x} y=${y + h - 5} width=${w} height="5" />`}
    ${hasName && html`<text aria-hidden="true" x=${x + 8} y=${y + LINE_HEIGHT + 3}>${cut(name, fits)}</text>`}
    ${
      hasRate &&
      html`<text
        class="share"
        aria-hidden="true"
        x=${x + 8}
        y=${y + (hasName ? 2 : 1) * LINE_HEIGHT + 4}
        >${lower}</text
      >`
    }
  </a>`;
}

function isUnderTarget({ figures, target }: BreakdownRow): boolean {
  return target !== null && figures.rate_electronic !== null && figures.rate_electronic < target;
}

function bandOf(rate: number | null): number | 'none' {
  if (rate === null) return 'none';
  const index = BANDS.findIndex((end) => rate < end);
  return index === -1 ? BANDS.length : index;
}

function cut(name: string, characters: number): string {
  const parts = Array.from(name);
  return parts.length <= characters ? name : `${parts.slice(0, characters - 1).join('')}…`;
}

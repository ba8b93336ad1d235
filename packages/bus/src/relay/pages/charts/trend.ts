import { area, line } from 'd3-shape';

import type { BreakdownRow } from '../../figures/types.ts';
import type { Display } from '../context.ts';
import { type Markup, html } from '../html.ts';

const WIDTH = 960;
const HEIGHT = 250;
/** Room for the labels of the axis. */
const LEFT = 58;
const RIGHT = 14;
const TOP = 26;
const BOTTOM = 30;
const LINES = [0, 0.25, 0.5, 0.75, 1] as const;
/** Months between two labels of the axis. */
const LABEL_EVERY = 3;

interface Point {
  readonly key: string;
  readonly x: number;
  readonly rate: number | null;
  readonly target: number | null;
}

/**
 * The share by month as a line from 0 to 100 %, broken where a month has no documents, with the
 * target as steps. The words beside it say the same; the numbers stand in a table.
 */
export function trendChart(display: Display, rows: readonly BreakdownRow[], id: string): Markup {
  const points = rows.map((row, index) => ({
    key: row.key,
    x: LEFT + (rows.length < 2 ? 0 : (index * (WIDTH - LEFT - RIGHT)) / (rows.length - 1)),
    rate: row.figures.rate_electronic,
    target: row.target,
  }));
  if (points.every(({ rate }) => rate === null)) {
    return html`<p class="empty">${display.t.trend.noData}</p>`;
  }
  const hasTarget = points.some(({ target }) => target !== null);
  return html`<figure class="trend">
    <svg
      viewBox=${`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-labelledby=${`${id}-text`}
      preserveAspectRatio="xMidYMid meet"
    >
      ${axes(display, points)}
      <path class="area" d=${areaOf(points)} />
      ${hasTarget && html`<path class="target" d=${targetOf(points)} />`}
      <path class="line" d=${lineOf(points)} />
      ${points.map((point) => dot(display, point))}
    </svg>
    <figcaption>
      <p class="spoken" id=${`${id}-text`}>${describe(display, points)}</p>
      <ul class="legend" aria-hidden="true">
        <li>
          <svg class="key wide" viewBox="0 0 24 14"><path class="line" d="M0 7H24" /></svg
          >${display.t.trend.legendRate}
        </li>
        ${
          hasTarget &&
          html`<li>
            <svg class="key wide" viewBox="0 0 24 14"><path class="dashes" d="M0 7H24" /></svg
            >${display.t.trend.legendTarget}
          </li>`
        }
      </ul>
    </figcaption>
  </figure>`;
}

function axes(display: Display, points: readonly Point[]): Markup {
  const last = points.length - 1;
  return html`<g class="axis">
    ${LINES.map(
      (share) =>
        html`<line x1="0" x2=${WIDTH} y1=${y(share)} y2=${y(share)} /><text x="0" y=${y(share) - 5}
            >${`${display.f.count(share * 100)}%`}</text
          >`,
    )}
    ${points.map(
      ({ key, x }, index) =>
        (last - index) % LABEL_EVERY === 0 &&
        html`<text
          class=${(last - index) % (2 * LABEL_EVERY) === 0 ? undefined : 'minor'}
          x=${x}
          y=${HEIGHT - 8}
          text-anchor=${index === last ? 'end' : 'middle'}
          >${shortMonth(key)}</text
        >`,
    )}
  </g>`;
}

function dot(display: Display, { key, x, rate }: Point): Markup {
  if (rate === null) return null;
  const title = `${display.f.period(key)}: ${display.f.percent(rate)}`;
  return html`<circle class="dot" cx=${x} cy=${y(rate)} r="3.5"><title>${title}</title></circle>`;
}

function lineOf(points: readonly Point[]): string | null {
  return line<Point>()
    .defined(({ rate }) => rate !== null)
    .x(({ x }) => x)
    .y(({ rate }) => y(rate ?? 0))
    .digits(1)([...points]);
}

function areaOf(points: readonly Point[]): string | null {
  return area<Point>()
    .defined(({ rate }) => rate !== null)
    .x(({ x }) => x)
    .y0(y(0))
    .y1(({ rate }) => y(rate ?? 0))
    .digits(1)([...points]);
}

function targetOf(points: readonly Point[]): string | null {
  return line<Point>()
    .defined(({ target }) => target !== null)
    .x(({ x }) => x)
    .y(({ target }) => y(target ?? 0))
    .digits(1)([...points]);
}

function describe(display: Display, points: readonly Point[]): string {
  const { t, f } = display;
  const known = points.flatMap(({ key, rate }) => (rate === null ? [] : [{ key, rate }]));
  const [first, ...others] = known;
  if (first === undefined) return t.trend.noData;
  const low = others.reduce((best, one) => (one.rate < best.rate ? one : best), first);
  const high = others.reduce((best, one) => (one.rate > best.rate ? one : best), first);
  const from = f.period(points[0]?.key ?? first.key);
  const to = f.period(points.at(-1)?.key ?? first.key);
  const extremes = t.trend.extremes(
    f.percent(low.rate),
    f.period(low.key),
    f.percent(high.rate),
    f.period(high.key),
  );
  return `${t.trend.description(from, to)} ${extremes}`;
}

function y(share: number): number {
  return Math.round((TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)) * 10) / 10;
}

/** `2026-11` as `11/26`. */
function shortMonth(key: string): string {
  return `${key.slice(5)}/${key.slice(2, 4)}`;
}

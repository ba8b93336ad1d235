import type { Figures } from '../../figures/types.ts';
import type { Display } from '../context.ts';
import { type Markup, html } from '../html.ts';

/**
 * Numbers on a page. Each is a `data` element: its value is the exact one, and `data-figure` says
 * where it stands in the answer that the surrounding `data-api` gives; a test compares them all.
 */
export function count(display: Display, value: number, figure: string): Markup {
  return exact(value, figure, display.f.count(value));
}

export function rate(display: Display, value: number | null, figure: string): Markup {
  if (value === null) return absent(display, figure);
  return exact(value, figure, display.f.percent(value));
}

/** `null`: nothing to tell. */
export function duration(display: Display, ms: number | null, figure: string): Markup {
  if (ms === null) return absent(display, figure);
  return exact(ms, figure, display.f.duration(ms));
}

/** An instant; `figure` is left out where no answer holds it. */
export function moment(display: Display, at: string | Date, figure?: string): Markup {
  const iso = typeof at === 'string' ? at : at.toISOString();
  return html`<time datetime=${iso} data-figure=${figure}>${display.f.moment(iso)}</time>`;
}

export function day(display: Display, date: string, figure?: string): Markup {
  return html`<time datetime=${date} data-figure=${figure}>${display.f.day(date)}</time>`;
}

/** A value that is text in the answer too, such as a code. */
export function word(value: string, figure: string, shown: Markup = value): Markup {
  return html`<data value=${value} data-figure=${figure}>${shown}</data>`;
}

export function absent(display: Display, figure?: string): Markup {
  const { none, noneSpoken } = display.t.table;
  return html`<data class="none" value="null" data-figure=${figure}
    ><span aria-hidden="true">${none}</span><span class="spoken">${noneSpoken}</span></data
  >`;
}

export function documentsOf(figures: Figures): number {
  return figures.E + figures.EP + figures.P;
}

/** The difference to the period before, with an arrow for those who see no sign. */
export function change(
  display: Display,
  now: number | null,
  before: number | null | undefined,
): Markup {
  if (now === null || before === null || before === undefined) return absent(display);
  const difference = now - before;
  const text = display.f.points(difference);
  const rising = Math.abs(difference) < 0.0005 ? 'level' : difference > 0 ? 'up' : 'down';
  const arrow = { up: '▲', down: '▼', level: '=' }[rising];
  return html`<span class=${`change ${rising}`}
    ><span aria-hidden="true">${arrow} </span>${text}</span
  >`;
}

function exact(value: number, figure: string, shown: string): Markup {
  return html`<data value=${String(value)} data-figure=${figure}>${shown}</data>`;
}

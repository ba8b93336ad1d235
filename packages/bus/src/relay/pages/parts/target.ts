import type { Display } from '../context.ts';
import { type Markup, html } from '../html.ts';

/** Whether a rate reaches its target, in words. */
export function targetMark(display: Display, rate: number | null, target: number | null): Markup {
  if (rate === null || target === null) return null;
  const { underTarget, reachesTarget } = display.t.figures;
  return rate < target
    ? html`<span class="mark under"><span aria-hidden="true">▼ </span>${underTarget}</span>`
    : html`<span class="mark reached"><span aria-hidden="true">✓ </span>${reachesTarget}</span>`;
}

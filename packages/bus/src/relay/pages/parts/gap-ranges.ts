import type { FiguresRequest, GapRow } from '../../figures/types.ts';
import { type PageContext, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { visible } from '../said.ts';

/** Ranges that stand in a cell; the rest is one link away. */
const MAX_RANGES = 4;

/** `12–14, 20`: the numbers of an agency's register that no record names, with the way to the list. */
export function gapRanges(
  context: PageContext,
  request: FiguresRequest,
  agencyName: string,
  missing: number,
): Markup {
  const { t, f, source } = context;
  const { rows } = source.gaps({ ...request, kind: 'register', limit: MAX_RANGES + 1 });
  const shown = rows.slice(0, MAX_RANGES);
  const named = shown.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const href = other(context, '/gaps', { agency: request.agency, kind: 'register' });
  return html`<a
    class="ranges"
    href=${href}
    aria-label=${`${t.agencies.tracelessAll(visible(agencyName, 80))}: ${shown.map(rangeText).join(', ')}`}
    >${shown.map(rangeText).join(', ')}${
      missing > named && ` ${t.agencies.more(f.count(missing - named))}`
    }</a
  >`;
}

/** `12` or `12–14`, with the register's year where several may meet. */
export function rangeText({ first, last }: GapRow): string {
  return first === last ? String(first) : `${first}–${last}`;
}

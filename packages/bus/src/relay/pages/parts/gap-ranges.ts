import type { FiguresRequest, GapRow } from '../../figures/types.ts';
import { type PageContext, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { visible } from '../said.ts';

/** Ranges that stand in a cell; the rest is one link away. */
const MAX_RANGES = 4;
const NBSP = '\u00A0';

/** `12–14, 20`: the numbers of an agency's register that no record names, with the way to the list. */
export function gapRanges(
  context: PageContext,
  request: FiguresRequest,
  agencyName: string,
  missing: number,
): Markup {
  const { t, f, source } = context;
  const { agency, under, tier } = request;
  const { rows } = source.gaps({ ...request, kind: 'register', limit: MAX_RANGES + 1 });
  const shown = rows.slice(0, MAX_RANGES);
  const named = shown.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const href = other(context, '/gaps', { agency, under, tier, kind: 'register' });
  const text = describeRanges(context, agency, shown);
  return html`<a
    class="ranges"
    href=${href}
    aria-label=${`${t.agencies.tracelessAll(visible(agencyName, 80))}: ${text}`}
    >${text}${missing > named && ` ${t.agencies.more(f.count(missing - named))}`}</a
  >`;
}

/**
 * Ranges of one register stand alone. Where several may meet, each has its year; and the agency
 * whose it is, where another one took it over.
 */
function describeRanges(
  { t, query }: PageContext,
  asked: string | undefined,
  rows: readonly GapRow[],
): string {
  const [from, to] = [query.period.from.slice(0, 4), query.period.to.slice(0, 4)];
  const hasYears = from !== to || rows.some(({ year }) => String(year) !== from);
  const hasAgencies = rows.some(({ agency }) => agency !== asked);
  const registers = Map.groupBy(rows, ({ agency, year }) =>
    [
      hasAgencies ? agency : '',
      hasYears && year !== null ? t.agencies.registerOf(String(year)) : '',
    ]
      .filter((part) => part !== '')
      .join(', '),
  );
  return [...registers]
    .map(([register, ranges]) => {
      const text = ranges.map(rangeText).join(', ');
      // A line does not end between a register and its first number.
      return register === '' ? text : `${register.replaceAll(' ', NBSP)}:${NBSP}${text}`;
    })
    .join('; ');
}

/** `12` or `12–14`. */
export function rangeText({ first, last }: GapRow): string {
  return first === last ? String(first) : `${first}–${last}`;
}

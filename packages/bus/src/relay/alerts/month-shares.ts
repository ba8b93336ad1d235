import type { RelayFigures } from '../figures/types.ts';
import type { MonthShare } from './rules.ts';

const PAGE = 1_000;
/** More agencies than any country has. */
const MAX_PAGES = 50;

/** What agencies under their target have reached this month and in the one before. */
export function monthShares(figures: RelayFigures, today: string): MonthShare[] {
  const month = today.slice(0, 7);
  const year = Number(month.slice(0, 4));
  const number = Number(month.slice(5));
  const before = number === 1 ? `${year - 1}-12` : `${year}-${String(number - 1).padStart(2, '0')}`;
  return [month, before].flatMap((one) => sharesOf(figures, one));
}

function sharesOf(figures: RelayFigures, month: string): MonthShare[] {
  const shares: MonthShare[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { rows, next } = figures.breakdown({
      period: month,
      by: 'agency',
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const { key: agency, figures: own, target } of rows) {
      const { E, EP, P, rate_electronic: rate } = own;
      if (target !== null) shares.push({ agency, month, documents: E + EP + P, rate, target });
    }
    if (next === null) break;
    after = next;
  }
  return shares;
}

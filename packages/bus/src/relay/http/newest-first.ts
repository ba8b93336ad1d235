import type { AsOf, Page, PageRequest } from '../figures/types.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** Rows that one answer looks at: a viewer of one province goes through those of all. */
const MAX_SCANNED = 20_000;
const SCAN_STEP = 1_000;

/** A list by falling id, and which of its rows are shown how. */
export interface Listing<Row extends { readonly id: number }, Shown> {
  readonly read: (options: { limit: number; before: number }) => readonly Row[];
  readonly maySee: (row: Row) => boolean;
  readonly describe: (row: Row) => Shown;
}

/** A page of a list, newest first; the cursor is the last id looked at. */
export function pageNewestFirst<Row extends { readonly id: number }, Shown>(
  { read, maySee, describe }: Listing<Row, Shown>,
  asOf: AsOf,
  request: PageRequest,
): Page<Shown> {
  const limit = Math.min(request.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
  let before = /^\d{1,15}$/.test(request.after ?? '') ? Number(request.after) : 2 ** 52;
  const rows: Row[] = [];
  const show = (total: number | null, next: string | null): Page<Shown> => {
    return { as_of: asOf, rows: rows.map(describe), total, next };
  };
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += SCAN_STEP) {
    const some = read({ limit: SCAN_STEP, before });
    for (const row of some) {
      if (!maySee(row)) continue;
      // One more than the page holds: there is a next one.
      if (rows.length === limit) return show(null, String(rows.at(-1)?.id ?? 0));
      rows.push(row);
    }
    const last = some.at(-1);
    if (last === undefined || some.length < SCAN_STEP) {
      return show(request.after === undefined ? rows.length : null, null);
    }
    before = last.id;
  }
  // There are more to look at, if not to show.
  return show(null, String(before));
}

import type { AsOf, Page, PageRequest } from '../figures/types.ts';
import type { RejectedReportRow, RelayQueries } from '../queries.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** Rows that one answer looks at: an operator of one province goes through those of all. */
const MAX_SCANNED = 20_000;
const SCAN_STEP = 1_000;

/** A record that failed the check, as API and page show it. */
export interface RejectedRow {
  readonly id: number;
  readonly subject: string;
  /** What the subject names; the broker lets no other agency use it. */
  readonly claimed_from: string | null;
  readonly site: string;
  /** RFC 3339, by the broker. */
  readonly stored_at: string;
  /** RFC 3339. */
  readonly rejected_at: string;
  readonly finding: string;
  /** English, and partly the words of whoever sent it. */
  readonly detail: string;
  readonly bytes: number;
}

/** A page of records that failed the check, newest first, of which each is let through. */
export function listRejectedPage(
  queries: Pick<RelayQueries, 'listRejected'>,
  asOf: AsOf,
  request: PageRequest,
  maySee: (agency: string | null) => boolean,
): Page<RejectedRow> {
  const limit = Math.min(request.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
  let before = /^\d{1,15}$/.test(request.after ?? '') ? Number(request.after) : 2 ** 52;
  const rows: RejectedRow[] = [];
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += SCAN_STEP) {
    const some = queries.listRejected({ limit: SCAN_STEP, before });
    for (const row of some) {
      if (!maySee(row.claimedFrom)) continue;
      // One more than the page holds: there is a next one.
      if (rows.length === limit) {
        return { as_of: asOf, rows, total: null, next: String(rows.at(-1)?.id ?? 0) };
      }
      rows.push(describe(row));
    }
    const last = some.at(-1);
    if (last === undefined || some.length < SCAN_STEP) {
      return {
        as_of: asOf,
        rows,
        total: request.after === undefined ? rows.length : null,
        next: null,
      };
    }
    before = last.id;
  }
  // There are more to look at, if not to show.
  return { as_of: asOf, rows, total: null, next: String(before) };
}

function describe(row: RejectedReportRow): RejectedRow {
  const { id, natsSubject, claimedFrom, site, storedAt, rejectedAt, finding, detail, bytes } = row;
  return {
    id,
    subject: natsSubject,
    claimed_from: claimedFrom,
    site,
    stored_at: storedAt.toISOString(),
    rejected_at: rejectedAt.toISOString(),
    finding,
    detail,
    bytes,
  };
}

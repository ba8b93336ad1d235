import type { AsOf, Page, PageRequest } from '../figures/types.ts';
import type { RejectedReportRow, RelayQueries } from '../queries.ts';
import { pageNewestFirst } from './newest-first.ts';

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
  const listing = {
    read: (options: { limit: number; before: number }) => queries.listRejected(options),
    maySee: (row: RejectedReportRow) => maySee(row.claimedFrom),
    describe,
  };
  return pageNewestFirst(listing, asOf, request);
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

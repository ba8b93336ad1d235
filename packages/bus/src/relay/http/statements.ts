import type { AsOf, Page, PageRequest } from '../figures/types.ts';
import type { ContradictionRow, LateReportRow, RelayQueries } from '../queries.ts';
import { pageNewestFirst } from './newest-first.ts';

export interface StatementsRequest extends PageRequest {
  /** Only what this agency said. */
  readonly agency?: string;
}

export interface ContradictionsRequest extends StatementsRequest {
  /** Only contradictions of this kind: numbers given twice, for one. */
  readonly kind?: ContradictionRow['kind'];
}

/** A well-signed statement that contradicts an earlier one, as API and page show it. */
export interface ContradictoryStatement {
  readonly id: number;
  readonly kind: ContradictionRow['kind'];
  /** Who said it. */
  readonly agency: string;
  readonly report_number: number;
  /** SHA-256 of the record's payload, hex. */
  readonly payload_hash: string;
  /** English. */
  readonly detail: string;
  /** RFC 3339. */
  readonly found_at: string;
}

/** A report that the broker stored more than a day after the time it states. */
export interface LateStatement {
  readonly id: number;
  readonly agency: string;
  readonly report_number: number;
  /** RFC 3339, by the agency. */
  readonly stated_at: string;
  /** RFC 3339, by the broker. */
  readonly stored_at: string;
}

type MaySee = (agency: string) => boolean;

export function listContradictionsPage(
  queries: Pick<RelayQueries, 'listContradictions'>,
  asOf: AsOf,
  { agency, kind, ...paging }: ContradictionsRequest,
  maySee: MaySee,
): Page<ContradictoryStatement> {
  const of = agency === undefined ? {} : { agency };
  return pageNewestFirst(
    {
      read: (options) => queries.listContradictions({ ...options, ...of }),
      maySee: (row) => (kind === undefined || row.kind === kind) && maySee(row.agency),
      describe: ({ reportNumber, payloadHash, foundAt, ...rest }: ContradictionRow) => ({
        ...rest,
        report_number: reportNumber,
        payload_hash: payloadHash,
        found_at: foundAt.toISOString(),
      }),
    },
    asOf,
    paging,
  );
}

export function listLatePage(
  queries: Pick<RelayQueries, 'listLate'>,
  asOf: AsOf,
  { agency, ...paging }: StatementsRequest,
  maySee: MaySee,
): Page<LateStatement> {
  const of = agency === undefined ? {} : { agency };
  return pageNewestFirst(
    {
      read: (options) => queries.listLate({ ...options, ...of }),
      maySee: (row) => maySee(row.agency),
      describe: ({ id, agency: from, number, at, storedAt }: LateReportRow) => ({
        id,
        agency: from,
        report_number: number,
        stated_at: at.toISOString(),
        stored_at: storedAt.toISOString(),
      }),
    },
    asOf,
    paging,
  );
}

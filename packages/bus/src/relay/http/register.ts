import { readCursor, readLimit, writeCursor } from '../figures/paging.ts';
import { parsePeriod } from '../figures/period.ts';
import type { AsOf, Page, PageRequest } from '../figures/types.ts';
import type { RegisterQuery, RegisterRow } from '../queries.ts';
import type { CountedAs } from '../storage/register-queries.ts';

/** The numbers of one agency; how many there are of each kind is a figure. */
export interface RegisterRequest extends PageRequest {
  readonly agency: string;
  readonly period: string;
  readonly countedAs?: CountedAs;
}

/** A number of an outgoing register as API and page show it. */
export interface RegisterEntry {
  readonly agency: string;
  readonly year: number;
  readonly number: number;
  readonly notation: string | null;
  readonly counted_as: CountedAs;
  /** `YYYY-MM-DD` at +07:00: of issue; of the report for a void number. */
  readonly day: string;
  readonly document_type: string | null;
  readonly abstract: string | null;
  readonly signed: boolean;
  /** Why paper, why void. */
  readonly reason: string | null;
  /** Names of the recipients of a paper document. */
  readonly paper_to: readonly string[];
  readonly document_id: string | null;
  /** RFC 3339, by the agency. */
  readonly reported_at: string;
}

/** @throws BusError `BUS_RELAY_REQUEST_INVALID` naming the parameter. */
export function listRegisterPage(
  listRegister: (query: RegisterQuery) => readonly RegisterRow[],
  asOf: AsOf,
  request: RegisterRequest,
): Page<RegisterEntry> {
  const { agency, countedAs = null } = request;
  const limit = readLimit(request);
  const { from, to } = parsePeriod(request.period);
  const after = request.after === undefined ? [0, 0] : readCursor(request.after, [0, 0] as const);
  const [year = 0, number = 0] = after;
  // One more than the page holds: there is a next one.
  const found = listRegister({
    agency,
    from,
    to,
    countedAs,
    after: [year, number],
    limit: limit + 1,
  });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    as_of: asOf,
    rows: page.map((row) => describe(agency, row)),
    total: null,
    next: found.length > limit && last !== undefined ? writeCursor([last.year, last.number]) : null,
  };
}

function describe(agency: string, row: RegisterRow): RegisterEntry {
  const { year, number, notation, day, abstract, signed, reason } = row;
  return {
    agency,
    year,
    number,
    notation,
    counted_as: row.countedAs,
    day,
    document_type: row.documentType,
    abstract,
    signed,
    reason,
    paper_to: row.paperTo,
    document_id: row.documentId,
    reported_at: row.reportedAt.toISOString(),
  };
}

import type { Db } from './database.ts';

/** Where a number of a register stands in the figures. */
export const COUNTED_AS = ['E', 'EP', 'P', 'undelivered', 'void'] as const;
export type CountedAs = (typeof COUNTED_AS)[number];

/** One number of an agency's outgoing register, and how it counts. */
export interface RegisterRecord {
  readonly year: number;
  readonly number: number;
  readonly notation: string | null;
  readonly countedAs: CountedAs;
  /** Of issue; of the report for a void number. `YYYY-MM-DD` at +07:00. */
  readonly day: string;
  readonly documentType: string | null;
  readonly abstract: string | null;
  readonly signed: 0 | 1;
  /** Why paper, why void. */
  readonly reason: string | null;
  /** JSON: names of the recipients of a paper document. */
  readonly paperTo: string | null;
  /** Of a dispatched document. */
  readonly documentId: string | null;
  readonly reportedMs: number;
}

export interface RegisterFilter {
  readonly agency: string;
  readonly from: string;
  readonly to: string;
  readonly countedAs: CountedAs | null;
  /** The last year and number of the page before. */
  readonly after: readonly [year: number, number: number];
  readonly limit: number;
}

interface Bound extends Omit<RegisterFilter, 'after'> {
  readonly year: number;
  readonly number: number;
}

/**
 * As `contribution.ts` counts: what nobody answered is undelivered once it is settled or given up for
 * every recipient.
 */
const COUNTED_AS_SQL = `CASE
  WHEN r.kind = 'void' THEN 'void'
  WHEN r.share_class <> 'P' AND o.receipted_count = 0
    AND (o.dispatched_ms < s.expired_before_ms OR o.withdrawn_count = o.delivery_count)
    THEN 'undelivered'
  ELSE r.share_class END`;

/** Lists registers along their key, so a page costs the numbers of one agency at most. */
export class RegisterQueries {
  readonly #list;

  constructor(db: Db) {
    this.#list = db.prepare<[Bound], RegisterRecord>(
      `SELECT * FROM (
         SELECT r.year, r.number, r.notation, ${COUNTED_AS_SQL} AS countedAs,
           coalesce(r.issued_on, date(p.at_ms / 1000, 'unixepoch', '+7 hours')) AS day,
           r.document_type AS documentType, r.abstract, r.signed, r.reason, r.paper_to AS paperTo,
           o.document_id AS documentId, p.at_ms AS reportedMs
         FROM register_entry AS r
           JOIN stored_report AS p ON p.agency = r.agency AND p.number = r.report_number
           LEFT JOIN document AS o ON o.id = r.document
           CROSS JOIN figure_state AS s
         WHERE r.agency = @agency AND r.year >= @year
           AND (r.year > @year OR r.number > @number))
       WHERE day BETWEEN @from AND @to AND (@countedAs IS NULL OR countedAs = @countedAs)
       ORDER BY year, number LIMIT @limit`,
    );
  }

  list({ after: [year, number], ...rest }: RegisterFilter): RegisterRecord[] {
    return this.#list.all({ ...rest, year, number });
  }
}

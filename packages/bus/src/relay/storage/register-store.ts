import { type NumberRange, admitNumber } from '../number-series.ts';
import type { ShareClass } from '../figures/share-class.ts';
import type { Db } from './database.ts';

/** One number of an agency's outgoing register. */
export interface RegisterRow {
  readonly agency: string;
  readonly year: number;
  readonly number: number;
  readonly kind: 'dispatch' | 'paper' | 'void';
  readonly reportNumber: number;
  /** `YYYY-MM` of issue, or of the report for a void number. */
  readonly month: string;
  readonly issuedOn: string | null;
  readonly shareClass: ShareClass | null;
  readonly signed: boolean;
  /** Row of `document`, for a dispatch. */
  readonly document: number | null;
  readonly notation: string | null;
  readonly documentType: string | null;
  readonly abstract: string | null;
  readonly reason: string | null;
  readonly paperTo: readonly string[] | null;
}

/** What holds a number. */
export interface HolderEntry {
  readonly kind: RegisterRow['kind'];
  readonly reportNumber: number;
  readonly payloadHash: string;
  readonly reportedMs: number;
  readonly issuedOn: string | null;
  readonly document: number | null;
  readonly documentType: string | null;
  /** Recipients of a paper document. */
  readonly paperCount: number;
  /** edXML business type of the dispatch that holds the number. */
  readonly businessType: number | null;
}

/** A number that is dated before a lower one of the same register. */
export interface BackdatedNumber {
  readonly number: number;
  readonly issuedOn: string;
  readonly reportNumber: number;
  readonly payloadHash: string;
}

/** Numbers looked at when one number of a late report may date those above it back. */
const MAX_BACKDATED_AT_ONCE = 1_000;

type Insert = [
  string,
  number,
  number,
  string,
  number,
  string,
  string | null,
  string | null,
  number,
  number | null,
  string | null,
  string | null,
  string | null,
  string | null,
  string | null,
];

/** The numbers of outgoing registers, and those that no record names. Calls belong in a transaction. */
export class RegisterStore {
  readonly #isHeld;
  readonly #find;
  readonly #put;
  readonly #highest;
  readonly #gapAround;
  readonly #openGap;
  readonly #closeGap;
  readonly #days;

  constructor(db: Db) {
    this.#days = prepareDays(db);
    this.#isHeld = db.prepare<[string, number, number], 1>(
      'SELECT 1 FROM register_entry WHERE agency = ? AND year = ? AND number = ?',
    );
    this.#find = db.prepare<[string, number, number], HolderEntry>(
      `SELECT r.kind, r.report_number AS reportNumber, p.payload_hash AS payloadHash,
         p.at_ms AS reportedMs, r.issued_on AS issuedOn, r.document,
         r.document_type AS documentType, d.business_type AS businessType,
         coalesce(json_array_length(r.paper_to), 0) AS paperCount
       FROM register_entry AS r
         JOIN report AS p ON p.agency = r.agency AND p.number = r.report_number
         LEFT JOIN document AS d ON d.id = r.document
       WHERE r.agency = ? AND r.year = ? AND r.number = ?`,
    );
    this.#put = db.prepare<Insert>(
      `INSERT OR REPLACE INTO register_entry (agency, year, number, kind, report_number, month,
         issued_on, share_class, signed, document, notation, document_type, abstract, reason, paper_to)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#highest = db
      .prepare<[string, number], number>(
        'SELECT coalesce(max(number), 0) FROM register_entry WHERE agency = ? AND year = ?',
      )
      .pluck();
    this.#gapAround = db.prepare<[string, number, number], { first: number; last: number }>(
      `SELECT first_number AS first, last_number AS last FROM register_gap
       WHERE agency = ? AND year = ? AND first_number <= ? ORDER BY first_number DESC LIMIT 1`,
    );
    this.#openGap = db.prepare<[string, number, number, number]>(
      'INSERT INTO register_gap (agency, year, first_number, last_number) VALUES (?, ?, ?, ?)',
    );
    this.#closeGap = db.prepare<[string, number, number]>(
      'DELETE FROM register_gap WHERE agency = ? AND year = ? AND first_number = ?',
    );
  }

  /**
   * Enters the day of issue of a number.
   *
   * Decree 30/2020 Art. 15 gives numbers in the order of issue: one that is dated before a lower one
   * was dated back, or the lower one forward.
   *
   * @returns the numbers that are dated before a lower one since: this one, or higher ones.
   */
  dateNumber(row: RegisterRow, payloadHash: string): BackdatedNumber[] {
    const { agency, year, number, issuedOn, reportNumber } = row;
    if (issuedOn === null) return [];
    this.#days.put.run(agency, year, issuedOn, number, number);
    const isAfterLower = this.#days.laterBelow.get(agency, year, issuedOn, number) === undefined;
    const dated: BackdatedNumber[] = isAfterLower
      ? []
      : [{ number, issuedOn, reportNumber, payloadHash }];
    if (this.#days.earlierAbove.get(agency, year, issuedOn, number) !== undefined) {
      dated.push(...this.#days.above.all(agency, year, number, MAX_BACKDATED_AT_ONCE, issuedOn));
    }
    for (const one of dated) this.#days.told.run(agency, year, one.number);
    return dated;
  }

  find(agency: string, year: number, number: number): HolderEntry | undefined {
    // SQLite plans a join anew for each new value, thirty times the work; almost every number is new.
    if (this.#isHeld.get(agency, year, number) === undefined) return undefined;
    return this.#find.get(agency, year, number);
  }

  /** Enters the row and closes the gap at its number; an entry of the same number is replaced. */
  put(row: RegisterRow): void {
    const { agency, year, number } = row;
    const around = this.#gapAround.get(agency, year, number);
    const open: NumberRange | undefined =
      around !== undefined && number <= around.last ? [around.first, around.last] : undefined;
    const change = admitNumber(this.#highest.get(agency, year) ?? 0, open, number);
    if (change.closed !== undefined) this.#closeGap.run(agency, year, change.closed[0]);
    for (const [first, last] of change.opened) this.#openGap.run(agency, year, first, last);
    this.#put.run(
      agency,
      year,
      number,
      row.kind,
      row.reportNumber,
      row.month,
      row.issuedOn,
      row.shareClass,
      row.signed ? 1 : 0,
      row.document,
      row.notation,
      row.documentType,
      row.abstract,
      row.reason,
      row.paperTo === null ? null : JSON.stringify(row.paperTo),
    );
  }
}

function prepareDays(db: Db) {
  return {
    put: db.prepare<[string, number, string, number, number]>(
      `INSERT INTO register_day (agency, year, issued_on, lowest, highest) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET lowest = min(lowest, excluded.lowest),
         highest = max(highest, excluded.highest)`,
    ),
    laterBelow: db.prepare<[string, number, string, number], 1>(
      `SELECT 1 FROM register_day
       WHERE agency = ? AND year = ? AND issued_on > ? AND lowest < ? LIMIT 1`,
    ),
    earlierAbove: db.prepare<[string, number, string, number], 1>(
      `SELECT 1 FROM register_day
       WHERE agency = ? AND year = ? AND issued_on < ? AND highest > ?
       ORDER BY issued_on DESC LIMIT 1`,
    ),
    told: db.prepare<[string, number, number]>(
      'UPDATE register_entry SET backdated = 1 WHERE agency = ? AND year = ? AND number = ?',
    ),
    above: db.prepare<[string, number, number, number, string], BackdatedNumber>(
      `SELECT e.number, e.issued_on AS issuedOn, e.report_number AS reportNumber,
         r.payload_hash AS payloadHash
       FROM (SELECT agency, number, issued_on, report_number, document, backdated
             FROM register_entry WHERE agency = ? AND year = ? AND number > ? ORDER BY number LIMIT ?) AS e
         JOIN report AS r ON r.agency = e.agency AND r.number = e.report_number
         LEFT JOIN document AS d ON d.id = e.document
       WHERE e.issued_on < ? AND e.backdated = 0 AND coalesce(d.business_type, 0) NOT IN (1, 2)
       ORDER BY e.number`,
    ),
  };
}

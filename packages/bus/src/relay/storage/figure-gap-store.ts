import type { Db } from './database.ts';

/** A gap of a register with the days between which its numbers were given. */
export interface FigureGap {
  readonly agency: string;
  readonly year: number;
  readonly first: number;
  readonly last: number;
  readonly afterDay: string | null;
  readonly beforeDay: string | null;
  readonly fromDay: string;
  readonly toDay: string;
}

/** The gaps of registers with their days; follows `register_gap`. Calls belong in a transaction. */
export class FigureGapStore {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = prepare(db);
  }

  /**
   * Works out the gaps around numbers of a register again that were entered, or entered as something
   * else. Each gap is looked at twice at most, for the number below it and the one above.
   *
   * @param numbers - each with whether it is dated: false for a void number that nothing else held,
   *   which dates no gap and only splits the one it was in. With many void numbers side by side, all
   *   gaps between them are not read again.
   * @returns which gaps were there before and are there no more, and which are new.
   */
  *refresh(
    agency: string,
    year: number,
    numbers: ReadonlyMap<number, boolean>,
  ): Generator<ChangedGaps> {
    if (this.#statements.any.get(agency, year, agency, year) === undefined) return;
    let done = { low: -1, high: -1 };
    for (const [number, dated] of [...numbers].toSorted(([one], [other]) => one - other)) {
      const { before, after } = dated ? this.#statements : this.#statements.entered;
      const low = before.get(agency, year, number)?.number ?? 0;
      const high = after.get(agency, year, number)?.number ?? Number.MAX_SAFE_INTEGER;
      // Several numbers between the same two: none of them dates a gap.
      if (low === done.low && high === done.high) continue;
      done = { low, high };
      yield this.#refreshBetween({ agency, year, number, dated, low, high });
    }
  }

  #refreshBetween({ agency, year, number, dated, low, high }: Around): ChangedGaps {
    const { known, current } = this.#statements;
    const old = known.all(agency, year, low, high);
    const dates = this.#datesAround(agency, year, number, dated);
    const now = current.all(agency, year, low, high).map((gap) => {
      const between = dates === undefined ? this.#dates(agency, year, gap) : dates(gap);
      return dateGap({ agency, year, ...gap }, between);
    });
    const oldTexts = new Set(old.map(textOf));
    const nowTexts = new Set(now.map(textOf));
    const gone = old.filter((gap) => !nowTexts.has(textOf(gap)));
    const added = now.filter((gap) => !oldTexts.has(textOf(gap)));
    for (const gap of gone) this.#statements.drop.run(agency, year, gap.first);
    for (const gap of added) this.#statements.put.run(gap);
    return { gone, added };
  }

  ofAgency(agency: string): FigureGap[] {
    return this.#statements.ofAgency.all(agency);
  }

  /** Gaps of registers, for adding up from the beginning. */
  gapsAfter(after: readonly [agency: string, year: number, first: number], limit: number) {
    return this.#statements.registers.all(...after, limit);
  }

  /** A number without a record was given between its neighbours, void numbers left aside. */
  #dates(agency: string, year: number, { first, last }: Range): Between {
    return {
      afterDay: this.#statements.before.get(agency, year, first)?.issuedOn ?? null,
      beforeDay: this.#statements.after.get(agency, year, last)?.issuedOn ?? null,
    };
  }

  /** Of all gaps between the neighbours of a dated number, which may be thousands, at once. */
  #datesAround(
    agency: string,
    year: number,
    number: number,
    dated: boolean,
  ): ((gap: Range) => Between) | undefined {
    const own = dated ? this.#statements.after.get(agency, year, number - 1) : undefined;
    if (own?.number !== number) return undefined;
    const { issuedOn } = own;
    const below = this.#statements.before.get(agency, year, number)?.issuedOn ?? null;
    const above = this.#statements.after.get(agency, year, number)?.issuedOn ?? null;
    return ({ last }) =>
      last < number
        ? { afterDay: below, beforeDay: issuedOn }
        : { afterDay: issuedOn, beforeDay: above };
  }
}

/** A number with the ones beside it that bound what it dates or splits. */
interface Around {
  readonly agency: string;
  readonly year: number;
  readonly number: number;
  readonly dated: boolean;
  readonly low: number;
  readonly high: number;
}

export interface ChangedGaps {
  readonly gone: readonly FigureGap[];
  readonly added: readonly FigureGap[];
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Days of issue of the known numbers beside a gap. */
type Between = Pick<FigureGap, 'afterDay' | 'beforeDay'>;

function dateGap(
  gap: Pick<FigureGap, 'agency' | 'year' | 'first' | 'last'>,
  { afterDay, beforeDay }: Between,
): FigureGap {
  const from = afterDay ?? `${gap.year}-01-01`;
  const to = beforeDay ?? `${gap.year}-12-31`;
  const [fromDay, toDay] = from <= to ? [from, to] : [to, from];
  return { ...gap, afterDay, beforeDay, fromDay, toDay };
}

function textOf({ first, last, fromDay, toDay, afterDay, beforeDay }: FigureGap): string {
  return `${first} ${last} ${fromDay} ${toDay} ${afterDay ?? ''} ${beforeDay ?? ''}`;
}

const GAP = `agency, year, first_number AS first, last_number AS last, after_day AS afterDay,
  before_day AS beforeDay, from_day AS fromDay, to_day AS toDay`;

interface Neighbour {
  readonly number: number;
  readonly issuedOn: string;
}

function prepare(db: Db) {
  return {
    any: db
      .prepare<[string, number, string, number], 1>(
        `SELECT 1 FROM register_gap WHERE agency = ? AND year = ?
         UNION ALL SELECT 1 FROM figure_gap WHERE agency = ? AND year = ? LIMIT 1`,
      )
      .pluck(),
    before: db.prepare<[string, number, number], Neighbour>(
      `SELECT number, issued_on AS issuedOn FROM register_entry INDEXED BY register_entry_dated
       WHERE agency = ? AND year = ? AND number < ? AND kind <> 'void'
       ORDER BY number DESC LIMIT 1`,
    ),
    after: db.prepare<[string, number, number], Neighbour>(
      `SELECT number, issued_on AS issuedOn FROM register_entry INDEXED BY register_entry_dated
       WHERE agency = ? AND year = ? AND number > ? AND kind <> 'void' ORDER BY number LIMIT 1`,
    ),
    entered: {
      before: db.prepare<[string, number, number], Pick<Neighbour, 'number'>>(
        `SELECT number FROM register_entry WHERE agency = ? AND year = ? AND number < ?
         ORDER BY number DESC LIMIT 1`,
      ),
      after: db.prepare<[string, number, number], Pick<Neighbour, 'number'>>(
        `SELECT number FROM register_entry WHERE agency = ? AND year = ? AND number > ?
         ORDER BY number LIMIT 1`,
      ),
    },
    known: db.prepare<[string, number, number, number], FigureGap>(
      `SELECT ${GAP} FROM figure_gap
       WHERE agency = ? AND year = ? AND first_number > ? AND first_number < ?`,
    ),
    current: db.prepare<[string, number, number, number], { first: number; last: number }>(
      `SELECT first_number AS first, last_number AS last FROM register_gap
       WHERE agency = ? AND year = ? AND first_number > ? AND first_number < ?`,
    ),
    drop: db.prepare<[string, number, number]>(
      'DELETE FROM figure_gap WHERE agency = ? AND year = ? AND first_number = ?',
    ),
    put: db.prepare<[FigureGap]>(
      `INSERT OR REPLACE INTO figure_gap VALUES (@agency, @year, @first, @last, @afterDay,
         @beforeDay, @fromDay, @toDay)`,
    ),
    ofAgency: db.prepare<[string], FigureGap>(`SELECT ${GAP} FROM figure_gap WHERE agency = ?`),
    registers: db.prepare<
      [string, number, number, number],
      { agency: string; year: number; first: number }
    >(
      `SELECT agency, year, first_number AS first FROM register_gap
       WHERE (agency, year, first_number) > (?, ?, ?)
       ORDER BY agency, year, first_number LIMIT ?`,
    ),
  };
}

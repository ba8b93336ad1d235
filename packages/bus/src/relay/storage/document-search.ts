import type { Db } from './database.ts';
import type { DocumentRecord } from './track-queries.ts';

/**
 * Documents that a search looks at, of those that have the id and of those that have the number: every
 * agency of the country may have given it each year, and few of them may concern who searches.
 */
export const MAX_CANDIDATES = 20_000;

/** A document that a text may stand for. */
export type Candidate = Pick<DocumentRecord, 'id' | 'sender' | 'registerYear'>;

/** What a search is narrowed to. */
export interface Narrowing {
  readonly from?: string;
  /** Of the register. */
  readonly year?: number;
}

/** Number and notation, such as `12/UBND-VP`. */
const NUMBER_AND_NOTATION = /^(\d{1,9})\/(.+)$/su;

/** Finds documents by what people call them. */
export class DocumentSearch {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = prepare(db);
  }

  /**
   * The documents that an id, or a number with notation, may stand for: newest year first, by sender.
   * Both are looked for: an id can be any text, so that one shaped like a number must not hide
   * another's number.
   *
   * @returns `isCut`: there may be more, beyond {@link MAX_CANDIDATES}.
   */
  candidates(text: string, narrowing: Narrowing): { found: Candidate[]; isCut: boolean } {
    const { from, year } = narrowing;
    const most = MAX_CANDIDATES + 1;
    const byId =
      from === undefined
        ? this.#statements.byId.all(text, most)
        : this.#statements.byIdOf.all(from, text, most);
    const byNumber = this.#byNumber(text, narrowing, most);
    const all = new Map([...byId, ...byNumber].map((one) => [one.id, one]));
    const found = [...all.values()].filter(
      ({ registerYear }) => year === undefined || registerYear === year,
    );
    return {
      found: found.toSorted(compareCandidates),
      isCut: byId.length === most || byNumber.length === most,
    };
  }

  #byNumber(text: string, { from, year }: Narrowing, most: number): Candidate[] {
    const [, number, notation] = NUMBER_AND_NOTATION.exec(text) ?? [];
    if (number === undefined || notation === undefined) return [];
    return this.#statements.byNumber.all({
      number: Number(number),
      notation,
      sender: from ?? null,
      year: year ?? null,
      most,
    });
  }
}

function compareCandidates(a: Candidate, b: Candidate): number {
  if (a.registerYear !== b.registerYear) return b.registerYear - a.registerYear;
  if (a.sender !== b.sender) return a.sender < b.sender ? -1 : 1;
  return a.id - b.id;
}

/** By sender and year; what was done about a document later stands behind it. */
export function compareDocuments(a: DocumentRecord, b: DocumentRecord): number {
  if (a.sender !== b.sender) return a.sender < b.sender ? -1 : 1;
  return (
    a.registerYear - b.registerYear ||
    a.documentVersion - b.documentVersion ||
    a.businessType - b.businessType ||
    a.id - b.id
  );
}

interface NumberSought {
  readonly number: number;
  readonly notation: string;
  readonly sender: string | null;
  readonly year: number | null;
  readonly most: number;
}

function prepare(db: Db) {
  const candidate = 'SELECT id, sender, register_year AS registerYear FROM document';
  return {
    byId: db.prepare<[string, number], Candidate>(`${candidate} WHERE document_id = ? LIMIT ?`),
    byIdOf: db.prepare<[string, string, number], Candidate>(
      `${candidate} WHERE sender = ? AND document_id = ? LIMIT ?`,
    ),
    byNumber: db.prepare<[NumberSought], Candidate>(
      `${candidate} INDEXED BY document_number
       WHERE register_number = @number AND notation = @notation
         AND (@year IS NULL OR register_year = @year) AND (@sender IS NULL OR sender = @sender)
       ORDER BY register_year DESC, sender LIMIT @most`,
    ),
  };
}

import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { type Arrival, NO_ARRIVALS, nextArrivalHash } from '../audit/arrival-hash.ts';
import {
  type ChainLine,
  type ContradictionLine,
  MAX_CAUSES_LISTED,
  MAX_MISSING_LISTED,
} from '../audit/lines.ts';
import type { Section } from '../audit/publication.ts';
import type { Db } from './database.ts';

/** A publication without its lines. */
export interface StoredPublication {
  readonly sequence: number;
  readonly month: string;
  readonly revision: number;
  readonly record: number;
  readonly day: string;
  /** The contradictions up to this one are told. */
  readonly contradiction: number;
  readonly head: Uint8Array;
  readonly headSha256: string;
  /** `null` while it is prepared and not yet signed. */
  readonly signature: Uint8Array | null;
}

export interface DirectoryState {
  readonly entries: number;
  readonly registrars: [registrar: string, readUpTo: number][];
}

const COLUMNS = `SELECT sequence, month, revision, record, day, contradiction, head,
  head_sha256 AS headSha256, signature FROM publication`;
const NO_CONTRADICTION = { agency: '', report: 0, payload_sha256: '', kind: '' };
const PAGE_ROWS = 1_000;
/** Lines are deflated together up to so many bytes. */
const MAX_PIECE_BYTES = 256 * 1024;
/** A piece that inflates to more was not written by this program. */
const MAX_INFLATED_PIECE_BYTES = 4 * 1024 * 1024;
/** The hash over the order of arrival is kept for every so many records. */
const ARRIVALS_PER_STEP = 1_000;
/** Reports looked at for the causes of one agency's change. */
const MAX_CAUSES_COUNTED = 10_000;

/** Publications and what they are made of. Writing belongs inside a transaction. */
export class PublicationStore {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = { ...preparePublications(db), ...prepareSources(db) };
  }

  add(row: StoredPublication): void {
    this.#statements.add.run(row);
  }

  sign(sequence: number, signature: Uint8Array): void {
    this.#statements.sign.run(signature, sequence);
  }

  /** Prepared and not yet signed, oldest first. */
  unsigned(): StoredPublication[] {
    return this.#statements.unsigned.all();
  }

  /** Signed ones, oldest first. */
  list(): StoredPublication[] {
    return this.#statements.list.all();
  }

  last(): StoredPublication | undefined {
    return this.#statements.last.get();
  }

  /** One of a month; the newest revision unless told. */
  find(month: string, revision?: number): StoredPublication | undefined {
    if (revision === undefined) return this.#statements.newest.get(month);
    return this.#statements.find.get(month, revision);
  }

  /** @returns what takes lines and keeps them in pieces; call `end` after the last one. */
  writer(publication: number, section: Section): { add(line: string): void; end(): void } {
    let position = 0;
    let text = '';
    const flush = (): void => {
      if (text === '') return;
      position += 1;
      const data = deflateRawSync(Buffer.from(text, 'utf8'));
      this.#statements.addPart.run(publication, section, position, data);
      text = '';
    };
    return {
      add: (line) => {
        text += line;
        if (text.length >= MAX_PIECE_BYTES) flush();
      },
      end: flush,
    };
  }

  /** The newest signed one of a month, whatever is being prepared. */
  findSigned(month: string): StoredPublication | undefined {
    return this.#statements.newestSigned.get(month);
  }

  /** The bytes of a section, piece by piece; each ends with a whole line. */
  *pieces(publication: number, section: Section, first = 1): Generator<Uint8Array> {
    for (let position = first; ; position += 1) {
      const data = this.#statements.part.get(publication, section, position);
      if (data === undefined) return;
      yield inflateRawSync(data, { maxOutputLength: MAX_INFLATED_PIECE_BYTES });
    }
  }

  lastContradiction(): number {
    return this.#statements.lastContradiction.get() ?? 0;
  }

  /** The first month of any register, `YYYY-MM`. */
  firstMonth(): string | undefined {
    return this.#statements.firstMonth.get() ?? undefined;
  }

  directoryState(): DirectoryState {
    return {
      entries: this.#statements.entries.get() ?? 0,
      registrars: this.#statements.registrars.all().map(({ code, upTo }) => [code, upTo]),
    };
  }

  /** The next records in the order of arrival. */
  arrivals(after: number, upTo: number, limit: number): Arrival[] {
    return this.#statements.arrivals.all(after, upTo, limit);
  }

  /**
   * Takes the hash over the order of arrival up to {@link ARRIVALS_PER_STEP} records further and
   * keeps it there.
   *
   * @returns whether records are left.
   */
  advanceArrivals(upTo: number): boolean {
    const kept = this.#statements.keptHash.get(upTo) ?? { record: 0, hash: NO_ARRIVALS };
    const rows = this.arrivals(kept.record, upTo, ARRIVALS_PER_STEP);
    const last = rows.at(-1);
    if (last === undefined || rows.length < ARRIVALS_PER_STEP) return false;
    this.#statements.keepHash.run(last.id, rows.reduce(nextArrivalHash, kept.hash));
    return true;
  }

  /** The hash over the order of arrival up to a record; quick when {@link advanceArrivals} came first. */
  arrivalHash(upTo: number): string {
    let { record, hash } = this.#statements.keptHash.get(upTo) ?? { record: 0, hash: NO_ARRIVALS };
    for (;;) {
      const rows = this.arrivals(record, upTo, ARRIVALS_PER_STEP);
      const last = rows.at(-1);
      if (last === undefined) return hash;
      hash = rows.reduce(nextArrivalHash, hash);
      record = last.id;
    }
  }

  /** Every agency's chain, by code; a page at a time in memory. */
  *chains(): Generator<ChainLine> {
    let after = '';
    for (;;) {
      const rows = this.#statements.chains.all(after, PAGE_ROWS);
      for (const { missing_reports, ...chain } of rows) {
        const missing =
          missing_reports === 0
            ? []
            : this.#statements.missing
                .all(chain.agency, MAX_MISSING_LISTED)
                .map(({ first, last }) => [first, last] as const);
        yield { ...chain, missing, missing_reports };
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.agency;
    }
  }

  /**
   * Contradictions found since another one, by agency and report; a page at a time in memory. Those
   * of open parts are left out: an auditor's file has no bodies to find them in.
   */
  *contradictions(after: number): Generator<ContradictionLine> {
    let last: ContradictionLine | undefined;
    do {
      const { agency, report, payload_sha256: hash, kind } = last ?? NO_CONTRADICTION;
      const rows = this.#statements.contradictions.all(
        agency,
        report,
        hash,
        kind,
        after,
        PAGE_ROWS,
      );
      yield* rows;
      last = rows.at(-1);
    } while (last !== undefined);
  }

  /** Reports taken in after a record that concern an agency's documents of a month. */
  causes(agency: string, month: string, after: number): { listed: number[]; more: number } {
    const nextMonth = monthEnd(month);
    const found = this.#statements.causes.all({ agency, month, after, nextMonth });
    return {
      listed: found.slice(0, MAX_CAUSES_LISTED),
      more: Math.max(0, found.length - MAX_CAUSES_LISTED),
    };
  }
}

/** UTC milliseconds of the end of a month at +07:00. */
function monthEnd(month: string): number {
  const [year, index] = month.split('-').map(Number);
  return Date.UTC(year ?? 0, index ?? 0, 1) - 7 * 60 * 60 * 1_000;
}

function preparePublications(db: Db) {
  return {
    add: db.prepare<[StoredPublication]>(
      `INSERT INTO publication (sequence, month, revision, record, day, contradiction, head,
         head_sha256, signature)
       VALUES (@sequence, @month, @revision, @record, @day, @contradiction, @head, @headSha256,
         @signature)`,
    ),
    sign: db.prepare<[Uint8Array, number]>(
      'UPDATE publication SET signature = ? WHERE sequence = ? AND signature IS NULL',
    ),
    unsigned: db.prepare<[], StoredPublication>(
      `${COLUMNS} WHERE signature IS NULL ORDER BY sequence`,
    ),
    list: db.prepare<[], StoredPublication>(
      `${COLUMNS} WHERE signature IS NOT NULL ORDER BY sequence`,
    ),
    last: db.prepare<[], StoredPublication>(`${COLUMNS} ORDER BY sequence DESC LIMIT 1`),
    newest: db.prepare<[string], StoredPublication>(
      `${COLUMNS} WHERE month = ? ORDER BY revision DESC LIMIT 1`,
    ),
    newestSigned: db.prepare<[string], StoredPublication>(
      `${COLUMNS} WHERE month = ? AND signature IS NOT NULL ORDER BY revision DESC LIMIT 1`,
    ),
    find: db.prepare<[string, number], StoredPublication>(
      `${COLUMNS} WHERE month = ? AND revision = ?`,
    ),
    addPart: db.prepare<[number, string, number, Uint8Array]>(
      'INSERT INTO publication_part (publication, section, position, data) VALUES (?, ?, ?, ?)',
    ),
    part: db
      .prepare<[number, string, number], Uint8Array>(
        'SELECT data FROM publication_part WHERE publication = ? AND section = ? AND position = ?',
      )
      .pluck(),
  };
}

type ChainRow = Omit<ChainLine, 'missing'>;
interface CauseQuery {
  agency: string;
  month: string;
  after: number;
  nextMonth: number;
}

function prepareSources(db: Db) {
  return {
    lastContradiction: db.prepare<[], number>('SELECT max(id) FROM contradiction').pluck(),
    firstMonth: db.prepare<[], string | null>('SELECT min(month) FROM register_entry').pluck(),
    entries: db.prepare<[], number>('SELECT count(*) FROM directory_entry').pluck(),
    registrars: db.prepare<[], { code: string; upTo: number }>(
      'SELECT registrar AS code, read_up_to AS upTo FROM directory_registrar ORDER BY registrar',
    ),
    arrivals: db.prepare<[number, number, number], Arrival>(
      `SELECT id, stored_ms AS storedMs, agency, number, payload_hash AS payloadHash FROM report
       WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    ),
    keptHash: db.prepare<[number], { record: number; hash: string }>(
      'SELECT record, hash FROM arrival_hash WHERE record <= ? ORDER BY record DESC LIMIT 1',
    ),
    keepHash: db.prepare<[number, string]>('INSERT INTO arrival_hash (record, hash) VALUES (?, ?)'),
    chains: db.prepare<[string, number], ChainRow>(
      `SELECT c.agency, c.up_to, c.up_to_hash, c.highest, r.payload_hash AS highest_hash,
         c.broken_at,
         (SELECT coalesce(sum(m.last_number - m.first_number + 1), 0) FROM missing_report AS m
          WHERE m.agency = c.agency) AS missing_reports
       FROM chain AS c JOIN report AS r ON r.agency = c.agency AND r.number = c.highest
       WHERE c.agency > ? ORDER BY c.agency LIMIT ?`,
    ),
    missing: db.prepare<[string, number], { first: number; last: number }>(
      `SELECT first_number AS first, last_number AS last FROM missing_report
       WHERE agency = ? ORDER BY first_number LIMIT ?`,
    ),
    contradictions: db.prepare<[string, number, string, string, number, number], ContradictionLine>(
      `SELECT agency, report_number AS report, kind, payload_hash AS payload_sha256, detail
       FROM contradiction
       WHERE (agency, report_number, payload_hash, kind) > (?, ?, ?, ?) AND id > ?
         AND kind <> 'OPEN_PART_UNFIT'
       ORDER BY agency, report_number, payload_hash, kind LIMIT ?`,
    ),
    causes: db
      .prepare<[CauseQuery], number>(
        `SELECT r.id FROM register_entry AS e JOIN report AS r
           ON r.agency = e.agency AND r.number = e.report_number
         WHERE e.month = @month AND e.agency = @agency AND r.id > @after
         UNION SELECT r.id FROM register_entry AS e JOIN document AS d ON d.id = e.document
           JOIN receipt AS c ON c.document = d.id
           JOIN report AS r ON r.id = c.report
         WHERE e.month = @month AND e.agency = @agency AND r.id > @after
         UNION SELECT r.id FROM register_entry AS e JOIN document AS d ON d.id = e.document
           JOIN withdrawal AS w ON w.sender = d.sender AND w.document_id = d.document_id
             AND w.business_type = d.business_type AND w.document_version = d.document_version
           JOIN report AS r ON r.agency = w.sender AND r.number = w.report_number
         WHERE e.month = @month AND e.agency = @agency AND r.id > @after
         UNION SELECT id FROM report
         WHERE agency = @agency AND id > @after AND at_ms < @nextMonth
         ORDER BY 1 LIMIT ${MAX_CAUSES_COUNTED}`,
      )
      .pluck(),
  };
}

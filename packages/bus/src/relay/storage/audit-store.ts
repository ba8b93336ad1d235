import type { Arrival } from '../audit/arrival-hash.ts';
import type { Db } from './database.ts';

export interface ArrivedRecord extends Arrival {
  readonly record: Uint8Array;
}

/** A second record of a number. */
export interface ForkRecord {
  /** The `report.id` that had come last. */
  readonly afterReport: number;
  readonly storedMs: number;
  /** The publication that tells it first. */
  readonly toldIn: number;
  readonly record: Uint8Array;
}

export interface TrustObject {
  readonly kind: 'certificate' | 'crl' | 'ocsp';
  readonly sha256: string;
  readonly der: Uint8Array;
}

/** Rows read at once. */
const PAGE_ROWS = 500;

/** What an audit file takes out of a relay's database. */
export class AuditStore {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = {
      records: db.prepare<[number, number], ArrivedRecord>(
        `SELECT id, stored_ms AS storedMs, agency, number, payload_hash AS payloadHash, record
         FROM report WHERE id > ? AND id <= ? ORDER BY id LIMIT ${PAGE_ROWS}`,
      ),
      forks: db.prepare<[number], ForkRecord>(
        // Where it came is not known of one from before: behind all that its publication knew.
        `SELECT coalesce(c.after_report, p.record) AS afterReport,
           coalesce(c.stored_ms, c.found_ms) AS storedMs, p.sequence AS toldIn, c.record
         FROM contradiction AS c JOIN publication AS p ON p.sequence =
           (SELECT min(sequence) FROM publication WHERE contradiction >= c.id)
         WHERE c.kind = 'CHAIN_FORK' AND c.record IS NOT NULL
           AND c.id <= (SELECT contradiction FROM publication WHERE sequence = ?)
         ORDER BY afterReport, c.id`,
      ),
      // Entries are only ever added, so the row's own number is the order in which they were read.
      directory: db.prepare<[number, number], { id: number; record: Uint8Array }>(
        `SELECT rowid AS id, record FROM directory_entry WHERE rowid > ? ORDER BY rowid LIMIT ?`,
      ),
      trust: db.prepare<[], TrustObject>(
        `SELECT kind, sha256, der FROM validation_object
         WHERE id IN (SELECT m.value FROM validation_basis AS b, json_each('[' || b.members || ']') AS m)
         ORDER BY id`,
      ),
    };
  }

  /**
   * Signed records in the order of arrival. They are read page by page: one look at all of them would
   * keep the log of the database from going to the file for as long as the export takes.
   */
  *records(after: number, upTo: number): Generator<ArrivedRecord> {
    let last = after;
    for (;;) {
      const rows = this.#statements.records.all(last, upTo);
      yield* rows;
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.id;
    }
  }

  /** Second records of a number, up to those that a publication knew. */
  forks(publication: number): IterableIterator<ForkRecord> {
    return this.#statements.forks.iterate(publication);
  }

  /** Signed directory entries in the order in which they were read. */
  *directory(entries: number): Generator<Uint8Array> {
    let last = 0;
    for (let left = entries; left > 0; left -= PAGE_ROWS) {
      const rows = this.#statements.directory.all(last, Math.min(left, PAGE_ROWS));
      for (const { record } of rows) yield record;
      last = rows.at(-1)?.id ?? last;
    }
  }

  /** Certificates, lists and responses that records were judged with, without the signers' own. */
  trustObjects(): IterableIterator<TrustObject> {
    return this.#statements.trust.iterate();
  }
}

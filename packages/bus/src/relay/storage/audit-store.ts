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

/** What an audit file takes out of a relay's database. */
export class AuditStore {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = {
      records: db.prepare<[number, number], ArrivedRecord>(
        `SELECT id, stored_ms AS storedMs, agency, number, payload_hash AS payloadHash, record
         FROM report WHERE id > ? AND id <= ? ORDER BY id`,
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
      directory: db
        .prepare<[number], Uint8Array>('SELECT record FROM directory_entry ORDER BY rowid LIMIT ?')
        .pluck(),
      trust: db.prepare<[], TrustObject>(
        `SELECT kind, sha256, der FROM validation_object
         WHERE id IN (SELECT m.value FROM validation_basis AS b, json_each('[' || b.members || ']') AS m)
         ORDER BY id`,
      ),
    };
  }

  /** Signed records in the order of arrival. */
  records(after: number, upTo: number): IterableIterator<ArrivedRecord> {
    return this.#statements.records.iterate(after, upTo);
  }

  /** Second records of a number, up to those that a publication knew. */
  forks(publication: number): IterableIterator<ForkRecord> {
    return this.#statements.forks.iterate(publication);
  }

  /** Signed directory entries in the order in which they were read. */
  directory(entries: number): IterableIterator<Uint8Array> {
    return this.#statements.directory.iterate(entries);
  }

  /** Certificates, lists and responses that records were judged with, without the signers' own. */
  trustObjects(): IterableIterator<TrustObject> {
    return this.#statements.trust.iterate();
  }
}

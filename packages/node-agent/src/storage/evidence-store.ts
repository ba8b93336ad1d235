import type { VerificationBasis } from '@congvan/bus';
import {
  type BasisReference,
  type FindValidationObject,
  type ValidationObject,
  ValidationStore,
} from '@congvan/bus/sqlite';

import type { Db } from './database.ts';

/** When and with what a record was judged. */
export interface JudgedRow extends BasisReference {
  readonly at_ms: number;
  readonly is_own: 0 | 1;
}

/** A record of this agency, signed once it has left. */
export interface OwnRecordRow {
  readonly type: 'delivery' | 'receipt' | 'report';
  readonly payload: Uint8Array;
  readonly payload_sha256: string;
  readonly signed: Uint8Array | null;
}

/** What makes records provable later. Writing belongs inside a transaction. */
export class EvidenceStore {
  readonly #validation: ValidationStore;
  readonly #put;
  readonly #judged;
  readonly #sent;
  readonly #givenReceipts;
  readonly #entries;
  readonly #incomingIds;

  constructor(db: Db) {
    this.#validation = new ValidationStore(db);
    this.#put = db.prepare<[string, number, number, number | null, number | null]>(
      `INSERT OR IGNORE INTO judged_record (payload_sha256, at_ms, is_own, signer, basis)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.#judged = db.prepare<[string], JudgedRow>(
      'SELECT at_ms, is_own, signer, basis FROM judged_record WHERE payload_sha256 = ?',
    );
    this.#sent = db.prepare<[number], OwnRecordRow>(
      `SELECT type, payload, payload_sha256, signed FROM record WHERE about_package = ? ORDER BY id`,
    );
    this.#givenReceipts = db.prepare<[string], OwnRecordRow>(
      `SELECT r.type, r.payload, r.payload_sha256, r.signed
       FROM incoming_receipt AS g JOIN record AS r ON r.id = g.record_id
       WHERE g.incoming_id = ? ORDER BY g.record_id`,
    );
    this.#incomingIds = db
      .prepare<[string, string | null, string | null], string>(
        'SELECT id FROM incoming WHERE document_id = ? AND (? IS NULL OR sender = ?) LIMIT 2',
      )
      .pluck();
    this.#entries = db
      .prepare<[string], Uint8Array>(
        `SELECT record FROM directory_entry WHERE code IN (SELECT value FROM json_each(?))
         ORDER BY registrar, sequence`,
      )
      .pluck();
  }

  /** What a record was judged with, the first time. */
  keep(
    payloadSha256: string,
    judged: { readonly atMs: number; readonly isOwn: boolean },
    basis: VerificationBasis,
    find: FindValidationObject,
  ): void {
    const { signer, basis: id } = this.#validation.keep(basis, find);
    this.#put.run(payloadSha256, judged.atMs, judged.isOwn ? 1 : 0, signer, id);
  }

  judged(payloadSha256: string): JudgedRow | undefined {
    return this.#judged.get(payloadSha256);
  }

  /** What records were judged with, each once. */
  readBasis(rows: readonly BasisReference[]): ValidationObject[] {
    return this.#validation.read(rows);
  }

  /** The delivery record of a sent document, and the reports about it in their order. */
  recordsAbout(packageId: number): OwnRecordRow[] {
    return this.#sent.all(packageId);
  }

  /** Receipts that this agency gave for a received document, in their order. */
  givenReceipts(incomingId: string): OwnRecordRow[] {
    return this.#givenReceipts.all(incomingId);
  }

  /** Up to two received documents with a DocumentId, which is unique per sender only. */
  incomingIds(documentId: string, sender: string | null): string[] {
    return this.#incomingIds.all(documentId, sender, sender);
  }

  /** Every signed directory entry of some codes. */
  directoryRecords(codes: readonly string[]): Uint8Array[] {
    return this.#entries.all(JSON.stringify(codes));
  }
}

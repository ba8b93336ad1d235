import type { ReceiptTimes } from '../delivery-state.ts';
import type { ShareClass } from '../figures/share-class.ts';
import type { Db } from './database.ts';

/** What makes a document the same one for its sender. */
export interface DocumentKey {
  readonly sender: string;
  readonly documentId: string;
  readonly businessType: number;
  readonly documentVersion: number;
}

export interface DocumentRow extends DocumentKey {
  readonly reportNumber: number;
  readonly packageDigest: string;
  readonly registerYear: number;
  readonly registerNumber: number;
  readonly notation: string;
  readonly issuedOn: string;
  readonly documentType: string;
  readonly abstract: string;
  readonly priority: number;
  readonly signed: boolean;
  readonly shareClass: ShareClass;
  readonly dispatchedMs: number;
  readonly answersOrgan: string | null;
  readonly answersDocument: string | null;
}

export interface KnownDocument {
  readonly id: number;
  readonly packageDigest: string;
  readonly reportNumber: number;
}

export interface ReceiptRow extends DocumentKey {
  /** Who answers, and reported it. */
  readonly agency: string;
  readonly reportNumber: number;
  readonly packageDigest: string | null;
  readonly status: string;
  readonly atMs: number;
  readonly reasonCode: string | null;
  readonly reason: string | null;
  readonly incomingYear: number | null;
  readonly incomingNumber: number | null;
}

export interface WaitingReceipt extends ReceiptRow {
  readonly payloadHash: string;
}

export interface DeliveryRow extends ReceiptTimes {
  readonly id: number;
  readonly state: string;
  readonly reasonCode: string | null;
  readonly reason: string | null;
  readonly incomingYear: number | null;
  readonly incomingNumber: number | null;
}

/** What a sender says of a delivery that does not come about. */
export interface WithdrawalRow extends DocumentKey {
  readonly recipient: string;
  readonly reportNumber: number;
  readonly atMs: number;
  readonly cause: string;
  readonly reason: string | null;
}

/** Documents, deliveries and receipts. Every call belongs inside a transaction. */
export class TrackingStore {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = {
      ...prepareDocuments(db),
      ...prepareDeliveries(db),
      ...prepareReceipts(db),
    };
  }

  findDocument(key: DocumentKey): KnownDocument | undefined {
    return this.#statements.findDocument.get(
      key.sender,
      key.documentId,
      key.businessType,
      key.documentVersion,
    );
  }

  addDocument(row: DocumentRow): number {
    const { signed, ...rest } = row;
    const result = this.#statements.addDocument.run({ ...rest, signed: signed ? 1 : 0 });
    return Number(result.lastInsertRowid);
  }

  addDelivery(document: number, recipient: string, mode: 'E' | 'E+P'): void {
    this.#statements.addDelivery.run(document, recipient, mode);
  }

  addPaperRecipient(document: number, position: number, name: string, reason: string): void {
    this.#statements.addPaper.run(document, position, name, reason);
  }

  findDelivery(document: number, recipient: string): DeliveryRow | undefined {
    return this.#statements.findDelivery.get(document, recipient);
  }

  /** Saves what a counted receipt changed. */
  saveDelivery(row: DeliveryRow): void {
    this.#statements.saveDelivery.run(row);
  }

  /** The latest report of a delivery counts, in whatever order they come. */
  putWithdrawal(row: WithdrawalRow): void {
    this.#statements.putWithdrawal.run(row);
  }

  addReceipt(row: ReceiptRow, standing: string): void {
    this.#statements.addReceipt.run({ ...row, standing });
  }

  setStanding(agency: string, reportNumber: number, standing: string): void {
    this.#statements.setStanding.run(standing, agency, reportNumber);
  }

  /** Receipts that came before the report of the dispatch they answer. */
  waitingReceipts(key: DocumentKey): WaitingReceipt[] {
    return this.#statements.waiting.all(
      key.sender,
      key.documentId,
      key.businessType,
      key.documentVersion,
    );
  }
}

function prepareDocuments(db: Db) {
  return {
    findDocument: db.prepare<[string, string, number, number], KnownDocument>(
      `SELECT id, package_digest AS packageDigest, report_number AS reportNumber FROM document
       WHERE sender = ? AND document_id = ? AND business_type = ? AND document_version = ?`,
    ),
    addDocument: db.prepare<[Omit<DocumentRow, 'signed'> & { signed: number }]>(
      `INSERT INTO document (sender, document_id, business_type, document_version, report_number,
         package_digest, register_year, register_number, notation, issued_on, document_type,
         abstract, priority, signed, share_class, dispatched_ms, answers_organ, answers_document)
       VALUES (@sender, @documentId, @businessType, @documentVersion, @reportNumber,
         @packageDigest, @registerYear, @registerNumber, @notation, @issuedOn, @documentType,
         @abstract, @priority, @signed, @shareClass, @dispatchedMs, @answersOrgan, @answersDocument)`,
    ),
    addPaper: db.prepare<[number, number, string, string]>(
      'INSERT INTO paper_recipient (document, position, name, reason) VALUES (?, ?, ?, ?)',
    ),
  };
}

function prepareDeliveries(db: Db) {
  return {
    addDelivery: db.prepare<[number, string, string]>(
      'INSERT OR IGNORE INTO delivery (document, recipient, mode) VALUES (?, ?, ?)',
    ),
    findDelivery: db.prepare<[number, string], DeliveryRow>(
      `SELECT id, state, arrived_ms AS arrivedMs, refused_ms AS refusedMs, accepted_ms AS acceptedMs,
         assigned_ms AS assignedMs, processed_ms AS processedMs, completed_ms AS completedMs,
         change_agreed_ms AS changeAgreedMs, reason_code AS reasonCode, reason,
         incoming_year AS incomingYear, incoming_number AS incomingNumber
       FROM delivery WHERE document = ? AND recipient = ?`,
    ),
    putWithdrawal: db.prepare<[WithdrawalRow]>(
      `INSERT INTO withdrawal (sender, document_id, business_type, document_version, recipient,
         report_number, at_ms, cause, reason)
       VALUES (@sender, @documentId, @businessType, @documentVersion, @recipient, @reportNumber,
         @atMs, @cause, @reason)
       ON CONFLICT DO UPDATE SET report_number = excluded.report_number, at_ms = excluded.at_ms,
         cause = excluded.cause, reason = excluded.reason
       WHERE excluded.report_number > report_number`,
    ),
    saveDelivery: db.prepare<[DeliveryRow]>(
      `UPDATE delivery SET state = @state, receipt_count = receipt_count + 1,
         arrived_ms = @arrivedMs, refused_ms = @refusedMs, accepted_ms = @acceptedMs,
         assigned_ms = @assignedMs, processed_ms = @processedMs, completed_ms = @completedMs,
         change_agreed_ms = @changeAgreedMs, reason_code = @reasonCode, reason = @reason,
         incoming_year = @incomingYear, incoming_number = @incomingNumber
       WHERE id = @id`,
    ),
  };
}

function prepareReceipts(db: Db) {
  return {
    addReceipt: db.prepare<[ReceiptRow & { standing: string }]>(
      `INSERT INTO receipt (agency, report_number, sender, document_id, business_type,
         document_version, package_digest, status, at_ms, reason_code, reason, incoming_year,
         incoming_number, standing)
       VALUES (@agency, @reportNumber, @sender, @documentId, @businessType,
         @documentVersion, @packageDigest, @status, @atMs, @reasonCode, @reason, @incomingYear,
         @incomingNumber, @standing)`,
    ),
    setStanding: db.prepare<[string, string, number]>(
      'UPDATE receipt SET standing = ? WHERE agency = ? AND report_number = ?',
    ),
    waiting: db.prepare<[string, string, number, number], WaitingReceipt>(
      `SELECT t.agency, t.report_number AS reportNumber, t.sender, t.document_id AS documentId,
         t.business_type AS businessType, t.document_version AS documentVersion,
         t.package_digest AS packageDigest, t.status, t.at_ms AS atMs,
         t.reason_code AS reasonCode, t.reason, t.incoming_year AS incomingYear,
         t.incoming_number AS incomingNumber, r.payload_hash AS payloadHash
       FROM receipt AS t JOIN report AS r ON r.agency = t.agency AND r.number = t.report_number
       WHERE t.sender = ? AND t.document_id = ? AND t.business_type = ? AND t.document_version = ?
         AND t.standing = 'waiting' ORDER BY t.id`,
    ),
  };
}

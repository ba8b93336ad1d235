import { dateNumber } from '../../calendar/vietnam-time.ts';
import type { DeliveryFacts, DocumentFacts } from '../figures/contribution.ts';
import type { Db } from './database.ts';

/** What makes a document the same one for its sender. */
export interface DocumentKey {
  readonly sender: string;
  readonly documentId: string;
  readonly businessType: number;
  readonly documentVersion: number;
}

export interface DocumentRow extends DocumentKey, Omit<DocumentFacts, 'receiptedCount'> {
  readonly reportNumber: number;
  readonly packageDigest: string;
  readonly registerYear: number;
  readonly registerNumber: number;
  readonly notation: string;
  readonly issuedOn: string;
  readonly documentType: string;
  readonly abstract: string;
  readonly priority: number;
  readonly answersOrgan: string | null;
  readonly answersDocument: string | null;
}

export interface KnownDocument extends DocumentFacts {
  readonly id: number;
  readonly packageDigest: string;
  readonly reportNumber: number;
  readonly sender: string;
  readonly issuedOn: string;
  readonly documentType: string;
  readonly priority: number;
  /** It holds its register number, so it and its deliveries are in the figures. */
  readonly counted: boolean;
}

type KnownRow = Omit<KnownDocument, 'signed' | 'counted'> & {
  readonly signed: 0 | 1;
  readonly counted: 0 | 1;
};

/** What a receipt or a withdrawal changes about a document. */
export type DocumentCounts = Pick<DocumentFacts, 'receiptedCount' | 'withdrawnCount'>;

export interface ReceiptRow extends DocumentKey {
  /** Row of the report that says it. */
  readonly report: number;
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

/**
 * Receipts of one agency that wait for one document. A document id can be guessed before its sender
 * reports it, and all that waits is worked through in the transaction in which that report comes.
 */
export const MAX_EARLY_RECEIPTS = 32;
/** Early receipts that are in memory at once. */
const EARLY_PAGE_ROWS = 256;

export interface EarlyReceipt extends ReceiptRow {
  readonly payloadHash: string;
}

export interface DeliveryRow extends DeliveryFacts {
  readonly id: number;
  readonly receiptCount: number;
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
    const { sender, documentId, businessType, documentVersion } = key;
    return readDocument(
      this.#statements.findDocument.get(sender, documentId, businessType, documentVersion),
    );
  }

  documentOf(id: number): KnownDocument | undefined {
    return readDocument(this.#statements.documentOf.get(id));
  }

  setCounted(document: number, counted: boolean): void {
    this.#statements.setCounted.run(counted ? 1 : 0, document);
  }

  setCounts(document: number, { receiptedCount, withdrawnCount }: DocumentCounts): void {
    this.#statements.setCounts.run(receiptedCount, withdrawnCount, document);
  }

  addDocument(row: DocumentRow): number {
    const { signed, ...rest } = row;
    const result = this.#statements.addDocument.run({ ...rest, signed: signed ? 1 : 0 });
    return Number(result.lastInsertRowid);
  }

  addDelivery(document: number, recipient: string, mode: 'E' | 'E+P', issuedOn: string): void {
    this.#statements.addDelivery.run(document, recipient, mode, dateNumber(issuedOn));
  }

  /** The deliveries of a document that have a receipt. */
  receiptedDeliveries(document: number): DeliveryRow[] {
    return this.#statements.receiptedDeliveries.all(document);
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

  /**
   * The latest report of a delivery counts, in whatever order they come.
   *
   * @returns whether it is the first of this delivery.
   */
  putWithdrawal(row: WithdrawalRow): boolean {
    const isFirst = this.#statements.hasWithdrawal.get(row) === undefined;
    this.#statements.putWithdrawal.run(row);
    return isFirst;
  }

  /** Whether the sender gave up the delivery of a document to this recipient. */
  isWithdrawn(key: DocumentKey, recipient: string): boolean {
    const { sender, documentId, businessType, documentVersion } = key;
    return (
      this.#statements.hasWithdrawal.get({
        sender,
        documentId,
        businessType,
        documentVersion,
        recipient,
      }) !== undefined
    );
  }

  /** @param document - what it answers; `undefined` while its sender has not reported it. */
  addReceipt(row: ReceiptRow, document: KnownDocument | undefined, standing: string): void {
    this.#statements.addReceipt.run({ ...row, ...placeReceipt(row, document), standing });
    if (document === undefined) this.#statements.addEarly.run(row);
  }

  /** Whether {@link MAX_EARLY_RECEIPTS} of the agency wait for the document already. */
  isEarlyFull(row: ReceiptRow): boolean {
    return (this.#statements.countEarly.get(row) ?? 0) >= MAX_EARLY_RECEIPTS;
  }

  /** The dispatch that an early receipt answers has come. */
  settleEarly(row: ReceiptRow, document: KnownDocument, standing: string): void {
    this.#statements.removeEarly.run(row);
    this.#statements.settle.run({ report: row.report, ...placeReceipt(row, document), standing });
  }

  /**
   * Receipts that came before the report of the dispatch they answer: by agency, of each in the order
   * of arrival. Read a page at a time; those that were given out may be settled meanwhile.
   */
  *earlyReceipts(key: DocumentKey): Generator<EarlyReceipt> {
    const { sender, documentId, businessType, documentVersion } = key;
    let after = { agency: '', report: 0 };
    for (;;) {
      const page = this.#statements.early.all({
        sender,
        documentId,
        businessType,
        documentVersion,
        ...after,
        limit: EARLY_PAGE_ROWS,
      });
      for (const one of page) {
        const said = this.#statements.receipt.get(one.report);
        if (said !== undefined) yield { ...said, ...key, report: one.report };
      }
      const last = page.at(-1);
      if (last === undefined || page.length < EARLY_PAGE_ROWS) return;
      after = last;
    }
  }
}

function readDocument(row: KnownRow | undefined): KnownDocument | undefined {
  return row && { ...row, signed: row.signed === 1, counted: row.counted === 1 };
}

const KNOWN_DOCUMENT = `SELECT id, package_digest AS packageDigest, report_number AS reportNumber,
    sender, issued_on AS issuedOn, document_type AS documentType, priority, signed,
    share_class AS shareClass, dispatched_ms AS dispatchedMs, counted,
    delivery_count AS deliveryCount, receipted_count AS receiptedCount,
    withdrawn_count AS withdrawnCount, paper_count AS paperCount
  FROM document`;

function prepareDocuments(db: Db) {
  return {
    findDocument: db.prepare<[string, string, number, number], KnownRow>(
      `${KNOWN_DOCUMENT}
       WHERE sender = ? AND document_id = ? AND business_type = ? AND document_version = ?`,
    ),
    documentOf: db.prepare<[number], KnownRow>(`${KNOWN_DOCUMENT} WHERE id = ?`),
    setCounted: db.prepare<[0 | 1, number]>('UPDATE document SET counted = ? WHERE id = ?'),
    setCounts: db.prepare<[number, number, number]>(
      'UPDATE document SET receipted_count = ?, withdrawn_count = ? WHERE id = ?',
    ),
    addDocument: db.prepare<[Omit<DocumentRow, 'signed'> & { signed: number }]>(
      `INSERT INTO document (sender, document_id, business_type, document_version, report_number,
         package_digest, register_year, register_number, notation, issued_on, document_type,
         abstract, priority, signed, share_class, dispatched_ms, answers_organ, answers_document,
         delivery_count, withdrawn_count, paper_count)
       VALUES (@sender, @documentId, @businessType, @documentVersion, @reportNumber,
         @packageDigest, @registerYear, @registerNumber, @notation, @issuedOn, @documentType,
         @abstract, @priority, @signed, @shareClass, @dispatchedMs, @answersOrgan, @answersDocument,
         @deliveryCount, @withdrawnCount, @paperCount)`,
    ),
    addPaper: db.prepare<[number, number, string, string]>(
      'INSERT INTO paper_recipient (document, position, name, reason) VALUES (?, ?, ?, ?)',
    ),
  };
}

const DELIVERY = `SELECT id, state, arrived_ms AS arrivedMs, refused_ms AS refusedMs,
    accepted_ms AS acceptedMs, assigned_ms AS assignedMs, processed_ms AS processedMs,
    completed_ms AS completedMs, change_agreed_ms AS changeAgreedMs, reason_code AS reasonCode,
    reason, incoming_year AS incomingYear, incoming_number AS incomingNumber,
    receipt_count AS receiptCount, first_receipt_ms AS firstReceiptMs
  FROM delivery`;

function prepareDeliveries(db: Db) {
  return {
    addDelivery: db.prepare<[number, string, string, number]>(
      'INSERT OR IGNORE INTO delivery (document, recipient, mode, issued_day) VALUES (?, ?, ?, ?)',
    ),
    receiptedDeliveries: db.prepare<[number], DeliveryRow>(
      `${DELIVERY} WHERE document = ? AND receipt_count > 0`,
    ),
    findDelivery: db.prepare<[number, string], DeliveryRow>(
      `${DELIVERY} WHERE document = ? AND recipient = ?`,
    ),
    hasWithdrawal: db.prepare<[DocumentKey & { recipient: string }], unknown>(
      `SELECT 1 FROM withdrawal WHERE ${SAME_DOCUMENT} AND recipient = @recipient`,
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
      `UPDATE delivery SET state = @state, receipt_count = @receiptCount,
         first_receipt_ms = @firstReceiptMs,
         arrived_ms = @arrivedMs, refused_ms = @refusedMs, accepted_ms = @acceptedMs,
         assigned_ms = @assignedMs, processed_ms = @processedMs, completed_ms = @completedMs,
         change_agreed_ms = @changeAgreedMs, reason_code = @reasonCode, reason = @reason,
         incoming_year = @incomingYear, incoming_number = @incomingNumber
       WHERE id = @id`,
    ),
  };
}

/** The document of a receipt, and its digest unless that is the document's. */
function placeReceipt({ packageDigest }: ReceiptRow, document: KnownDocument | undefined) {
  const isSame = document !== undefined && document.packageDigest === packageDigest;
  return {
    document: document?.id ?? null,
    packageDigest: isSame ? null : packageDigest,
    samePackage: isSame ? 1 : 0,
  };
}

const SAME_DOCUMENT = `sender = @sender AND document_id = @documentId
  AND business_type = @businessType AND document_version = @documentVersion`;
type EarlyPage = DocumentKey & Pick<ReceiptRow, 'agency' | 'report'> & { readonly limit: number };
type ReceiptPlace = ReturnType<typeof placeReceipt> & { readonly standing: string };

function prepareReceipts(db: Db) {
  return {
    addReceipt: db.prepare<[ReceiptRow & ReceiptPlace]>(
      `INSERT INTO receipt (report, document, status, at_ms, reason_code, reason, incoming_year,
         incoming_number, package_digest, same_package, standing)
       VALUES (@report, @document, @status, @atMs, @reasonCode, @reason, @incomingYear,
         @incomingNumber, @packageDigest, @samePackage, @standing)`,
    ),
    settle: db.prepare<[{ report: number } & ReceiptPlace]>(
      `UPDATE receipt SET document = @document, package_digest = @packageDigest,
         same_package = @samePackage, standing = @standing WHERE report = @report`,
    ),
    addEarly: db.prepare<[ReceiptRow]>(
      `INSERT INTO early_receipt VALUES (@sender, @documentId, @businessType, @documentVersion,
         @agency, @report)`,
    ),
    removeEarly: db.prepare<[ReceiptRow]>(
      `DELETE FROM early_receipt WHERE ${SAME_DOCUMENT} AND agency = @agency AND report = @report`,
    ),
    countEarly: db
      .prepare<[ReceiptRow], number>(
        `SELECT count(*) FROM early_receipt WHERE ${SAME_DOCUMENT} AND agency = @agency`,
      )
      .pluck(),
    early: db.prepare<[EarlyPage], { agency: string; report: number }>(
      `SELECT agency, report FROM early_receipt
       WHERE ${SAME_DOCUMENT} AND (agency, report) > (@agency, @report)
       ORDER BY agency, report LIMIT @limit`,
    ),
    receipt: db.prepare<[number], Omit<EarlyReceipt, keyof DocumentKey | 'report'>>(
      `SELECT r.agency, r.number AS reportNumber, r.payload_hash AS payloadHash,
         t.package_digest AS packageDigest, t.status, t.at_ms AS atMs,
         t.reason_code AS reasonCode, t.reason, t.incoming_year AS incomingYear,
         t.incoming_number AS incomingNumber
       FROM receipt AS t JOIN report AS r ON r.id = t.report WHERE t.report = ?`,
    ),
  };
}

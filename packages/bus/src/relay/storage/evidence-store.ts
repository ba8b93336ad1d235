import { type BasisReference, type ValidationObject, ValidationStore } from '../../sqlite/index.ts';
import type { Db } from './database.ts';

/** The open part that came with a dispatch report, packed. */
export interface NewOpenPart extends BasisReference {
  readonly packed: Uint8Array;
}

export interface OpenPartRow extends NewOpenPart {
  /** DER of the signer's. */
  readonly certificate: Uint8Array | null;
}

/** A report as evidence needs it. */
export interface EvidenceReportRow extends BasisReference {
  readonly id: number;
  readonly agency: string;
  readonly number: number;
  readonly storedMs: number;
  readonly record: Uint8Array;
}

const REPORT = `SELECT r.id, r.agency, r.number, r.stored_ms AS storedMs, r.record, r.signer, r.basis
  FROM report AS r`;

/** What makes a record provable later. Writing belongs inside a transaction. */
export class EvidenceStore {
  readonly validation: ValidationStore;
  readonly #statements;

  constructor(db: Db) {
    this.validation = new ValidationStore(db);
    this.#statements = {
      setBasis: db.prepare<[number | null, number | null, string, number]>(
        `UPDATE stored_report SET signer = ?, basis = ?
         WHERE agency = ? AND number = ? AND basis IS NULL`,
      ),
      putOpenPart: db.prepare<[Uint8Array, number | null, number | null, string, number]>(
        `INSERT OR IGNORE INTO open_part (report, packed, signer, basis)
         SELECT id, ?, ?, ? FROM report WHERE agency = ? AND number = ?`,
      ),
      openPart: db.prepare<[number], OpenPartRow>(
        `SELECT packed, signer, basis, der AS certificate
         FROM open_part LEFT JOIN validation_object ON validation_object.id = signer
         WHERE report = ?`,
      ),
      dispatch: db.prepare<[number], EvidenceReportRow>(
        `${REPORT} JOIN document AS o ON o.sender = r.agency AND o.report_number = r.number
         WHERE o.id = ?`,
      ),
      receipts: db.prepare<[number, number, number], EvidenceReportRow>(
        `WITH given AS (
           SELECT c.report, s.agency,
             row_number() OVER (PARTITION BY s.agency, c.status ORDER BY c.report) AS nth
           FROM receipt AS c JOIN stored_report AS s ON s.id = c.report
           WHERE c.document = ? AND c.standing <> 'contradictory'),
         ranked AS (
           SELECT report, row_number() OVER
             (PARTITION BY agency ORDER BY nth = 1 DESC, report DESC) AS rank FROM given)
         ${REPORT} JOIN ranked AS k ON k.report = r.id WHERE k.rank <= ? ORDER BY r.id LIMIT ?`,
      ),
      withdrawals: db.prepare<[string, string, number, number, number], EvidenceReportRow>(
        `${REPORT} JOIN withdrawal AS w ON w.sender = r.agency AND w.report_number = r.number
         WHERE w.sender = ? AND w.document_id = ? AND w.business_type = ?
           AND w.document_version = ? ORDER BY r.id LIMIT ?`,
      ),
      directory: db
        .prepare<[string], Uint8Array>(
          `SELECT record FROM directory_entry WHERE code IN (SELECT value FROM json_each(?))
           ORDER BY registrar, sequence`,
        )
        .pluck(),
    };
  }

  /** What a report was judged with; the first time counts. */
  setBasis(agency: string, number: number, { signer, basis }: BasisReference): void {
    this.#statements.setBasis.run(signer, basis, agency, number);
  }

  putOpenPart(agency: string, number: number, row: NewOpenPart): void {
    this.#statements.putOpenPart.run(row.packed, row.signer, row.basis, agency, number);
  }

  openPart(report: number): OpenPartRow | undefined {
    return this.#statements.openPart.get(report);
  }

  /** The report that a document was dispatched by. */
  dispatch(document: number): EvidenceReportRow | undefined {
    return this.#statements.dispatch.get(document);
  }

  /**
   * Reports of receipts for a document, in the order of arrival. What an agency says that was not
   * addressed, or says of another package, is no evidence of this one.
   *
   * @param ofOne - so many of one agency at most: the first of each status, then its newest.
   */
  receipts(document: number, ofOne: number, limit: number): EvidenceReportRow[] {
    return this.#statements.receipts.all(document, ofOne, limit);
  }

  /** Reports of deliveries of a document that do not come about. */
  withdrawals(document: DocumentName, limit: number): EvidenceReportRow[] {
    return this.#statements.withdrawals.all(...keyOf(document), limit);
  }

  /** Every signed directory entry of some codes. */
  directoryRecords(codes: readonly string[]): Uint8Array[] {
    return this.#statements.directory.all(JSON.stringify(codes));
  }

  /** What rows were judged with, each once. */
  readBasis(rows: readonly BasisReference[]): ValidationObject[] {
    return this.validation.read(rows);
  }
}

interface DocumentName {
  readonly sender: string;
  readonly documentId: string;
  readonly businessType: number;
  readonly documentVersion: number;
}

function keyOf(document: DocumentName): [string, string, number, number] {
  const { sender, documentId, businessType, documentVersion } = document;
  return [sender, documentId, businessType, documentVersion];
}

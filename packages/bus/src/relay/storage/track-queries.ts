import type { DeliveryState } from '../delivery-state.ts';
import type { ShareClass } from '../figures/share-class.ts';
import type { Db } from './database.ts';
import type { ContradictionKind } from './contradiction-store.ts';

export interface DocumentRecord {
  readonly id: number;
  readonly sender: string;
  readonly senderName: string | null;
  readonly documentId: string;
  readonly businessType: number;
  readonly documentVersion: number;
  readonly packageDigest: string;
  readonly registerYear: number;
  readonly registerNumber: number;
  readonly notation: string;
  readonly issuedOn: string;
  readonly documentType: string;
  readonly abstract: string;
  readonly priority: number;
  readonly signed: 0 | 1;
  readonly shareClass: ShareClass;
  readonly dispatchedMs: number;
  readonly answersOrgan: string | null;
  readonly answersDocument: string | null;
}

export interface DeliveryRecord {
  readonly recipient: string;
  readonly recipientName: string | null;
  readonly mode: 'E' | 'E+P';
  readonly state: DeliveryState;
  readonly withdrawnMs: number | null;
  readonly cause: string | null;
  readonly reason: string | null;
}

export interface ReceiptRecord {
  readonly agency: string;
  readonly status: string;
  readonly atMs: number;
  readonly reasonCode: string | null;
  readonly reason: string | null;
  readonly incomingYear: number | null;
  readonly incomingNumber: number | null;
  readonly packageDigest: string | null;
  /** Receipts of that agency for the document, of the same standing. */
  readonly ofAgency: number;
  /** Of all agencies, of the same standing. */
  readonly ofAll: number;
}

/**
 * Receipts that the track of a document shows of one agency: the first of each status, then its
 * newest. An agency can sign them without end.
 */
export const MAX_TRACKED_RECEIPTS_OF_ONE = 64;
/** Contradictory ones of all agencies together: anybody can sign one for a document of another. */
export const MAX_TRACKED_CONTRADICTORY = 1_000;
/** Recipients are as many as the sender named; each of them answers a few times. */
const MAX_TRACKED_COUNTED = 64_000;

export interface RejectedRecord {
  readonly id: number;
  readonly natsSubject: string;
  readonly claimedFrom: string | null;
  readonly site: string;
  readonly storedMs: number;
  readonly rejectedMs: number;
  readonly finding: string;
  readonly detail: string;
  readonly bytes: number;
}

export interface ContradictionRecord {
  readonly id: number;
  readonly kind: ContradictionKind;
  readonly agency: string;
  readonly reportNumber: number;
  readonly payloadHash: string;
  readonly detail: string;
  readonly foundMs: number;
}

export interface LateRecord {
  readonly id: number;
  readonly agency: string;
  readonly number: number;
  readonly atMs: number;
  readonly storedMs: number;
}

/** A list whose newest row stands first. */
export interface NewestFirst {
  readonly limit: number;
  /** Only those of a lower id. */
  readonly before?: number;
  readonly agency?: string;
}

export interface ChainRecord {
  readonly agency: string;
  readonly upTo: number;
  readonly highest: number;
  readonly missing: number;
  readonly brokenAt: number | null;
}

export interface RelayCounts {
  readonly reports: number;
  readonly dispatches: number;
  readonly papers: number;
  readonly voids: number;
  readonly deliveries: number;
  /** Deliveries that gave the status; an agency that says it twice counts once. */
  readonly receipts: Readonly<Record<'01' | '02' | '03' | '06', number>>;
  readonly rejected: number;
  readonly contradictions: number;
}

const DOCUMENT = `SELECT o.id, o.sender,
    (SELECT name FROM agency WHERE code = o.sender) AS senderName, o.document_id AS documentId,
    o.business_type AS businessType, o.document_version AS documentVersion,
    o.package_digest AS packageDigest, o.register_year AS registerYear,
    o.register_number AS registerNumber, o.notation, o.issued_on AS issuedOn,
    o.document_type AS documentType, o.abstract, o.priority, o.signed,
    o.share_class AS shareClass, o.dispatched_ms AS dispatchedMs,
    o.answers_organ AS answersOrgan, o.answers_document AS answersDocument
  FROM document AS o`;

/** What the relay knows of single documents, and what it holds apart. */
export class TrackQueries {
  readonly #statements;

  constructor(db: Db) {
    this.#statements = {
      ...prepareDocuments(db),
      ...prepareStatements(db),
      ...prepareLists(db),
    };
  }

  document(id: number): DocumentRecord | undefined {
    return this.#statements.document.get(id);
  }

  /** Who gets a document electronically, in its order. */
  recipients(document: number): string[] {
    return this.#statements.recipients.all(document);
  }

  deliveries(document: number): DeliveryRecord[] {
    return this.#statements.deliveries.all(document);
  }

  paperRecipients(document: number): { name: string; reason: string }[] {
    return this.#statements.paper.all(document);
  }

  /** Oldest first, see {@link MAX_TRACKED_RECEIPTS_OF_ONE}. */
  receipts(document: number, standing: 'counted' | 'contradictory'): ReceiptRecord[] {
    return this.#statements.receipts.all({
      document,
      standing,
      ofOne: MAX_TRACKED_RECEIPTS_OF_ONE,
      most: standing === 'counted' ? MAX_TRACKED_COUNTED : MAX_TRACKED_CONTRADICTORY,
    });
  }

  /** @param before - only those of a lower id. */
  rejected(limit: number, before = Number.MAX_SAFE_INTEGER): RejectedRecord[] {
    return this.#statements.rejected.all(before, limit);
  }

  contradictions({ limit, before, agency }: NewestFirst): ContradictionRecord[] {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    return agency === undefined
      ? this.#statements.contradictions.all(below, limit)
      : this.#statements.contradictionsOf.all(agency, below, limit);
  }

  late({ limit, before, agency }: NewestFirst): LateRecord[] {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    return agency === undefined
      ? this.#statements.late.all(below, limit)
      : this.#statements.lateOf.all(agency, below, limit);
  }

  chains(): ChainRecord[] {
    return this.#statements.chains.all();
  }

  counts(): RelayCounts {
    const count = (name: Exclude<keyof RelayCounts, 'receipts'>): number =>
      this.#statements.counts[name].get() ?? 0;
    const receipts = { '01': 0, '02': 0, '03': 0, '06': 0 };
    for (const { status, count: found } of this.#statements.receiptCounts.all()) {
      if (status === '01' || status === '02' || status === '03' || status === '06') {
        receipts[status] = found;
      }
    }
    return {
      reports: count('reports'),
      dispatches: count('dispatches'),
      papers: count('papers'),
      voids: count('voids'),
      deliveries: count('deliveries'),
      receipts,
      rejected: count('rejected'),
      contradictions: count('contradictions'),
    };
  }
}

function prepareDocuments(db: Db) {
  return {
    document: db.prepare<[number], DocumentRecord>(`${DOCUMENT} WHERE o.id = ?`),
    recipients: db
      .prepare<[number], string>('SELECT recipient FROM delivery WHERE document = ? ORDER BY id')
      .pluck(),
    deliveries: db.prepare<[number], DeliveryRecord>(
      `SELECT d.recipient, (SELECT name FROM agency WHERE code = d.recipient) AS recipientName, d.mode, d.state, w.at_ms AS withdrawnMs,
         w.cause, w.reason
       FROM delivery AS d JOIN document AS o ON o.id = d.document
         LEFT JOIN withdrawal AS w ON w.sender = o.sender AND w.document_id = o.document_id
           AND w.business_type = o.business_type AND w.document_version = o.document_version
           AND w.recipient = d.recipient
       WHERE d.document = ? ORDER BY d.id`,
    ),
    paper: db.prepare<[number], { name: string; reason: string }>(
      'SELECT name, reason FROM paper_recipient WHERE document = ? ORDER BY position',
    ),
    receipts: db.prepare<
      [{ document: number; standing: string; ofOne: number; most: number }],
      ReceiptRecord
    >(
      `WITH given AS (
         SELECT c.report, s.agency, count(*) OVER (PARTITION BY s.agency) AS ofAgency,
           count(*) OVER () AS ofAll,
           row_number() OVER (PARTITION BY s.agency, c.status ORDER BY c.report) AS nth
         FROM receipt AS c JOIN stored_report AS s ON s.id = c.report
         WHERE c.document = @document AND c.standing = @standing),
       ranked AS (
         SELECT report, ofAgency, ofAll, row_number() OVER
           (PARTITION BY agency ORDER BY nth = 1 DESC, report DESC) AS rank FROM given)
       SELECT s.agency, t.status, t.at_ms AS atMs, t.reason_code AS reasonCode, t.reason,
         t.incoming_year AS incomingYear, t.incoming_number AS incomingNumber,
         CASE WHEN t.same_package THEN o.package_digest ELSE t.package_digest END AS packageDigest,
         k.ofAgency, k.ofAll
       FROM ranked AS k JOIN receipt AS t ON t.report = k.report
         JOIN stored_report AS s ON s.id = t.report JOIN document AS o ON o.id = t.document
       WHERE k.rank <= @ofOne ORDER BY t.at_ms, t.status, t.report LIMIT @most`,
    ),
  };
}

/** What agencies said against themselves, and too late: of all, and of one. */
function prepareStatements(db: Db) {
  const contradictions = `SELECT id, kind, agency, report_number AS reportNumber,
      payload_hash AS payloadHash, detail, found_ms AS foundMs
    FROM contradiction`;
  const late = `SELECT r.id, r.agency, r.number, r.at_ms AS atMs, r.stored_ms AS storedMs
    FROM late_report AS l JOIN stored_report AS r ON r.id = l.report`;
  return {
    contradictions: db.prepare<[number, number], ContradictionRecord>(
      `${contradictions} WHERE id < ? ORDER BY id DESC LIMIT ?`,
    ),
    contradictionsOf: db.prepare<[string, number, number], ContradictionRecord>(
      `${contradictions} WHERE agency = ? AND id < ? ORDER BY id DESC LIMIT ?`,
    ),
    late: db.prepare<[number, number], LateRecord>(
      `${late} WHERE l.report < ? ORDER BY l.report DESC LIMIT ?`,
    ),
    lateOf: db.prepare<[string, number, number], LateRecord>(
      `${late} WHERE r.agency = ? AND l.report < ? ORDER BY l.report DESC LIMIT ?`,
    ),
  };
}

function prepareLists(db: Db) {
  const count = (sql: string) => db.prepare<[], number>(`SELECT count(*) FROM ${sql}`).pluck();
  return {
    rejected: db.prepare<[number, number], RejectedRecord>(
      `SELECT id, nats_subject AS natsSubject, claimed_from AS claimedFrom, site,
         stored_ms AS storedMs, rejected_ms AS rejectedMs, finding, detail, message_bytes AS bytes
       FROM rejected_record WHERE id < ? ORDER BY id DESC LIMIT ?`,
    ),
    chains: db.prepare<[], ChainRecord>(
      `SELECT agency, up_to AS upTo, highest, broken_at AS brokenAt,
         (SELECT coalesce(sum(m.last_number - m.first_number + 1), 0) FROM missing_report AS m
          WHERE m.agency = c.agency) AS missing
       FROM chain AS c ORDER BY agency`,
    ),
    counts: {
      reports: count('report'),
      dispatches: count('document'),
      papers: count("register_entry WHERE kind = 'paper'"),
      voids: count("register_entry WHERE kind = 'void'"),
      deliveries: count('delivery'),
      rejected: count('rejected_record'),
      contradictions: count('contradiction'),
    },
    receiptCounts: db.prepare<[], { status: string; count: number }>(
      `SELECT status, count(*) AS count FROM (
         SELECT DISTINCT t.document, s.agency, t.status
         FROM receipt AS t JOIN stored_report AS s ON s.id = t.report
         WHERE t.standing = 'counted') GROUP BY status`,
    ),
  };
}

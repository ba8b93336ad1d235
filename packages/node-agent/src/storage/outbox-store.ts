import type { Lane } from '@congvan/bus';

import type { BlobName, MessageParts } from '../outbox/message.ts';
import type { Db } from './database.ts';
import { RestoreStore } from './restore-store.ts';

export type Purpose = 'document' | 'receipt' | 'report';
/** Those of {@link DEAD_OUTCOMES} wait for a person, `given-up` is a person's word. */
export type Outcome = 'receipted' | 'confirmed' | 'watermarked' | 'given-up' | DeadOutcome;
/** No answer for 30 days; refused by the broker for good; the directory has no such open agency. */
export const DEAD_OUTCOMES = ['undelivered', 'refused', 'recipient-gone'] as const;
export type DeadOutcome = (typeof DEAD_OUTCOMES)[number];

export interface NewOutboxRow {
  readonly message_id: string;
  readonly purpose: Purpose;
  readonly record_id: number;
  readonly package_id: number | null;
  readonly recipient: string;
  /** Of a document or receipt; reports have one way only. */
  readonly lane: Lane;
  /** Of the document that it carries or answers; W3C trace-context, 32 hex. */
  readonly trace_id?: string | null;
}

/** A row that is due, with what is needed to publish it. */
export interface DueRow extends NewOutboxRow {
  readonly created_ms: number;
  readonly attempt_count: number;
  readonly stream_seq: number | null;
  readonly type: 'delivery' | 'receipt' | 'report';
  readonly payload: Uint8Array;
  readonly signed: Uint8Array | null;
  readonly refusal_count: number;
  /** Of the sent document that the record is about. */
  readonly about_package: number | null;
  /** Bytes of its package that travel inside the message; 0 for a reference. */
  readonly inside_bytes: number;
  /** Since when it has been tried: a person may have given it another 30 days. */
  readonly tried_since_ms: number;
}

export interface OutboxListRow {
  readonly message_id: string;
  readonly purpose: Purpose;
  readonly recipient: string;
  readonly created_ms: number;
  readonly attempt_count: number;
  readonly next_try_ms: number;
  readonly stream_seq: number | null;
  readonly outcome: Outcome | null;
  readonly lane: Lane;
  readonly last_error: string | null;
  readonly note: string | null;
}

const LIST_COLUMNS = `message_id, purpose, recipient, created_ms, attempt_count, next_try_ms,
  stream_seq, outcome, lane, last_error, note`;
const DEAD = DEAD_OUTCOMES.map((outcome) => `'${outcome}'`).join(', ');

interface DeliveryOfMessage {
  readonly recipient: string;
  readonly packageId: number;
  readonly payload: Uint8Array;
}

interface PartsRow {
  readonly open_part: Buffer | null;
  readonly sealed: Buffer | null;
}

/** What names a blob leaves when the blob is up. */
const BLOBS_ARE_UP = `NOT EXISTS (SELECT 1 FROM upload
  WHERE upload.package_id = outbox.package_id AND upload.done_ms IS NULL)`;

/** What of its package a message carries inside: nothing where a reference stands for all of it. */
const INSIDE_BYTES = `coalesce((SELECT length(open_part) + iif(chunk_bytes IS NULL, sealed_bytes, 0)
  FROM package WHERE package.id = outbox.package_id AND NOT EXISTS (SELECT 1 FROM upload
    WHERE upload.package_id = package.id AND part = 'message')), 0)`;

/** Records this agency signs, and the messages that wait to carry them. */
export class OutboxStore {
  readonly #restore;
  readonly #insertRecord;
  readonly #sign;
  readonly #chainHead;
  readonly #reportHash;
  readonly #toResend;
  readonly #insert;
  readonly #isOpen;
  readonly #due;
  readonly #tooFarOff;
  readonly #nextDue;
  readonly #delivery;
  readonly #attempted;
  readonly #failed;
  readonly #postpone;
  readonly #settle;
  readonly #settleReports;
  readonly #list;
  readonly #counts;

  readonly #lookUp;
  constructor(db: Db) {
    this.#lookUp = prepareLookUp(db);
    this.#restore = new RestoreStore(db);
    this.#insertRecord = insertRecord(db);
    this.#sign = db.prepare<[Uint8Array, number]>('UPDATE record SET signed = ? WHERE id = ?');
    this.#chainHead = db.prepare<[], { report_number: number; payload_sha256: string }>(
      `SELECT report_number, payload_sha256 FROM record WHERE report_number IS NOT NULL
       ORDER BY report_number DESC LIMIT 1`,
    );
    this.#reportHash = db.prepare<[number], { id: number; payload_sha256: string }>(
      'SELECT id, payload_sha256 FROM record WHERE report_number = ?',
    );
    this.#toResend = db.prepare<
      [number, number, number, number],
      { id: number; payload_sha256: string }
    >(
      `SELECT id, payload_sha256 FROM record WHERE report_number BETWEEN ? AND ?
       AND NOT EXISTS (SELECT 1 FROM outbox WHERE record_id = record.id AND settled_ms IS NULL
         AND (stream_seq IS NULL OR created_ms > ?))
       ORDER BY report_number LIMIT ?`,
    );
    this.#insert = db.prepare<[NewOutboxRow & { created_ms: number; next_try_ms: number }]>(
      `INSERT OR IGNORE INTO outbox (message_id, purpose, record_id, package_id, recipient,
         lane, trace_id, created_ms, next_try_ms)
       VALUES (@message_id, @purpose, @record_id, @package_id, @recipient, @lane, @trace_id,
         @created_ms, @next_try_ms)`,
    );
    this.#isOpen = db.prepare<[number], { found: number }>(
      'SELECT 1 AS found FROM outbox WHERE record_id = ? AND settled_ms IS NULL LIMIT 1',
    );
    this.#due = dueRows(db, 'next_try_ms <= ?');
    this.#tooFarOff = dueRows(db, 'next_try_ms > ?');
    this.#nextDue = db.prepare<[Lane], { next: number | null }>(
      `SELECT next_try_ms AS next FROM outbox
       WHERE settled_ms IS NULL AND lane = ? AND ${BLOBS_ARE_UP} ORDER BY next_try_ms LIMIT 1`,
    );
    this.#delivery = prepareDelivery(db);
    this.#attempted = db.prepare<[number | null, number, string]>(
      `UPDATE outbox SET attempt_count = attempt_count + 1, stream_seq = coalesce(?, stream_seq),
         next_try_ms = ?, last_error = NULL, refusal_count = 0 WHERE message_id = ?`,
    );
    this.#failed = db.prepare<[number, string, number, string]>(
      `UPDATE outbox SET attempt_count = attempt_count + 1, next_try_ms = ?, last_error = ?,
         refusal_count = refusal_count + ? WHERE message_id = ?`,
    );
    this.#postpone = db.prepare<[number, string]>(
      'UPDATE outbox SET next_try_ms = ? WHERE message_id = ?',
    );
    this.#settle = db.prepare<[number, Outcome, string]>(
      `UPDATE outbox SET settled_ms = ?, outcome = ?
       WHERE message_id = ? AND (settled_ms IS NULL OR outcome IN (${DEAD}, 'given-up'))`,
    );
    this.#settleReports = db.prepare<[number, number]>(
      `UPDATE outbox SET settled_ms = ?, outcome = 'watermarked'
       WHERE settled_ms IS NULL AND purpose = 'report'
       AND record_id IN (SELECT id FROM record WHERE report_number <= ?)`,
    );
    this.#list = db.prepare<[number, number], OutboxListRow>(
      `SELECT ${LIST_COLUMNS} FROM outbox WHERE ? OR settled_ms IS NULL OR outcome IN (${DEAD})
       ORDER BY created_ms DESC LIMIT ?`,
    );
    // One look at an index each: together they would walk over all that was ever sent.
    this.#counts = db.prepare<[], { waiting: number; published: number; undelivered: number }>(
      `SELECT
         (SELECT count(*) FROM outbox WHERE settled_ms IS NULL AND stream_seq IS NULL) AS waiting,
         (SELECT count(*) FROM outbox WHERE settled_ms IS NULL AND stream_seq IS NOT NULL)
           AS published,
         (SELECT count(*) FROM outbox WHERE outcome IN (${DEAD})) AS undelivered`,
    );
  }

  /** @param packageId - of the sent document that the record is about. */
  insertRecord(
    type: DueRow['type'],
    payload: Uint8Array,
    sha256: string,
    number: number | null,
    packageId: number | null = null,
  ): number {
    const { lastInsertRowid } = this.#insertRecord.run(type, payload, sha256, number, packageId);
    return Number(lastInsertRowid);
  }

  storeSigned(recordId: number, frame: Uint8Array): void {
    this.#sign.run(frame, recordId);
  }

  /** The last report: its number (0 when there is none) and its payload's SHA-256. */
  chainHead(): { number: number; sha256: string | null } {
    const row = this.#chainHead.get();
    return { number: row?.report_number ?? 0, sha256: row?.payload_sha256 ?? null };
  }

  /** The delivery record of a document's message, and whom it is for. */
  deliveryOf(messageId: string): DeliveryOfMessage | undefined {
    return this.#lookUp.delivery.get(messageId);
  }

  /** Of a message that is still here. */
  traceOf(messageId: string): string | null {
    return this.#lookUp.trace.get(messageId) ?? null;
  }

  /** `undefined` once it is settled and its retention has ended. */
  describe(messageId: string): OutboxListRow | undefined {
    return this.#lookUp.row.get(messageId);
  }

  /** False while this may be an older copy: see `RestoreStore.mayAppend`. */
  mayAppend(): boolean {
    return this.#restore.mayAppend();
  }

  reportRecord(number: number): { id: number; payload_sha256: string } | undefined {
    return this.#reportHash.get(number);
  }

  reportHash(number: number): string | undefined {
    return this.#reportHash.get(number)?.payload_sha256;
  }

  /** Reports of a range of which no copy is on its way since `sinceMs`. */
  reportsToResend(
    first: number,
    last: number,
    sinceMs: number,
    limit: number,
  ): { id: number; payload_sha256: string }[] {
    return this.#toResend.all(first, last, sinceMs, limit);
  }

  enqueue(row: NewOutboxRow, nowMs: number): void {
    this.#insert.run({ trace_id: null, ...row, created_ms: nowMs, next_try_ms: nowMs });
  }

  /** Whether some message with this record waits, or waits to be confirmed. */
  isOnItsWay(recordId: number): boolean {
    return this.#isOpen.get(recordId) !== undefined;
  }

  /** What is due, else what lies beyond the longest wait there is: the clock was ahead then. */
  due(lane: Lane, nowMs: number, longestWaitMs: number, limit: number): DueRow[] {
    const rows = this.#due.all(lane, nowMs, limit);
    return rows.length > 0 ? rows : this.#tooFarOff.all(lane, nowMs + longestWaitMs, limit);
  }

  nextDueMs(lane: Lane): number | undefined {
    return this.#nextDue.get(lane)?.next ?? undefined;
  }

  /** What a delivery of this package carries beside its record. */
  messageParts(packageId: number): MessageParts | undefined {
    const reference = this.#delivery.reference.get(packageId);
    if (reference !== undefined) return { reference };
    const { open_part: openPart, sealed } = this.#delivery.parts.get(packageId) ?? {};
    if (openPart === undefined || openPart === null) return undefined;
    return { body: sealed === undefined || sealed === null ? [openPart] : [openPart, sealed] };
  }

  /** What travels in the clear of a package; `undefined` when it was made before sealing. */
  openPartOf(packageId: number): Uint8Array | undefined {
    return this.#delivery.openPart.get(packageId) ?? undefined;
  }

  /** The signed delivery record of a package. */
  frameOf(packageId: number): Uint8Array | undefined {
    return this.#delivery.frame.get(packageId) ?? undefined;
  }

  recordAttempt(messageId: string, streamSeq: number | null, nextTryMs: number): void {
    this.#attempted.run(streamSeq, nextTryMs, messageId);
  }

  /** A try without acknowledgement; `refused` when the broker said that it never will. */
  recordFailure(messageId: string, nextTryMs: number, error: string, refused: boolean): void {
    this.#failed.run(nextTryMs, error, refused ? 1 : 0, messageId);
  }

  /** Looked at later; nothing was tried. */
  postpone(messageId: string, nextTryMs: number): void {
    this.#postpone.run(nextTryMs, messageId);
  }

  /** Ends a row; a late receipt also ends one that was given up. */
  settle(messageId: string, outcome: Outcome, nowMs: number): boolean {
    return this.#settle.run(nowMs, outcome, messageId).changes === 1;
  }

  settleReports(upTo: number, nowMs: number): void {
    this.#settleReports.run(nowMs, upTo);
  }

  list(includeSettled: boolean, limit: number): OutboxListRow[] {
    return this.#list.all(includeSettled ? 1 : 0, limit);
  }

  counts(): { waiting: number; published: number; undelivered: number } {
    return this.#counts.get() ?? { waiting: 0, published: 0, undelivered: 0 };
  }
}

function insertRecord(db: Db) {
  return db.prepare<[string, Uint8Array, string, number | null, number | null]>(
    `INSERT INTO record (type, payload, payload_sha256, report_number, about_package)
     VALUES (?, ?, ?, ?, ?)`,
  );
}

function dueRows(db: Db, condition: string) {
  return db.prepare<[Lane, number, number], DueRow>(
    `SELECT outbox.message_id, purpose, record_id, package_id, recipient, lane, trace_id,
       created_ms, attempt_count, stream_seq, type, payload, signed, refusal_count,
       about_package,
       coalesce(tried_since_ms, created_ms) AS tried_since_ms, ${INSIDE_BYTES} AS inside_bytes
     FROM outbox JOIN record ON record.id = outbox.record_id
     WHERE settled_ms IS NULL AND lane = ? AND ${condition} AND ${BLOBS_ARE_UP}
     ORDER BY next_try_ms LIMIT ?`,
  );
}

/** What a delivery carries: its package's parts, and its signed record. */
function prepareDelivery(db: Db) {
  return {
    // Without a join: SQLite plans one anew for each package.
    parts: db.prepare<[number], PartsRow>(
      `SELECT coalesce((SELECT packed_open FROM sealed_content WHERE package_id = package.id),
           open_part) AS open_part,
         iif(chunk_bytes IS NULL,
           (SELECT sealed FROM sealed_content WHERE package_id = package.id), NULL) AS sealed
       FROM package WHERE id = ?`,
    ),
    openPart: db
      .prepare<[number], Buffer | null>('SELECT open_part FROM package WHERE id = ?')
      .pluck(),
    reference: db.prepare<[number], BlobName>(
      `SELECT sha256, bytes, chunk_bytes AS chunkBytes FROM upload
       WHERE package_id = ? AND part = 'message'`,
    ),
    frame: db
      .prepare<[number], Buffer | null>(
        "SELECT signed FROM record WHERE about_package = ? AND type = 'delivery'",
      )
      .pluck(),
  };
}

function prepareLookUp(db: Db) {
  return {
    delivery: db.prepare<[string], DeliveryOfMessage>(
      `SELECT o.recipient, o.package_id AS packageId, r.payload FROM outbox AS o JOIN record AS r ON r.id = o.record_id
       WHERE o.message_id = ? AND o.purpose = 'document'`,
    ),
    trace: db
      .prepare<[string], string | null>('SELECT trace_id FROM outbox WHERE message_id = ?')
      .pluck(),
    row: db.prepare<[string], OutboxListRow>(
      `SELECT ${LIST_COLUMNS} FROM outbox WHERE message_id = ?`,
    ),
  };
}

import type { Lane } from '@congvan/bus';

import type { Db } from './database.ts';

export type Purpose = 'document' | 'receipt' | 'report';
export type Outcome = 'receipted' | 'confirmed' | 'watermarked' | 'undelivered';

export interface NewOutboxRow {
  readonly message_id: string;
  readonly purpose: Purpose;
  readonly record_id: number;
  readonly package_id: number | null;
  readonly recipient: string;
  /** Of a document or receipt; reports have one way only. */
  readonly lane: Lane;
}

/** A row that is due, with what is needed to publish it. */
export interface DueRow extends NewOutboxRow {
  readonly created_ms: number;
  readonly attempt_count: number;
  readonly stream_seq: number | null;
  readonly type: 'delivery' | 'receipt' | 'report';
  readonly payload: Uint8Array;
  readonly signed: Uint8Array | null;
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
}

const LIST_COLUMNS = `message_id, purpose, recipient, created_ms, attempt_count, next_try_ms,
  stream_seq, outcome`;

/** Records this agency signs, and the messages that wait to carry them. */
export class OutboxStore {
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
  readonly #container;
  readonly #attempted;
  readonly #settle;
  readonly #settleReports;
  readonly #list;
  readonly #counts;

  constructor(db: Db) {
    this.#insertRecord = db.prepare<[string, Uint8Array, string, number | null]>(
      'INSERT INTO record (type, payload, payload_sha256, report_number) VALUES (?, ?, ?, ?)',
    );
    this.#sign = db.prepare<[Uint8Array, number]>('UPDATE record SET signed = ? WHERE id = ?');
    this.#chainHead = db.prepare<[], { report_number: number; payload_sha256: string }>(
      `SELECT report_number, payload_sha256 FROM record WHERE report_number IS NOT NULL
       ORDER BY report_number DESC LIMIT 1`,
    );
    this.#reportHash = db.prepare<[number], { payload_sha256: string }>(
      'SELECT payload_sha256 FROM record WHERE report_number = ?',
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
         lane, created_ms, next_try_ms)
       VALUES (@message_id, @purpose, @record_id, @package_id, @recipient, @lane,
         @created_ms, @next_try_ms)`,
    );
    this.#isOpen = db.prepare<[number], { found: number }>(
      'SELECT 1 AS found FROM outbox WHERE record_id = ? AND settled_ms IS NULL LIMIT 1',
    );
    const rowsWhere = (condition: string) =>
      db.prepare<[number, number], DueRow>(
        `SELECT outbox.message_id, purpose, record_id, package_id, recipient, lane,
           created_ms, attempt_count, stream_seq, type, payload, signed
         FROM outbox JOIN record ON record.id = outbox.record_id
         WHERE settled_ms IS NULL AND ${condition} ORDER BY next_try_ms LIMIT ?`,
      );
    this.#due = rowsWhere('next_try_ms <= ?');
    this.#tooFarOff = rowsWhere('next_try_ms > ?');
    this.#nextDue = db.prepare<[], { next: number | null }>(
      'SELECT min(next_try_ms) AS next FROM outbox WHERE settled_ms IS NULL',
    );
    this.#container = db.prepare<[number], { container: Buffer }>(
      'SELECT container FROM package WHERE id = ?',
    );
    this.#attempted = db.prepare<[number | null, number, string]>(
      `UPDATE outbox SET attempt_count = attempt_count + 1, stream_seq = coalesce(?, stream_seq),
         next_try_ms = ? WHERE message_id = ?`,
    );
    this.#settle = db.prepare<[number, Outcome, string]>(
      `UPDATE outbox SET settled_ms = ?, outcome = ?
       WHERE message_id = ? AND (settled_ms IS NULL OR outcome = 'undelivered')`,
    );
    this.#settleReports = db.prepare<[number, number]>(
      `UPDATE outbox SET settled_ms = ?, outcome = 'watermarked'
       WHERE settled_ms IS NULL AND purpose = 'report'
       AND record_id IN (SELECT id FROM record WHERE report_number <= ?)`,
    );
    this.#list = db.prepare<[number, number], OutboxListRow>(
      `SELECT ${LIST_COLUMNS} FROM outbox WHERE ? OR settled_ms IS NULL OR outcome = 'undelivered'
       ORDER BY created_ms DESC LIMIT ?`,
    );
    this.#counts = db.prepare<[], { waiting: number; published: number; undelivered: number }>(
      `SELECT count(*) FILTER (WHERE settled_ms IS NULL AND stream_seq IS NULL) AS waiting,
         count(*) FILTER (WHERE settled_ms IS NULL AND stream_seq IS NOT NULL) AS published,
         count(*) FILTER (WHERE outcome = 'undelivered') AS undelivered
       FROM outbox WHERE settled_ms IS NULL OR outcome = 'undelivered'`,
    );
  }

  insertRecord(type: DueRow['type'], payload: Uint8Array, sha256: string, number: number | null) {
    return Number(this.#insertRecord.run(type, payload, sha256, number).lastInsertRowid);
  }

  storeSigned(recordId: number, frame: Uint8Array): void {
    this.#sign.run(frame, recordId);
  }

  /** The last report: its number (0 when there is none) and its payload's SHA-256. */
  chainHead(): { number: number; sha256: string | null } {
    const row = this.#chainHead.get();
    return { number: row?.report_number ?? 0, sha256: row?.payload_sha256 ?? null };
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
    this.#insert.run({ ...row, created_ms: nowMs, next_try_ms: nowMs });
  }

  /** Whether some message with this record waits, or waits to be confirmed. */
  isOnItsWay(recordId: number): boolean {
    return this.#isOpen.get(recordId) !== undefined;
  }

  /** What is due, else what lies beyond the longest wait there is: the clock was ahead then. */
  due(nowMs: number, longestWaitMs: number, limit: number): DueRow[] {
    const rows = this.#due.all(nowMs, limit);
    return rows.length > 0 ? rows : this.#tooFarOff.all(nowMs + longestWaitMs, limit);
  }

  nextDueMs(): number | undefined {
    return this.#nextDue.get()?.next ?? undefined;
  }

  containerOf(packageId: number): Uint8Array | undefined {
    return this.#container.get(packageId)?.container;
  }

  recordAttempt(messageId: string, streamSeq: number | null, nextTryMs: number): void {
    this.#attempted.run(streamSeq, nextTryMs, messageId);
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

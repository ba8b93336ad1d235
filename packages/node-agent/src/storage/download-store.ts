import type { Lane } from '@congvan/bus';

import type { Db } from './database.ts';

export interface NewDownloadRow {
  readonly nats_subject: string;
  readonly message_sha256: string;
  readonly data: Uint8Array;
  readonly stored_ms: number;
  readonly stream_seq: number;
  readonly sender: string;
  readonly lane: Lane;
  readonly delivery_id: string | null;
  readonly document_id: string | null;
  readonly total_bytes: number;
  readonly received_ms: number;
}

export interface DownloadRow extends NewDownloadRow {
  readonly id: number;
  readonly message: Uint8Array | null;
  readonly done_bytes: number;
  readonly attempt_count: number;
  readonly restart_count: number;
  readonly next_try_ms: number;
  readonly bytes_per_second: number;
  readonly waits_for: string | null;
}

/** Without the bytes, for lists. */
export type DownloadListRow = Omit<DownloadRow, 'data' | 'message'>;

const LIST_COLUMNS = `id, nats_subject, message_sha256, stored_ms, stream_seq, sender, lane,
  delivery_id, document_id, total_bytes, done_bytes, received_ms, attempt_count, restart_count,
  next_try_ms, bytes_per_second, waits_for`;

/** Deliveries that were acknowledged to the broker and whose content is still to be fetched. */
export class DownloadStore {
  readonly #insert;
  readonly #find;
  readonly #has;
  readonly #due;
  readonly #nextDue;
  readonly #list;
  readonly #count;
  readonly #countOf;
  readonly #message;
  readonly #progress;
  readonly #retry;
  readonly #restart;
  readonly #wakeAll;
  readonly #ids;
  readonly #remove;

  constructor(db: Db) {
    this.#insert = db.prepare<[NewDownloadRow & { next_try_ms: number }]>(
      `INSERT OR IGNORE INTO download (nats_subject, message_sha256, data, stored_ms, stream_seq,
         sender, lane, delivery_id, document_id, total_bytes, received_ms, next_try_ms)
       VALUES (@nats_subject, @message_sha256, @data, @stored_ms, @stream_seq, @sender, @lane,
         @delivery_id, @document_id, @total_bytes, @received_ms, @next_try_ms)`,
    );
    this.#find = db.prepare<[number], DownloadRow>('SELECT * FROM download WHERE id = ?');
    this.#has = db
      .prepare<[string, string], number>(
        'SELECT 1 FROM download WHERE nats_subject = ? AND message_sha256 = ?',
      )
      .pluck();
    this.#due = db.prepare<[number, number], DownloadListRow>(
      `SELECT ${LIST_COLUMNS} FROM download WHERE next_try_ms <= ?
       ORDER BY lane = 'normal', attempt_count, id LIMIT ?`,
    );
    this.#nextDue = db.prepare<[], number | null>('SELECT min(next_try_ms) FROM download').pluck();
    this.#list = db.prepare<[number], DownloadListRow>(
      `SELECT ${LIST_COLUMNS} FROM download ORDER BY lane = 'normal', id LIMIT ?`,
    );
    this.#count = db.prepare<[], number>('SELECT count(*) FROM download').pluck();
    this.#countOf = db
      .prepare<[string], number>('SELECT count(*) FROM download WHERE sender = ?')
      .pluck();
    this.#message = db.prepare<[Uint8Array, string, string, number, number]>(
      `UPDATE download SET message = ?, delivery_id = ?, document_id = ?, total_bytes = ?,
         done_bytes = 0, attempt_count = 0 WHERE id = ?`,
    );
    this.#progress = db.prepare<[number, number, number]>(
      `UPDATE download SET done_bytes = ?, bytes_per_second = ?, attempt_count = 0, waits_for = NULL
       WHERE id = ?`,
    );
    this.#retry = db.prepare<[string, number, number]>(
      `UPDATE download SET attempt_count = attempt_count + 1, waits_for = ?, next_try_ms = ?,
         bytes_per_second = 0 WHERE id = ?`,
    );
    this.#restart = db.prepare<[number]>(
      'UPDATE download SET restart_count = restart_count + 1, done_bytes = 0 WHERE id = ?',
    );
    this.#wakeAll = db.prepare<[number]>('UPDATE download SET next_try_ms = ?');
    this.#ids = db.prepare<[], number>('SELECT id FROM download').pluck();
    this.#remove = db.prepare<[number]>('DELETE FROM download WHERE id = ?');
  }

  /** Keeps a delivery to fetch; the same message again changes nothing. */
  insert(row: NewDownloadRow): void {
    this.#insert.run({ ...row, next_try_ms: row.received_ms });
  }

  find(id: number): DownloadRow | undefined {
    return this.#find.get(id);
  }

  has(natsSubject: string, messageSha256: string): boolean {
    return this.#has.get(natsSubject, messageSha256) !== undefined;
  }

  /** Urgent ones first, then those that did not fail, then in order of arrival. */
  due(nowMs: number, limit: number): DownloadListRow[] {
    return this.#due.all(nowMs, limit);
  }

  nextDueMs(): number | undefined {
    return this.#nextDue.get() ?? undefined;
  }

  list(limit: number): DownloadListRow[] {
    return this.#list.all(limit);
  }

  count(): number {
    return this.#count.get() ?? 0;
  }

  countOf(sender: string): number {
    return this.#countOf.get(sender) ?? 0;
  }

  /** The message that a reference stands for is here, and authentic. */
  setMessage(
    id: number,
    found: { message: Uint8Array; deliveryId: string; documentId: string; totalBytes: number },
  ): void {
    const { message, deliveryId, documentId, totalBytes } = found;
    this.#message.run(message, deliveryId, documentId, totalBytes, id);
  }

  setProgress(
    id: number,
    progress: { readonly doneBytes: number; readonly bytesPerSecond: number },
  ): void {
    this.#progress.run(progress.doneBytes, progress.bytesPerSecond, id);
  }

  retryAt(id: number, nextTryMs: number, waitsFor: string): void {
    this.#retry.run(waitsFor, nextTryMs, id);
  }

  /** A whole content came and was another one: it is fetched again from its start. */
  countRestart(id: number): void {
    this.#restart.run(id);
  }

  /** After a new connection: nothing waits for its back-off any longer. */
  wakeAll(nowMs: number): void {
    this.#wakeAll.run(nowMs);
  }

  ids(): number[] {
    return this.#ids.all();
  }

  remove(id: number): void {
    this.#remove.run(id);
  }
}

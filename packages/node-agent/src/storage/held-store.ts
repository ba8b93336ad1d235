import type { HeldLack } from '../documents.ts';
import type { Db } from './database.ts';

export interface NewHeldRow {
  readonly nats_subject: string;
  readonly message_sha256: string;
  readonly data: Uint8Array;
  readonly stored_ms: number;
  readonly stream_seq: number;
  readonly sender: string;
  readonly lacks: HeldLack;
  readonly reason: string;
  readonly held_ms: number;
  readonly next_try_ms: number;
}

export interface HeldStoreRow extends NewHeldRow {
  readonly id: number;
  readonly message_bytes: number;
  readonly attempt_count: number;
  readonly failed_count: number;
}

/** Without the bytes, for lists. */
export type HeldListRow = Omit<HeldStoreRow, 'data'>;

export interface HeldRoom {
  readonly count: number;
  readonly bytes: number;
}

const LIST_COLUMNS = `id, nats_subject, message_sha256, message_bytes, stored_ms, stream_seq, sender,
  lacks, reason, held_ms, attempt_count, failed_count, next_try_ms`;

/** Messages that were acknowledged to the broker and that nobody here can judge yet. */
export class HeldStore {
  readonly #insert;
  readonly #has;
  readonly #due;
  readonly #nextDue;
  readonly #list;
  readonly #used;
  readonly #countOf;
  readonly #oldest;
  readonly #retry;
  readonly #fail;
  readonly #wake;
  readonly #remove;

  constructor(db: Db) {
    this.#insert = db.prepare<[NewHeldRow & { message_bytes: number }]>(
      `INSERT OR IGNORE INTO held (nats_subject, message_sha256, data, message_bytes, stored_ms,
         stream_seq, sender, lacks, reason, held_ms, next_try_ms)
       VALUES (@nats_subject, @message_sha256, @data, @message_bytes, @stored_ms, @stream_seq,
         @sender, @lacks, @reason, @held_ms, @next_try_ms)`,
    );
    this.#has = db
      .prepare<[string, string], number>(
        'SELECT 1 FROM held WHERE nats_subject = ? AND message_sha256 = ?',
      )
      .pluck();
    this.#due = db.prepare<[number, number], HeldStoreRow>(
      'SELECT * FROM held WHERE next_try_ms <= ? ORDER BY next_try_ms, id LIMIT ?',
    );
    this.#nextDue = db.prepare<[], number | null>('SELECT min(next_try_ms) FROM held').pluck();
    this.#list = db.prepare<[number], HeldListRow>(
      `SELECT ${LIST_COLUMNS} FROM held ORDER BY held_ms, id LIMIT ?`,
    );
    this.#used = db.prepare<[], HeldRoom>(
      'SELECT count(*) AS count, coalesce(sum(message_bytes), 0) AS bytes FROM held',
    );
    this.#countOf = db
      .prepare<[string], number>('SELECT count(*) FROM held WHERE sender = ?')
      .pluck();
    this.#oldest = db.prepare<[], HeldListRow>(
      `SELECT ${LIST_COLUMNS} FROM held ORDER BY held_ms, id LIMIT 1`,
    );
    this.#retry = db.prepare<[string, string, number, number]>(
      `UPDATE held SET attempt_count = attempt_count + 1, failed_count = 0, lacks = ?, reason = ?,
         next_try_ms = ? WHERE id = ?`,
    );
    this.#fail = db.prepare<[string, number, number]>(
      `UPDATE held SET attempt_count = attempt_count + 1, failed_count = failed_count + 1,
         reason = ?, next_try_ms = ? WHERE id = ?`,
    );
    this.#wake = db.prepare<[number, string, number]>(
      'UPDATE held SET next_try_ms = ?, attempt_count = 0 WHERE lacks = ? AND next_try_ms > ?',
    );
    this.#remove = db.prepare<[number]>('DELETE FROM held WHERE id = ?');
  }

  /** Keeps a message; the same one again changes nothing. */
  insert(row: NewHeldRow): void {
    this.#insert.run({ ...row, message_bytes: row.data.length });
  }

  has(natsSubject: string, messageSha256: string): boolean {
    return this.#has.get(natsSubject, messageSha256) !== undefined;
  }

  due(nowMs: number, limit: number): HeldStoreRow[] {
    return this.#due.all(nowMs, limit);
  }

  nextDueMs(): number | undefined {
    return this.#nextDue.get() ?? undefined;
  }

  /** Oldest first. */
  list(limit: number): HeldListRow[] {
    return this.#list.all(limit);
  }

  used(): HeldRoom {
    return this.#used.get() ?? { count: 0, bytes: 0 };
  }

  countOf(sender: string): number {
    return this.#countOf.get(sender) ?? 0;
  }

  oldest(): HeldListRow | undefined {
    return this.#oldest.get();
  }

  retryAt(id: number, lacks: HeldLack, reason: string, nextTryMs: number): void {
    this.#retry.run(lacks, reason, nextTryMs, id);
  }

  /** The check itself failed, which no news can mend. */
  failedUntil(id: number, reason: string, nextTryMs: number): void {
    this.#fail.run(reason, nextTryMs, id);
  }

  /** What lacked may be here now. @returns how many rows are judged again at once. */
  wake(lacks: HeldLack, nowMs: number): number {
    return this.#wake.run(nowMs, lacks, nowMs).changes;
  }

  remove(id: number): void {
    this.#remove.run(id);
  }
}

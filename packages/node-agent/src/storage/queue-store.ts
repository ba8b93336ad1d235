import type { Lane } from '@congvan/bus';

import type { Db } from './database.ts';
import { DEAD_OUTCOMES, type OutboxListRow } from './outbox-store.ts';

const DEAD = DEAD_OUTCOMES.map((outcome) => `'${outcome}'`).join(', ');

/** Where a waiting message stands, and what a person does with those that were not delivered. */
export class QueueStore {
  readonly #ahead;
  readonly #findByPrefix;
  readonly #retry;
  readonly #giveUp;
  readonly #deadCount;
  readonly #depths;

  constructor(db: Db) {
    this.#ahead = db.prepare<[Lane, number], { count: number }>(
      `SELECT count(*) AS count FROM outbox
       WHERE settled_ms IS NULL AND lane = ? AND next_try_ms < ?`,
    );
    this.#findByPrefix = db.prepare<[string, string], OutboxListRow>(
      `SELECT message_id, purpose, recipient, created_ms, attempt_count, next_try_ms, stream_seq,
         outcome, lane, last_error, note FROM outbox WHERE message_id >= ? AND message_id < ? LIMIT 2`,
    );
    this.#retry = db.prepare<[number, number, string]>(
      `UPDATE outbox SET settled_ms = NULL, outcome = NULL, note = NULL, last_error = NULL,
         attempt_count = 0, refusal_count = 0, tried_since_ms = ?, next_try_ms = ?
       WHERE message_id = ? AND (settled_ms IS NULL OR outcome IN (${DEAD}, 'given-up'))`,
    );
    this.#giveUp = db.prepare<[number, string, string]>(
      `UPDATE outbox SET settled_ms = ?, outcome = 'given-up', note = ?
       WHERE message_id = ? AND purpose <> 'report'
         AND (settled_ms IS NULL OR outcome IN (${DEAD}))`,
    );
    this.#deadCount = db
      .prepare<[], number>(`SELECT count(*) FROM outbox WHERE outcome IN (${DEAD})`)
      .pluck();
    this.#depths = db.prepare<[], { lane: Lane; count: number }>(
      `SELECT lane, count(*) AS count FROM outbox
       WHERE settled_ms IS NULL AND stream_seq IS NULL GROUP BY lane`,
    );
  }

  /** Messages of the lane whose turn comes before that time. */
  ahead(lane: Lane, nextTryMs: number): number {
    return this.#ahead.get(lane, nextTryMs)?.count ?? 0;
  }

  /** Up to two rows whose id starts with `prefix`, which is lower hex. */
  withPrefix(prefix: string): OutboxListRow[] {
    return this.#findByPrefix.all(prefix, `${prefix}g`);
  }

  /** Tries it again at once and for another 30 days. @returns false when it has its answer. */
  retry(messageId: string, nowMs: number): boolean {
    return this.#retry.run(nowMs, nowMs, messageId).changes === 1;
  }

  /** Ends it by a person's word. @returns false when it has its answer, or is a report. */
  giveUp(messageId: string, reason: string, nowMs: number): boolean {
    return this.#giveUp.run(nowMs, reason, messageId).changes === 1;
  }

  /** What waits for a person. */
  deadCount(): number {
    return this.#deadCount.get() ?? 0;
  }

  /** Messages not yet acknowledged by the broker. */
  depths(): Record<Lane, number> {
    const depths = { urgent: 0, normal: 0 };
    for (const { lane, count } of this.#depths.all()) depths[lane] = count;
    return depths;
  }
}

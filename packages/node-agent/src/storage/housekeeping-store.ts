import type { Db } from './database.ts';

/** What may go after a long time: rows that nothing asks for any more. */
export class HousekeepingStore {
  readonly #outbox;
  readonly #quarantine;

  constructor(db: Db) {
    // Those that wait for a person stay until that person has spoken.
    this.#outbox = db.prepare<[number, number]>(
      `DELETE FROM outbox WHERE message_id IN (
         SELECT message_id FROM outbox
         WHERE settled_ms < ? AND outcome IN ('receipted', 'confirmed', 'watermarked', 'given-up')
         ORDER BY settled_ms LIMIT ?)`,
    );
    this.#quarantine = db.prepare<[number, number]>(
      `DELETE FROM quarantine WHERE id IN (
         SELECT id FROM quarantine WHERE received_ms < ? ORDER BY id LIMIT ?)`,
    );
  }

  /** Messages that ended before `beforeMs`. The records that they carried stay. @returns how many. */
  purgeOutbox(beforeMs: number, limit: number): number {
    return this.#outbox.run(beforeMs, limit).changes;
  }

  /** @returns how many. */
  purgeQuarantine(beforeMs: number, limit: number): number {
    return this.#quarantine.run(beforeMs, limit).changes;
  }
}

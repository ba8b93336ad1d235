import type { Db } from './database.ts';

/** How many bad messages each sender has sent on a day. */
export class JunkStore {
  readonly #count;

  constructor(db: Db) {
    this.#count = db
      .prepare<[string, string], number>(
        `INSERT INTO junk (sender, day, count) VALUES (?, ?, 1)
         ON CONFLICT (sender, day) DO UPDATE SET count = count + 1 RETURNING count`,
      )
      .pluck();
  }

  /** One more of this sender on this day. @returns how many there were. */
  count(sender: string, day: string): number {
    return this.#count.get(sender, day) ?? 0;
  }
}

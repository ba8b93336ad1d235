import { DirectoryLedgerStore } from '@congvan/bus/sqlite';

import type { Db } from './database.ts';

/** The agent's signed copy of the directory, and how fresh it is. */
export class DirectoryStore extends DirectoryLedgerStore {
  readonly #db: Db;

  constructor(db: Db) {
    super(db);
    this.#db = db;
  }

  /** The signed records that hold, ordered by code. */
  *all(): Generator<{ readonly code: string; readonly record: Uint8Array }> {
    yield* this.#db
      .prepare<[], { code: string; record: Uint8Array }>(
        `SELECT h.code, e.record FROM directory_holder AS h JOIN directory_entry AS e
         ON e.registrar = h.registrar AND e.sequence = h.sequence ORDER BY h.code`,
      )
      .iterate();
  }

  /** When everything new was last read, in UTC milliseconds. */
  readMs(): number | null {
    return (
      this.#db.prepare<[], number | null>('SELECT read_ms FROM directory_progress').pluck().get() ??
      null
    );
  }

  setReadMs(ms: number): void {
    this.#db.prepare<[number]>('UPDATE directory_progress SET read_ms = ?').run(ms);
  }
}

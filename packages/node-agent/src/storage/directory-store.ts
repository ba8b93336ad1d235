import type { Db } from './database.ts';

/** Signed directory entries, newest per agency code. */
export class DirectoryStore {
  readonly #sequence;
  readonly #record;
  readonly #put;
  readonly #readUpTo;
  readonly #setReadUpTo;
  readonly #count;
  readonly #all;

  constructor(db: Db) {
    this.#sequence = db
      .prepare<[string], number>('SELECT sequence FROM directory_entry WHERE code = ?')
      .pluck();
    this.#record = db
      .prepare<[string], Buffer>('SELECT record FROM directory_entry WHERE code = ?')
      .pluck();
    this.#put = db.prepare<[string, number, Uint8Array]>(
      `INSERT INTO directory_entry (code, sequence, record) VALUES (?, ?, ?)
       ON CONFLICT (code) DO UPDATE SET sequence = excluded.sequence, record = excluded.record
       WHERE excluded.sequence > directory_entry.sequence`,
    );
    this.#readUpTo = db.prepare<[], number>('SELECT read_up_to FROM directory_progress').pluck();
    this.#setReadUpTo = db.prepare<[number]>('UPDATE directory_progress SET read_up_to = ?');
    this.#count = db.prepare<[], { count: number }>(
      'SELECT count(*) AS count FROM directory_entry',
    );
    this.#all = db.prepare<[], { record: Buffer }>(
      'SELECT record FROM directory_entry ORDER BY code',
    );
  }

  sequenceOf(code: string): number | undefined {
    return this.#sequence.get(code);
  }

  recordOf(code: string): Uint8Array | undefined {
    return this.#record.get(code);
  }

  /** Keeps the entry unless a later one of the same code is there already. */
  put(code: string, sequence: number, record: Uint8Array): void {
    this.#put.run(code, sequence, record);
  }

  /** Every entry up to this sequence was seen; single later ones may be there too. */
  readUpTo(): number {
    return this.#readUpTo.get() ?? 0;
  }

  setReadUpTo(sequence: number): void {
    this.#setReadUpTo.run(sequence);
  }

  count(): number {
    return this.#count.get()?.count ?? 0;
  }

  all(): Uint8Array[] {
    return this.#all.all().map((row) => row.record);
  }
}

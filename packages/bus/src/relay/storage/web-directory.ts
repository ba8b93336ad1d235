import type { Db } from './database.ts';

/** No directory is deeper; a loop of parents would be longer. */
const MAX_DEPTH = 16;

/** What the HTTP side asks of the directory: who stands below whom, and whether anything changed that no report brings. */
export class WebDirectory {
  readonly #db: Db;
  readonly #parent;
  readonly #version;
  #seen: { readonly dataVersion: unknown; readonly version: string } | undefined;

  constructor(db: Db) {
    this.#db = db;
    this.#parent = db.prepare<[string], { parent: string | null }>(
      `SELECT parent FROM agency WHERE code = ? AND role = 'agency'`,
    );
    this.#version = db.prepare<
      [],
      { entries: number; counting: number; read: number; found: number; further: number }
    >(
      `SELECT count(*) AS entries, total(counts) AS counting,
         (SELECT total(read_up_to) FROM directory_registrar) AS read,
         (SELECT coalesce(max(id), 0) FROM contradiction) AS found,
         (SELECT total(further) FROM contradiction_count) AS further FROM directory_entry`,
    );
  }

  /** Whether `code` is `ancestor` or stands below it, by the entries that hold today. */
  isUnder(code: string, ancestor: string): boolean {
    let at: string | null = code;
    for (let depth = 0; at !== null && depth < MAX_DEPTH; depth += 1) {
      const row = this.#parent.get(at);
      if (row === undefined) return false;
      if (at === ancestor) return true;
      at = row.parent;
    }
    return false;
  }

  /** Differs after any change of the directory, and after a second record of a number, kept or counted. */
  version(): string {
    const dataVersion = this.#db.pragma('data_version', { simple: true });
    if (this.#seen?.dataVersion !== dataVersion) {
      const row = this.#version.get();
      const { entries = 0, counting = 0, read = 0, found = 0, further = 0 } = row ?? {};
      const version = [entries, counting, read, found, further].join('.');
      this.#seen = { dataVersion, version };
    }
    return this.#seen?.version ?? '';
  }
}

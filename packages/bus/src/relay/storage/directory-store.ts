import type { Tier } from '../../agency/tier.ts';
import type { DirectoryEntry } from '../../directory/entry.ts';
import type { Db } from './database.ts';

/** What the figures need to know of an agency. */
export interface AgencyRow {
  readonly code: string;
  readonly name: string;
  readonly tier: Tier;
  readonly parent: string | null;
  readonly validFromMs: number;
  readonly validToMs: number | null;
}

/** The relay's signed copy of the directory. */
export class DirectoryStore {
  readonly #insert;
  readonly #newest;
  readonly #readUpTo;
  readonly #agencies;
  readonly #name;

  constructor(db: Db) {
    this.#insert = db.prepare<
      [
        number,
        string,
        string,
        string,
        string | null,
        string,
        string,
        number,
        number | null,
        Uint8Array,
      ]
    >(
      `INSERT OR IGNORE INTO directory_entry
         (sequence, code, name, tier, parent, site, role, valid_from_ms, valid_to_ms, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#newest = db
      .prepare<[], Uint8Array>(
        `SELECT record FROM directory_entry AS e
         WHERE sequence = (SELECT max(sequence) FROM directory_entry WHERE code = e.code)`,
      )
      .pluck();
    this.#readUpTo = db
      .prepare<[], number>(
        `SELECT CASE WHEN count(*) = max(sequence) THEN count(*) ELSE (
           SELECT min(s) FROM (SELECT 0 AS s UNION ALL SELECT sequence FROM directory_entry)
           WHERE NOT EXISTS (SELECT 1 FROM directory_entry WHERE sequence = s + 1)) END
         FROM directory_entry`,
      )
      .pluck();
    this.#agencies = db.prepare<[], AgencyRow>(
      `SELECT code, name, tier, parent, valid_from_ms AS validFromMs, valid_to_ms AS validToMs
       FROM agency WHERE role = 'agency' ORDER BY code`,
    );
    this.#name = db.prepare<[string], string>('SELECT name FROM agency WHERE code = ?').pluck();
  }

  /** Keeps a verified entry; false when its sequence was there already. */
  add(entry: DirectoryEntry, record: Uint8Array): boolean {
    const { sequence, code, name, tier, parent, site, role, validFrom, validTo } = entry;
    const from = Date.parse(validFrom);
    const to = validTo === null ? null : Date.parse(validTo);
    const row = [sequence, code, name, tier, parent, site, role, from, to, record] as const;
    return this.#insert.run(...row).changes === 1;
  }

  /** The signed records of the newest entry of each code. */
  newest(): Uint8Array[] {
    return this.#newest.all();
  }

  /**
   * Every entry up to this sequence is here. The registrar numbers without gaps, so an entry that
   * came damaged is asked for again with those after it.
   */
  readUpTo(): number {
    return this.#readUpTo.get() ?? 0;
  }

  /** Every agency that is no relay, ordered by code. */
  agencies(): AgencyRow[] {
    return this.#agencies.all();
  }

  nameOf(code: string): string | null {
    return this.#name.get(code) ?? null;
  }
}

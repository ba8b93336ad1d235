import type { AgencyCode } from '../../agency/code.ts';
import type { Tier } from '../../agency/tier.ts';
import type {
  DirectoryLedger,
  EntryKey,
  EntryStanding,
  VerifiedEntry,
} from '../../directory/ledger.ts';
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

type Row = Omit<EntryStanding, 'counts'> & { readonly counts: 0 | 1 };

const STANDING = 'SELECT registrar, sequence, code, site, based_on AS basedOn, counts';

/** The relay's signed copy of the directory: all entries, and which one holds for each code. */
export class DirectoryStore implements DirectoryLedger {
  readonly #db: Db;
  readonly #root;
  readonly #has;
  readonly #put;
  readonly #record;
  readonly #standings;
  readonly #holder;
  readonly #setHolder;
  readonly #readUpTo;
  readonly #setReadUpTo;
  readonly #delegations;
  readonly #agencies;
  readonly #name;

  constructor(db: Db) {
    this.#db = db;
    this.#root = db
      .prepare<[], AgencyCode>('SELECT registrar FROM directory_registrar WHERE is_root = 1')
      .pluck();
    this.#has = db
      .prepare<[string, number], 1>(
        'SELECT 1 FROM directory_entry WHERE registrar = ? AND sequence = ?',
      )
      .pluck();
    this.#put = db.prepare<
      [
        string,
        number,
        string,
        string,
        string,
        string | null,
        string,
        string,
        number,
        number | null,
        number | null,
        number,
        Uint8Array,
      ]
    >(
      `INSERT INTO directory_entry (registrar, sequence, code, name, tier, parent, site, role,
         valid_from_ms, valid_to_ms, based_on, counts, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#record = db
      .prepare<[string, number], Buffer>(
        'SELECT record FROM directory_entry WHERE registrar = ? AND sequence = ?',
      )
      .pluck();
    this.#standings = db.prepare<[string], Row>(`${STANDING} FROM directory_entry WHERE code = ?`);
    this.#holder = db.prepare<[string], EntryKey>(
      'SELECT registrar, sequence FROM directory_holder WHERE code = ?',
    );
    this.#setHolder = db.prepare<[string, string, number]>(
      'INSERT OR REPLACE INTO directory_holder (code, registrar, sequence) VALUES (?, ?, ?)',
    );
    this.#readUpTo = db
      .prepare<[string], number>('SELECT read_up_to FROM directory_registrar WHERE registrar = ?')
      .pluck();
    this.#setReadUpTo = db.prepare<[string, number]>(
      `INSERT INTO directory_registrar (registrar, read_up_to) VALUES (?, ?)
       ON CONFLICT (registrar) DO UPDATE SET read_up_to = excluded.read_up_to`,
    );
    this.#delegations = db.prepare<[], EntryKey>(
      `SELECT registrar, sequence FROM directory_entry
       WHERE role = 'registrar' AND counts = 1 ORDER BY sequence`,
    );
    this.#agencies = db.prepare<[], AgencyRow>(
      `SELECT code, name, tier, parent, valid_from_ms AS validFromMs, valid_to_ms AS validToMs
       FROM agency WHERE role = 'agency' ORDER BY code`,
    );
    this.#name = db.prepare<[string], string>('SELECT name FROM agency WHERE code = ?').pluck();
  }

  root(): AgencyCode | undefined {
    return this.#root.get();
  }

  setRoot(registrar: AgencyCode): void {
    if (this.root() === registrar) return;
    this.#db
      .prepare<[string]>(
        `INSERT INTO directory_registrar (registrar, is_root) VALUES (?, 1)
         ON CONFLICT (registrar) DO UPDATE SET is_root = 1`,
      )
      .run(registrar);
  }

  readUpTo(registrar: AgencyCode): number {
    return this.#readUpTo.get(registrar) ?? 0;
  }

  setReadUpTo(registrar: AgencyCode, sequence: number): void {
    this.#setReadUpTo.run(registrar, sequence);
  }

  has({ registrar, sequence }: EntryKey): boolean {
    return this.#has.get(registrar, sequence) === 1;
  }

  put(verified: VerifiedEntry): void {
    const { registrar, sequence, code, site, basedOn, counts, entry, record } = verified;
    const { name, tier, parent, role, validFrom, validTo } = entry;
    const from = Date.parse(validFrom);
    const to = validTo === null ? null : Date.parse(validTo);
    const who = [registrar, sequence, code, name, tier, parent, site, role] as const;
    this.#put.run(...who, from, to, basedOn, counts ? 1 : 0, record);
  }

  recordOf({ registrar, sequence }: EntryKey): Uint8Array | undefined {
    return this.#record.get(registrar, sequence);
  }

  standings(code: AgencyCode): readonly EntryStanding[] {
    return this.#standings.all(code).map((row) => ({ ...row, counts: row.counts === 1 }));
  }

  holderOf(code: AgencyCode): EntryKey | undefined {
    return this.#holder.get(code);
  }

  setHolder(code: AgencyCode, holder: EntryKey | undefined): void {
    if (holder !== undefined) {
      this.#setHolder.run(code, holder.registrar, holder.sequence);
      return;
    }
    this.#db.prepare<[string]>('DELETE FROM directory_holder WHERE code = ?').run(code);
  }

  delegations(): readonly EntryKey[] {
    return this.#delegations.all();
  }

  discountAfter(registrar: AgencyCode, sequence: number): readonly AgencyCode[] {
    return this.#db
      .prepare<[string, number], AgencyCode>(
        `UPDATE directory_entry SET counts = 0 WHERE registrar = ? AND sequence > ? AND counts = 1
         RETURNING code`,
      )
      .pluck()
      .all(registrar, sequence);
  }

  /** How many agencies the copy knows, the closed ones too. */
  count(): number {
    return this.#db.prepare<[], number>('SELECT count(*) FROM directory_holder').pluck().get() ?? 0;
  }

  /** The sites that any agency belongs to. */
  sites(): string[] {
    return this.#db.prepare<[], string>('SELECT DISTINCT site FROM agency').pluck().all();
  }

  /** Every agency that is neither relay nor registrar, ordered by code. */
  agencies(): AgencyRow[] {
    return this.#agencies.all();
  }

  nameOf(code: string): string | null {
    return this.#name.get(code) ?? null;
  }
}

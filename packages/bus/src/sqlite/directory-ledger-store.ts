import type { AgencyCode } from '../agency/code.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import type {
  DirectoryLedger,
  EntryKey,
  EntryStanding,
  VerifiedEntry,
} from '../directory/ledger.ts';
import type { Db } from './database.ts';

type Row = Omit<EntryStanding, 'counts'> & { readonly counts: 0 | 1 };

const STANDING = 'SELECT registrar, sequence, code, site, based_on AS basedOn, counts';
const COLUMNS = ['registrar', 'sequence', 'code', 'site', 'role', 'based_on', 'counts', 'record'];

/** What else of an entry a database keeps beside its record: column → value. */
export type EntryColumns = Readonly<
  Record<string, (entry: DirectoryEntry) => string | number | null>
>;

/**
 * Signed directory entries in the tables that agent and relay both have: all of them, and which one
 * holds for each code.
 */
export class DirectoryLedgerStore implements DirectoryLedger {
  readonly #db: Db;
  readonly #columns: EntryColumns;
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

  /** @param columns - beyond those that the ledger needs; their names go into the SQL as they are. */
  constructor(db: Db, columns: EntryColumns = {}) {
    this.#db = db;
    this.#columns = columns;
    this.#root = db
      .prepare<[], AgencyCode>('SELECT registrar FROM directory_registrar WHERE is_root = 1')
      .pluck();
    this.#has = db
      .prepare<[string, number], 1>(
        'SELECT 1 FROM directory_entry WHERE registrar = ? AND sequence = ?',
      )
      .pluck();
    const names = [...COLUMNS, ...Object.keys(columns)];
    this.#put = db.prepare<(string | number | null | Uint8Array)[]>(
      `INSERT INTO directory_entry (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
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
    const known = [registrar, sequence, code, site, entry.role, basedOn, counts ? 1 : 0, record];
    this.#put.run(...known, ...Object.values(this.#columns).map((valueOf) => valueOf(entry)));
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
}

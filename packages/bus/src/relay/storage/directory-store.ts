import type { AgencyCode } from '../../agency/code.ts';
import type { Tier } from '../../agency/tier.ts';
import type { EntryKey, VerifiedEntry } from '../../directory/ledger.ts';
import { DirectoryLedgerStore, type EntryColumns } from '../../sqlite/index.ts';
import type { Db } from './database.ts';
import { DIRECTORY_CHANGED } from './figure-store.ts';

/** What the figures need to know of an agency. */
export interface AgencyRow {
  readonly code: string;
  readonly name: string;
  readonly tier: Tier;
  readonly parent: string | null;
  readonly validFromMs: number;
  readonly validToMs: number | null;
}

/** What the figures ask for in SQL, which cannot look into a record. */
const FIGURE_COLUMNS: EntryColumns = {
  name: ({ name }) => name,
  tier: ({ tier }) => tier,
  parent: ({ parent }) => parent,
  valid_from_ms: ({ validFrom }) => Date.parse(validFrom),
  valid_to_ms: ({ validTo }) => (validTo === null ? null : Date.parse(validTo)),
  successors: ({ successors }) => JSON.stringify(successors),
};

/**
 * The relay's signed copy of the directory, and what the figures ask of it. A code whose entry changes
 * is put on the list of what the figures have to be added up anew for.
 */
export class DirectoryStore extends DirectoryLedgerStore {
  readonly #db: Db;
  readonly #agencies;
  readonly #changed;
  readonly #told;

  constructor(db: Db) {
    super(db, FIGURE_COLUMNS);
    this.#db = db;
    this.#changed = db.prepare<[string]>(
      'INSERT OR IGNORE INTO figure_directory_change VALUES (?)',
    );
    this.#told = db.prepare<[string, string]>(
      'INSERT INTO figure_change (bucket, agency) VALUES (?, ?)',
    );
    this.#agencies = db.prepare<[], AgencyRow>(
      `SELECT code, name, tier, parent, valid_from_ms AS validFromMs, valid_to_ms AS validToMs
       FROM agency WHERE role = 'agency' ORDER BY code`,
    );
  }

  override put(verified: VerifiedEntry): void {
    super.put(verified);
    this.#change(verified.code);
  }

  override setHolder(code: AgencyCode, holder: EntryKey | undefined): void {
    super.setHolder(code, holder);
    this.#change(code);
  }

  override discountAfter(registrar: AgencyCode, sequence: number): readonly AgencyCode[] {
    const codes = super.discountAfter(registrar, sequence);
    for (const code of codes) this.#change(code);
    return codes;
  }

  #change(code: AgencyCode): void {
    this.#changed.run(code);
    this.#told.run(DIRECTORY_CHANGED, code);
  }

  /** The sites that any agency belongs to. */
  sites(): string[] {
    return this.#db.prepare<[], string>('SELECT DISTINCT site FROM agency').pluck().all();
  }

  /** Every agency that is neither relay nor registrar, ordered by code. */
  agencies(): AgencyRow[] {
    return this.#agencies.all();
  }
}

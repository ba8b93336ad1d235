import type { Tier } from '../../agency/tier.ts';
import { DirectoryLedgerStore, type EntryColumns } from '../../sqlite/index.ts';
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

/** What the figures ask for in SQL, which cannot look into a record. */
const FIGURE_COLUMNS: EntryColumns = {
  name: ({ name }) => name,
  tier: ({ tier }) => tier,
  parent: ({ parent }) => parent,
  valid_from_ms: ({ validFrom }) => Date.parse(validFrom),
  valid_to_ms: ({ validTo }) => (validTo === null ? null : Date.parse(validTo)),
};

/** The relay's signed copy of the directory, and what the figures ask of it. */
export class DirectoryStore extends DirectoryLedgerStore {
  readonly #db: Db;
  readonly #agencies;

  constructor(db: Db) {
    super(db, FIGURE_COLUMNS);
    this.#db = db;
    this.#agencies = db.prepare<[], AgencyRow>(
      `SELECT code, name, tier, parent, valid_from_ms AS validFromMs, valid_to_ms AS validToMs
       FROM agency WHERE role = 'agency' ORDER BY code`,
    );
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

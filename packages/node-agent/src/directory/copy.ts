import {
  type AgencyCode,
  BusError,
  DirectoryCopy as BusDirectoryCopy,
  type DirectoryEntry,
  type TakenIn,
  type VerifySignature,
  decodeRecord,
  parsePayloadAs,
} from '@congvan/bus';

import { AgentError } from '../errors.ts';
import type { DirectoryStore } from '../storage/directory-store.ts';

/** Nobody can say how much has changed in the directory after so long without reading it. */
const DIRECTORY_STALE_AFTER_MS = 24 * 60 * 60_000;

/** What `AgentStatus` says about the copy. */
export interface DirectoryStatus {
  readonly entries: number;
  /** When everything new was last read; `null` before the first time. */
  readonly readAt: Date | null;
  readonly stale: boolean;
}

/** An entry of the copy that a disk has damaged. */
export interface DamagedEntry {
  readonly code: string;
  /** English; names the entry. */
  readonly damage: string;
}

/** The agency's verified copy of the directory, in SQLite. */
export class DirectoryCopy extends BusDirectoryCopy {
  readonly #store: DirectoryStore;
  #generation = 0;

  constructor(store: DirectoryStore, rootCertificate: Uint8Array, verify: VerifySignature) {
    super({ ledger: store, rootCertificate, verify });
    this.#store = store;
  }

  /**
   * As `takeIn`, for entries that somebody vouched for. Call inside a transaction.
   *
   * @throws {@link AgentError} `AGENT_DIRECTORY_FORGED`; nothing is kept then.
   */
  import(records: readonly Uint8Array[], at: Date): TakenIn {
    let taken = this.takeIn(records, at);
    // Those of other registrars may stand before the entries of the root that they build on.
    if (taken.needsRoot > 0) taken = this.takeIn(records, at);
    const [refused] = taken.refused;
    if (refused === undefined) return taken;
    throw new AgentError(
      'AGENT_DIRECTORY_FORGED',
      `a directory entry is not its registrar's: ${refused.finding}, ${refused.detail}`,
      { details: { finding: refused.finding } },
    );
  }

  override takeIn(...taking: Parameters<BusDirectoryCopy['takeIn']>): TakenIn {
    const taken = super.takeIn(...taking);
    if (taken.added > 0) this.#generation += 1;
    return taken;
  }

  /** Another number after each look at the directory that may have brought something. */
  get generation(): number {
    return this.#generation;
  }

  count(): number {
    return this.#store.count();
  }

  /** Every entry that holds, by code; one that cannot be read is told of, and the others stand. */
  list(onDamaged: (damaged: DamagedEntry) => void): DirectoryEntry[] {
    const entries: DirectoryEntry[] = [];
    for (const { code, record } of this.#store.all()) {
      try {
        entries.push(parsePayloadAs(decodeRecord(record), 'directory'));
      } catch (error) {
        onDamaged({ code, damage: describeDamage(code, error) });
      }
    }
    return entries;
  }

  /** What the directory calls an agency; its code where the copy has no entry, or a damaged one. */
  nameOf(code: AgencyCode): { readonly name: string; readonly damage: string | null } {
    try {
      return { name: this.find(code)?.name ?? code, damage: null };
    } catch (error) {
      return { name: code, damage: describeDamage(code, error) };
    }
  }

  /** Everything that was new at this time is here. */
  noteRead(at: Date): void {
    this.#store.setReadMs(at.getTime());
    this.#generation += 1;
  }

  status(now: Date): DirectoryStatus {
    const readMs = this.#store.readMs();
    const stale = readMs === null || now.getTime() - readMs > DIRECTORY_STALE_AFTER_MS;
    return { entries: this.count(), readAt: readMs === null ? null : new Date(readMs), stale };
  }
}

/** A database that fails as a whole is no damage of one row. */
function describeDamage(code: string, error: unknown): string {
  if (!(error instanceof BusError)) throw error;
  return `the stored directory entry of ${code} is damaged: ${error.message}`;
}

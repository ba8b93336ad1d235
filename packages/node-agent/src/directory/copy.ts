import {
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
export const DIRECTORY_STALE_AFTER_MS = 24 * 60 * 60_000;

/** What `AgentStatus` says about the copy. */
export interface DirectoryStatus {
  readonly entries: number;
  /** When everything new was last read; `null` before the first time. */
  readonly readAt: Date | null;
  readonly stale: boolean;
}

/** The agency's verified copy of the directory (DESIGN §6), in SQLite. */
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

  list(): DirectoryEntry[] {
    const entries: DirectoryEntry[] = [];
    for (const record of this.#store.all()) {
      entries.push(parsePayloadAs(decodeRecord(record), 'directory'));
    }
    return entries;
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

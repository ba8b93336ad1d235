import type { AgencyCode } from '../agency/code.ts';
import { type DirectoryEntry, newerEntry } from '../directory/entry.ts';
import { verifyDirectoryRecord } from '../directory/verify.ts';
import type { VerifySignature } from '../record/authenticate.ts';
import { parsePayloadAs } from '../record/codec.ts';
import { decodeRecord, tryDecodeRecord } from '../record/frame.ts';
import type { RelayLog } from './log.ts';
import type { Db } from './storage/database.ts';
import type { DirectoryStore } from './storage/directory-store.ts';

export interface DirectoryCopyOptions {
  readonly db: Db;
  readonly store: DirectoryStore;
  /** Asks the site service for the signed entries after a sequence, page by page. */
  readonly pagesSince: (sequence: number) => AsyncIterable<readonly Uint8Array[]>;
  readonly verify: VerifySignature;
  /** DER of the one certificate that may sign entries. */
  readonly registrarCertificate: Uint8Array;
  readonly now: () => Date;
  readonly log: RelayLog;
  /** Called once for each refresh that brought new entries. */
  readonly onChanged: (codes: ReadonlySet<AgencyCode>) => void;
}

/** The relay's verified copy of the directory, in SQLite and in memory. */
export class DirectoryCopy {
  readonly #options: DirectoryCopyOptions;
  readonly #entries = new Map<string, DirectoryEntry>();
  #refreshing: Promise<ReadonlySet<AgencyCode>> | undefined;

  constructor(options: DirectoryCopyOptions) {
    this.#options = options;
    for (const bytes of options.store.newest()) {
      const entry = parsePayloadAs(decodeRecord(bytes), 'directory');
      this.#entries.set(entry.code, entry);
    }
  }

  readonly lookup = (code: AgencyCode): DirectoryEntry | undefined => this.#entries.get(code);

  /** As {@link lookup}, for a code that was checked when it was stored. */
  find(code: string): DirectoryEntry | undefined {
    return this.#entries.get(code);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The sites that any agency of the directory belongs to. */
  sites(): ReadonlySet<string> {
    return new Set([...this.#entries.values()].map((entry) => entry.site));
  }

  /**
   * Fetches what is new and keeps what the registrar signed; calls at the same time share one request.
   *
   * @returns the codes whose entry changed.
   * @throws BusError when the site service does not answer.
   */
  refresh(): Promise<ReadonlySet<AgencyCode>> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<ReadonlySet<AgencyCode>> {
    const { store, pagesSince, log, onChanged } = this.#options;
    const changed = new Set<AgencyCode>();
    for await (const page of pagesSince(store.readUpTo())) {
      for (const entry of this.#keep(page)) {
        this.#entries.set(entry.code, newerEntry(this.#entries.get(entry.code), entry));
        changed.add(entry.code);
      }
    }
    if (changed.size > 0) {
      log('info', 'directory entries added', { agencies: changed.size });
      onChanged(changed);
    }
    return changed;
  }

  #keep(page: readonly Uint8Array[]): DirectoryEntry[] {
    const { db, store } = this.#options;
    const verified = page.flatMap((bytes) => this.#verify(bytes));
    const keep = db.transaction(() => verified.filter((one) => store.add(one.entry, one.bytes)));
    return keep.immediate().map(({ entry }) => entry);
  }

  #verify(bytes: Uint8Array): { entry: DirectoryEntry; bytes: Uint8Array }[] {
    const { verify, registrarCertificate, now, log } = this.#options;
    const raw = tryDecodeRecord(bytes);
    if (typeof raw === 'string') {
      log('warn', 'directory entry refused', { detail: raw });
      return [];
    }
    const verdict = verifyDirectoryRecord(raw, { registrarCertificate, verify, at: now() });
    if (verdict.authentic) return [{ entry: verdict.entry, bytes }];
    log('warn', 'directory entry refused', { finding: verdict.finding, detail: verdict.detail });
    return [];
  }
}

import type { AgencyCode } from '../agency/code.ts';
import { isAgencyCode } from '../agency/code.ts';
import type { DirectoryClient } from '../directory/client.ts';
import { DirectoryCopy as BusDirectoryCopy } from '../directory/copy.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import { DirectoryReader, describeRefusals } from '../directory/read-on.ts';
import type { VerifySignature } from '../record/authenticate.ts';
import type { RelayLog } from './log.ts';
import type { Db } from './storage/database.ts';
import type { DirectoryStore } from './storage/directory-store.ts';

export interface DirectoryCopyOptions {
  readonly db: Db;
  readonly store: DirectoryStore;
  readonly client: Pick<DirectoryClient, 'getDirectoryHeads' | 'getDirectoryPage'>;
  readonly verify: VerifySignature;
  /** DER of the root registrar's certificate. */
  readonly registrarCertificate: Uint8Array;
  readonly now: () => Date;
  readonly log: RelayLog;
  /** Called once for each refresh that brought new entries, which waits for it. */
  readonly onChanged: (codes: ReadonlySet<AgencyCode>) => Promise<void>;
}

/** The relay's verified copy of the directory, in SQLite. */
export class DirectoryCopy extends BusDirectoryCopy {
  readonly #store: DirectoryStore;
  readonly #reader: DirectoryReader;
  readonly #onChanged: DirectoryCopyOptions['onChanged'];
  #refreshing: Promise<ReadonlySet<AgencyCode>> | undefined;

  constructor(options: DirectoryCopyOptions) {
    const { db, store, client, verify, registrarCertificate, now, log } = options;
    super({ ledger: store, rootCertificate: registrarCertificate, verify });
    this.#store = store;
    this.#onChanged = options.onChanged;
    this.#reader = new DirectoryReader({
      client,
      copy: this,
      now,
      commit: async (work) => db.transaction(work).immediate(),
      onTaken: ({ added, refused }) => {
        if (added > 0) log('info', 'directory entries added', { entries: added });
        const detail = describeRefusals(refused);
        if (detail !== undefined) log('warn', 'directory entries refused', { detail });
      },
    });
  }

  readonly lookup = (code: AgencyCode): DirectoryEntry | undefined => this.find(code);

  /** As {@link lookup}, for the code as it was stored. */
  findStored(code: string): DirectoryEntry | undefined {
    return isAgencyCode(code) ? this.find(code) : undefined;
  }

  get size(): number {
    return this.#store.count();
  }

  /** The sites that any agency of the directory belongs to. */
  sites(): ReadonlySet<string> {
    return new Set(this.#store.sites());
  }

  /**
   * Fetches what is new and keeps what can be believed; calls at the same time share one request.
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
    const changed = await this.#reader.readOn();
    if (changed.size > 0) await this.#onChanged(changed);
    return changed;
  }
}

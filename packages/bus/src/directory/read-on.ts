import type { AgencyCode } from '../agency/code.ts';
import type { DirectoryClient, DirectoryHead } from './client.ts';
import type { DirectoryCopy, RefusedEntry, TakenIn } from './copy.ts';

export interface ReadOnOptions {
  readonly client: Pick<DirectoryClient, 'getDirectoryHeads' | 'getDirectoryPage'>;
  readonly copy: DirectoryCopy;
  /** Runs the work in one transaction of the copy's database. */
  readonly commit: (work: () => TakenIn) => Promise<TakenIn>;
  readonly now: () => Date;
  /** Told after each page that brought something. */
  readonly onTaken?: (taken: TakenIn) => void | Promise<void>;
}

/**
 * Reads the directory on, for each registrar from its first gap: the one rule of agent and relay.
 *
 * The root is read first, since it says who else may speak. What lies behind an entry that cannot be
 * believed is fetched once; after that only the page with the gap is asked for again.
 */
export class DirectoryReader {
  readonly #options: ReadOnOptions;
  /** How far a registrar was read beyond its gap. */
  readonly #beyondGap = new Map<AgencyCode, number>();
  #reading: Promise<ReadonlySet<AgencyCode>> | undefined;

  constructor(options: ReadOnOptions) {
    this.#options = options;
  }

  /**
   * Calls at the same time share one round.
   *
   * @returns the codes for which another entry holds now.
   * @throws BusError when the site service does not answer; what was read until then is kept.
   */
  readOn(): Promise<ReadonlySet<AgencyCode>> {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOn(): Promise<ReadonlySet<AgencyCode>> {
    const { client, copy } = this.#options;
    const changed = new Set<AgencyCode>();
    const heads = await client.getDirectoryHeads();
    // While the root is unknown, whoever the service names first has to prove that it is the root.
    const root = copy.root() ?? heads[0]?.registrar;
    const inOrder = [
      ...heads.filter(({ registrar }) => registrar === root),
      ...heads.filter(({ registrar }) => registrar !== root),
    ];
    for (const head of inOrder) await this.#readRegistrar(head, changed);
    return changed;
  }

  async #readRegistrar(head: DirectoryHead, changed: Set<AgencyCode>): Promise<void> {
    const { client, copy, commit, now, onTaken } = this.#options;
    const { registrar } = head;
    const root = copy.root();
    const delegated = copy.registrars().get(registrar);
    if (root !== undefined && root !== registrar && delegated === undefined) return;
    const end = Math.min(head.sequence, delegated?.lastSequence ?? head.sequence);
    let from = copy.readUpTo(registrar);
    while (from < end) {
      const page = await client.getDirectoryPage({ registrar, sequence: from });
      const taken = await commit(() => copy.takeIn(page.records, now()));
      for (const code of taken.changed) changed.add(code);
      if (taken.added > 0 || taken.refused.length > 0) await onTaken?.(taken);
      const readUpTo = copy.readUpTo(registrar);
      if (page.lastSequence <= from && readUpTo <= from) return;
      from = Math.max(page.lastSequence, readUpTo);
      if (readUpTo < from) from = Math.max(from, this.#beyondGap.get(registrar) ?? 0);
      // What waits for the root is asked for again after the root's next entries.
      if (taken.needsRoot > 0) return;
      this.#beyondGap.set(registrar, from);
    }
  }
}

/** One line for the log: how many entries were refused, and the first with its reason. */
export function describeRefusals(refused: readonly RefusedEntry[]): string | undefined {
  const [first] = refused;
  if (first === undefined) return undefined;
  const named = first.key === null ? 'unreadable' : `${first.key.registrar} ${first.key.sequence}`;
  return `${refused.length} refused, first ${named}: ${first.finding}, ${first.detail}`;
}

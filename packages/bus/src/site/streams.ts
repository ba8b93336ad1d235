import type { Site } from '../agency/tier.ts';
import type { StreamAdmin } from '../broker/stream-admin.ts';
import {
  type ConsumerPlan,
  type StreamPlan,
  consumersOfAgency,
  consumersOfRelay,
} from '../stream/plan.ts';
import type { RegisteredEntry } from './registry.ts';

export interface StreamDeskOptions {
  readonly admin: Pick<StreamAdmin, 'ensureStream' | 'ensureConsumers' | 'streamState'>;
  /** The sites that this service works for, as they are now. */
  readonly hostedSites: () => Promise<readonly Site[]>;
  readonly streamsOf: (site: Site) => readonly StreamPlan[];
  /** All entries, in the order in which they became known, brought up to date first. */
  readonly entries: () => Promise<readonly RegisteredEntry[]>;
  readonly onChanged: (site: Site) => void;
  /** `own`: a relay reads the site that it belongs to; `all`: every site of this broker. */
  readonly relaysRead: 'own' | 'all';
  readonly backoffMs: readonly number[];
  readonly now: () => Date;
}

/** Keeps streams and consumers of the broker in step with the directory. */
export interface StreamDesk {
  /** Makes whatever is missing. One after the other, however many ask. */
  refresh(): Promise<void>;
  /** The next look does not rely on what was made: the broker was away, perhaps with its disk. */
  doubt(): void;
  /** Streams were gone with all that stood in them, or others made them anew. @returns ends the listening. */
  onLost(listener: () => void): () => void;
  /** When nothing is under way any more. */
  settled(): Promise<void>;
}

export function createStreamDesk(options: StreamDeskOptions): StreamDesk {
  const { admin, backoffMs } = options;
  const preparedSites = new Set<Site>();
  const relays = new Map<string, RegisteredEntry['entry']>();
  let preparedCount = 0;
  const loss = new LossWatch(admin);
  let working: Promise<void> = Promise.resolve();

  const relayConsumers = (): ConsumerPlan[] =>
    [...relays.values()].flatMap(({ code, site }) => {
      const sites = [...preparedSites];
      const read = options.relaysRead === 'all' ? sites : sites.filter((own) => own === site);
      return consumersOfRelay(code, read, backoffMs);
    });
  const prepareSites = async (sites: readonly Site[]): Promise<void> => {
    if (sites.length === 0) return;
    for (const plan of sites.flatMap((site) => options.streamsOf(site))) {
      await admin.ensureStream(plan);
      await loss.note(plan.name);
    }
    for (const site of sites) preparedSites.add(site);
    await admin.ensureConsumers(relayConsumers());
  };
  const prepareEntries = async (fresh: readonly RegisteredEntry[]): Promise<void> => {
    const plans = new Map<string, ConsumerPlan>();
    let withRelays = false;
    for (const { entry } of fresh) {
      if (entry.role === 'relay') {
        relays.set(entry.code, entry);
        withRelays = true;
      }
      if (entry.role !== 'agency' || !preparedSites.has(entry.site)) continue;
      // One that opens later gets its inbox now; only what has closed needs none.
      if (entry.validTo !== null && Date.parse(entry.validTo) <= options.now().getTime()) continue;
      for (const plan of consumersOfAgency(entry.code, entry.site, backoffMs)) {
        plans.set(`${plan.stream} ${plan.name}`, plan);
      }
    }
    await admin.ensureConsumers([...plans.values(), ...(withRelays ? relayConsumers() : [])]);
    for (const site of preparedSites) options.onChanged(site);
  };
  const catchUp = async (): Promise<void> => {
    if (await loss.look()) {
      preparedSites.clear();
      preparedCount = 0;
    }
    const added = (await options.hostedSites()).filter((site) => !preparedSites.has(site));
    await prepareSites(added);
    // Agencies of a new site may have been entered before it was hosted.
    if (added.length > 0) preparedCount = 0;
    const fresh = (await options.entries()).slice(preparedCount);
    if (fresh.length === 0) return;
    await prepareEntries(fresh);
    preparedCount += fresh.length;
  };
  return {
    refresh: async () => {
      working = working.catch(() => undefined).then(catchUp);
      await working;
    },
    doubt: () => loss.doubt(),
    onLost: (listener) => loss.onLost(listener),
    settled: async () => await working.catch(() => undefined),
  };
}

/** Knows the streams again by when they were made. */
class LossWatch {
  readonly #admin: Pick<StreamAdmin, 'streamState'>;
  /** Unix milliseconds, by stream. */
  readonly #made = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #isDoubtful = false;

  constructor(admin: Pick<StreamAdmin, 'streamState'>) {
    this.#admin = admin;
  }

  async note(stream: string): Promise<void> {
    const state = await this.#admin.streamState(stream);
    if (state !== undefined) this.#made.set(stream, state.createdAt.getTime());
  }

  doubt(): void {
    this.#isDoubtful = true;
  }

  onLost(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns whether one is gone, or another than before. */
  async look(): Promise<boolean> {
    if (!this.#isDoubtful) return false;
    const lost = await this.#hasLost();
    this.#isDoubtful = false;
    if (!lost) return false;
    this.#made.clear();
    for (const listener of this.#listeners) listener();
    return true;
  }

  async #hasLost(): Promise<boolean> {
    for (const [stream, madeMs] of this.#made) {
      const state = await this.#admin.streamState(stream);
      if (state?.createdAt.getTime() !== madeMs) return true;
    }
    return false;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

import type { Site } from '../agency/tier.ts';
import type { BusMessage } from '../broker/bus-message.ts';
import type { RelayConnection } from '../broker/relay-connection.ts';
import { groupBySite } from './connections.ts';
import { type RelayLog, describeError } from './log.ts';
import { isStorageFailure } from './storage/database.ts';

export interface ReportReadingOptions {
  readonly reports: Pick<RelayConnection, 'reports'>;
  /** Takes what one site reports; what it throws is read again. */
  readonly take: (site: string, messages: readonly BusMessage[]) => Promise<void>;
  readonly now: () => Date;
  readonly log: RelayLog;
}

/** Records of a batch are verified before the next batch; more would only wait in memory. */
const MAX_BATCH_MESSAGES = 500;
/** A commit costs nearly the same whatever it holds: in a rush, what comes within moments shares one. */
const MIN_COMMIT_INTERVAL_MS = 25;
const RESTART_READING_AFTER_MS = 1_000;

/** Reads the reports of sites until it is closed, each site by itself. */
export class ReportReading {
  readonly #options: ReportReadingOptions;
  readonly #readers = new Map<Site, Promise<void>>();
  readonly #pending = new Map<Site, number>();
  /** Sites whose last batch is not taken in: the broker keeps more back until it hears of it. */
  readonly #untaken = new Set<Site>();
  readonly #stop = new AbortController();
  #storageFailing: { readonly since: Date; readonly error: string } | null = null;

  constructor(options: ReportReadingOptions) {
    this.#options = options;
  }

  /** While what comes in cannot be stored: it stays with the broker and is taken when it can be. */
  get storageFailing(): { readonly since: Date; readonly error: string } | null {
    return this.#storageFailing;
  }

  get sites(): readonly Site[] {
    return [...this.#readers.keys()];
  }

  /** Reports that the broker has for us beside those that it handed out last. */
  get pendingCount(): number {
    return [...this.#pending.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Starts a reader for each site that has none yet. */
  read(sites: Iterable<Site>): void {
    if (this.#stop.signal.aborted) return;
    for (const site of sites) {
      if (!this.#readers.has(site)) this.#readers.set(site, this.#readSite(site));
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#readers.values());
  }

  /** What a batch said of those behind it is over: they may have gone without ever coming. */
  #nothingWaits(site: Site): void {
    if (!this.#untaken.has(site)) this.#pending.set(site, 0);
  }

  async #readSite(site: Site): Promise<void> {
    const { signal } = this.#stop;
    const { reports, take, now, log } = this.#options;
    while (!signal.aborted) {
      try {
        const batches = reports.reports(site, {
          signal,
          maxMessages: MAX_BATCH_MESSAGES,
          onIdle: () => this.#nothingWaits(site),
        });
        for await (const batch of batches) {
          const pause = sleep(MIN_COMMIT_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
          this.#pending.set(site, batch.at(-1)?.pendingCount ?? 0);
          this.#untaken.add(site);
          for (const [from, messages] of groupBySite(site, batch)) await take(from, messages);
          this.#untaken.delete(site);
          this.#storageFailing = null;
          await pause;
        }
      } catch (error) {
        if (isStorageFailure(error)) {
          const since = this.#storageFailing?.since ?? now();
          this.#storageFailing = { since, error: String(error).slice(0, 200) };
        }
        log('error', 'reports not read', { site, ...describeError(error) });
      }
      await sleep(RESTART_READING_AFTER_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

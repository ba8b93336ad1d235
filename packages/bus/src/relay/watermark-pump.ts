import { randomUUID } from 'node:crypto';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import type { SignBytes } from '../record/frame.ts';
import type { DirectoryCopy } from './directory-copy.ts';
import { type RelayLog, describeError } from './log.ts';
import type { OnStep } from './step.ts';
import type { Db } from './storage/database.ts';
import type { ReportStore } from './storage/report-store.ts';
import { MAX_MISSING_RANGES_ASKED, composeWatermark } from './watermark.ts';

export interface WatermarkPumpOptions {
  readonly db: Db;
  readonly reports: ReportStore;
  readonly directory: Pick<DirectoryCopy, 'findStored'>;
  readonly relay: AgencyCode;
  readonly relaySite: Site;
  readonly sign: SignBytes;
  readonly publish: (
    subject: string,
    data: Uint8Array,
    options: { messageId: string },
  ) => Promise<unknown>;
  readonly now: () => Date;
  readonly log: RelayLog;
  readonly onStep: OnStep;
}

/** An agency gets at most one watermark in this time; what comes meanwhile goes into the next. */
const WATERMARK_INTERVAL_MS = 1_000;
/** After a failed publish the agency waits this long. */
const RETRY_AFTER_MS = 5_000;
const MAX_IN_FLIGHT = 32;
/** A message of the stream holds 1 MiB; what does not fit is asked for again. */
const MAX_GIVE_BACK_BYTES = 150 * 1024;
const MAX_GIVE_BACKS = 10_000;

/** What is due stands in SQLite, so a restart publishes what a crash left out. */
export class WatermarkPump {
  readonly #options: WatermarkPumpOptions;
  /** Monotonic: a change of the wall clock must not silence anyone. */
  readonly #notBefore = new Map<string, number>();
  /** Agencies that repeated an old report: from the next one on they get their own records back. */
  readonly #givesBack = new Map<string, number>();
  /** Said before the database was put back, the same words would be taken for a repeat. */
  #announcement: string | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WatermarkPumpOptions) {
    this.#options = options;
  }

  /** Publishes what is due, now or when its agency's interval is over. */
  poke(): void {
    if (this.#closed || this.#running !== undefined) return;
    clearTimeout(this.#timer);
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.#options.log('error', 'watermarks failed', describeError(error));
        return RETRY_AFTER_MS;
      })
      .then((waitMs) => {
        this.#running = undefined;
        if (waitMs === undefined || this.#closed) return;
        this.#timer = setTimeout(() => this.poke(), waitMs);
      });
  }

  /** Everything that this process says counts as said for the first time. */
  announce(): void {
    this.#announcement = randomUUID();
  }

  /**
   * An agency sent a report again that the relay has, though later ones are here: it may be an older
   * copy that was put back, so it gets its own later records with the next watermark.
   */
  repeated(agency: string, number: number): void {
    if (number >= this.#options.reports.chain(agency).upTo) return;
    if (this.#givesBack.size >= MAX_GIVE_BACKS) this.#givesBack.clear();
    const before = this.#givesBack.get(agency) ?? 0;
    this.#givesBack.set(agency, Math.max(before, number + 1));
  }

  /** Asks again for missing reports whose last request is as old as that. */
  remind(publishedBefore: Date): void {
    if (this.#options.reports.remindMissing(publishedBefore.getTime()) > 0) this.poke();
  }

  /** Ends after what is being published; the rest is due at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** @returns how long to wait for agencies whose interval is not over; `undefined` when none is due. */
  async #run(): Promise<number | undefined> {
    for (;;) {
      const due = this.#options.reports.watermarksDue();
      if (due.length === 0 || this.#closed) return undefined;
      const now = performance.now();
      const ready = due.filter((agency) => (this.#notBefore.get(agency) ?? 0) <= now);
      if (ready.length === 0) {
        const earliest = Math.min(...due.map((agency) => this.#notBefore.get(agency) ?? 0));
        return Math.max(1, earliest - now);
      }
      // Who is due is read once for all of them: after a restore that is the whole country.
      for (let start = 0; start < ready.length && !this.#closed; start += MAX_IN_FLIGHT) {
        await this.#publishAll(ready.slice(start, start + MAX_IN_FLIGHT));
      }
    }
  }

  async #publishAll(agencies: readonly string[]): Promise<void> {
    const { db, reports, now, onStep } = this.#options;
    const told = await Promise.all(agencies.map((agency) => this.#publish(agency)));
    onStep('watermark.published');
    const mark = db.transaction(() => {
      for (const one of told) {
        if (one !== undefined) {
          reports.watermarkPublished(one.agency, one.revision, now().getTime());
        }
      }
    });
    mark.immediate();
  }

  async #publish(agency: string): Promise<{ agency: string; revision: number } | undefined> {
    const { reports, directory, relay, relaySite, sign, publish, now, log } = this.#options;
    try {
      const to = directory.findStored(agency);
      const chain = reports.chain(agency);
      this.#notBefore.set(agency, performance.now() + WATERMARK_INTERVAL_MS);
      if (to === undefined) return { agency, revision: chain.revision };
      const missing = reports.missing(agency, MAX_MISSING_RANGES_ASKED);
      const firstBack = this.#givesBack.get(agency);
      this.#givesBack.delete(agency);
      const givenBack =
        firstBack === undefined ? [] : reports.recordsFrom(agency, firstBack, MAX_GIVE_BACK_BYTES);
      const salt = firstBack === undefined ? this.#announcement : randomUUID();
      const message = await composeWatermark({
        relay,
        relaySite,
        to,
        chain,
        missing,
        at: now(),
        sign,
        givenBack,
        ...(salt === undefined ? {} : { salt }),
      });
      await publish(message.subject, message.data, { messageId: message.messageId });
      return { agency, revision: chain.revision };
    } catch (error) {
      this.#notBefore.set(agency, performance.now() + RETRY_AFTER_MS);
      log('warn', 'watermark not published', { agency, ...describeError(error) });
      return undefined;
    }
  }
}

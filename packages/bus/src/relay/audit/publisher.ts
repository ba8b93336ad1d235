import { setImmediate } from 'node:timers/promises';

import type { AgencyCode } from '../../agency/code.ts';
import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import { BusError } from '../../errors.ts';
import type { SignBytes } from '../../record/frame.ts';
import type { RelayFigures } from '../figures/types.ts';
import type { RelayLog } from '../log.ts';
import { NO_STEPS, type OnStep } from '../step.ts';
import type { Db } from '../storage/database.ts';
import type { PublicationStore, StoredPublication } from '../storage/publication-store.ts';
import { composePublication, keepHead } from './compose.ts';
import { DEFINITIONS_VERSION } from './definitions.ts';
import { MONTH } from './publication.ts';
import type { PublicationSettings } from './settings.ts';

/** A month is closed this many days after its end unless `relay.json` says otherwise. */
const DEFAULT_CLOSE_AFTER_DAYS = 10;
/** Months this far back are published and corrected by the relay itself; older ones on request. */
const MAX_MONTHS_KEPT_RIGHT = 24;

export interface PublisherOptions {
  readonly db: Db;
  readonly store: PublicationStore;
  readonly figures: RelayFigures;
  readonly relay: AgencyCode;
  readonly sign: SignBytes;
  readonly settings?: PublicationSettings | undefined;
  readonly now: () => Date;
  readonly log: RelayLog;
  readonly onStep?: OnStep;
}

/**
 * Closes months and corrects them.
 *
 * A publication is composed in one transaction, signed, and made public with its signature in another:
 * a process that ends in between finds it prepared and signs it at its next start.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #onStep: OnStep;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#onStep = options.onStep ?? NO_STEPS;
  }

  /** Figures on their way to another place in the directory, or to the next day, are nobody's to sign. */
  isReady(): boolean {
    const { rebuilding = 0, settling } = this.#options.figures.asOf();
    return rebuilding === 0 && settling === undefined;
  }

  /**
   * Closes what is due. With each closing, earlier months whose figures have changed since are
   * corrected: between two closings the published figures stand still.
   *
   * @returns the publications made, oldest first.
   */
  async publishDue(signal?: AbortSignal): Promise<StoredPublication[]> {
    const made = await this.#signPrepared();
    if (!this.isReady()) return made;
    for (const month of this.#dueMonths()) {
      for (const earlier of [...this.#publishedBefore(month), month]) {
        if (signal?.aborted === true) return made;
        made.push(...(await this.#publish(earlier)));
      }
    }
    return made;
  }

  /**
   * Publishes a month that is over now: its first publication, or a correction.
   *
   * @returns `undefined` when nothing has changed since the last one.
   * @throws {@link BusError} `BUS_RELAY_REQUEST_INVALID` for a month that is not over,
   *   `BUS_FIGURES_BEING_BUILT` while figures are on their way to another place or day.
   */
  async publish(month: string): Promise<StoredPublication | undefined> {
    if (!MONTH.test(month))
      throw badMonth(`"${month.slice(0, 20)}" is not a month such as 2026-10`);
    await this.#signPrepared();
    const today = this.#options.figures.asOf().day;
    if (month >= today.slice(0, 7)) throw badMonth(`${month} is not over on ${today}`);
    return (await this.#publish(month)).at(-1);
  }

  async #publish(month: string): Promise<StoredPublication[]> {
    const { db, store, figures } = this.#options;
    const { record } = figures.asOf();
    // In small steps, so that records that come meanwhile need not wait for all of them.
    while (db.transaction(() => store.advanceArrivals(record)).immediate()) await setImmediate();
    const prepare = db.transaction(() => this.#prepare(month));
    if (prepare.immediate()) this.#onStep('month.committed');
    return await this.#signPrepared();
  }

  /** @returns false when a correction would say nothing new. */
  #prepare(month: string): boolean {
    const { db, store, figures, relay, now } = this.#options;
    // Asked inside the transaction: the relay goes on beside a command that publishes.
    if (!this.isReady()) throw notReady(figures.asOf().record);
    const before = store.find(month);
    const last = store.last();
    const attempt = db.transaction(() => {
      const { head, changes } = composePublication(store, figures, {
        relay,
        month,
        revision: (before?.revision ?? 0) + 1,
        sequence: (last?.sequence ?? 0) + 1,
        previous: last?.headSha256 ?? null,
        publishedAt: now(),
        asOf: figures.asOf(),
        definitions: DEFINITIONS_VERSION,
        corrects: before ?? null,
        toldContradiction: last?.contradiction ?? 0,
      });
      if (before !== undefined && changes === 0) throw new NothingChanged();
      keepHead(store, head);
    });
    try {
      attempt(); // nested: a savepoint
      this.#onStep('month.kept');
      return true;
    } catch (error) {
      if (error instanceof NothingChanged) return false;
      throw error;
    }
  }

  async #signPrepared(): Promise<StoredPublication[]> {
    const { db, store, sign, log } = this.#options;
    const made: StoredPublication[] = [];
    for (const prepared of store.unsigned()) {
      const signature = await sign(prepared.head);
      this.#onStep('month.signed');
      db.transaction(() => store.sign(prepared.sequence, signature)).immediate();
      this.#onStep('month.published');
      const { month, revision, sequence } = prepared;
      log('info', 'figures published', { month, revision, sequence });
      made.push({ ...prepared, signature });
    }
    return made;
  }

  #dueMonths(): string[] {
    const { store, now, settings } = this.#options;
    const closeAfterDays = settings?.closeAfterDays ?? DEFAULT_CLOSE_AFTER_DAYS;
    const firstMonth = store.firstMonth();
    if (firstMonth === undefined) return [];
    const closed = new Date(now().getTime() - closeAfterDays * 24 * 60 * 60 * 1_000);
    const open = dateInVietnam(closed).slice(0, 7); // the first month that is not closed yet
    const oldest = monthsFrom(open, -MAX_MONTHS_KEPT_RIGHT);
    const due: string[] = [];
    let month = firstMonth > oldest ? firstMonth : oldest;
    for (; month < open; month = monthsFrom(month, 1)) {
      if (store.find(month) === undefined) due.push(month);
    }
    return due;
  }

  #publishedBefore(month: string): string[] {
    const oldest = monthsFrom(month, -MAX_MONTHS_KEPT_RIGHT);
    const months = new Set(this.#options.store.list().map((one) => one.month));
    return [...months].filter((one) => oldest <= one && one < month).toSorted();
  }
}

/** Ends a transaction whose work is not wanted. */
class NothingChanged extends Error {}

function monthsFrom(month: string, months: number): string {
  const at = new Date(`${month}-01T00:00:00.000Z`);
  at.setUTCMonth(at.getUTCMonth() + months);
  return at.toISOString().slice(0, 7);
}

function notReady(record: number): BusError {
  const said = 'figures are being moved or a new day is being settled; ask again in a while';
  return new BusError('BUS_FIGURES_BEING_BUILT', said, { details: { record } });
}

function badMonth(fault: string): BusError {
  return new BusError('BUS_RELAY_REQUEST_INVALID', fault, { details: { field: 'month' } });
}

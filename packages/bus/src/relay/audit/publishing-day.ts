import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import { describeError } from '../log.ts';
import { PublicationStore } from '../storage/publication-store.ts';
import { Publisher, type PublisherOptions } from './publisher.ts';

/** Lets a relay publish once a day at +07:00, and again until it has succeeded. */
export class PublishingDay {
  readonly #options: Pick<PublisherOptions, 'now' | 'log'>;
  readonly #publisher: Publisher;
  readonly #stop = new AbortController();
  #doneOn = '';
  #running: Promise<void> = Promise.resolve();

  constructor(options: Omit<PublisherOptions, 'store'>) {
    this.#options = options;
    this.#publisher = new Publisher({ ...options, store: new PublicationStore(options.db) });
  }

  /** Costs nothing on a day that is done. Call it now and then; two calls do not overlap. */
  tick(): Promise<void> {
    this.#running = this.#running.then(async () => await this.#tick());
    return this.#running;
  }

  /** Ends between two publications; one that is prepared is signed at the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #tick(): Promise<void> {
    const { now, log } = this.#options;
    const { signal } = this.#stop;
    const day = dateInVietnam(now());
    if (day === this.#doneOn || signal.aborted || !this.#publisher.isReady()) return;
    try {
      await this.#publisher.publishDue(signal);
      // Figures that began to move meanwhile ended it early.
      if (this.#publisher.isReady()) this.#doneOn = day;
    } catch (error) {
      log('error', 'figures not published', describeError(error));
    }
  }
}

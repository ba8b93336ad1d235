import { AGENT_LIMITS } from '../limits.ts';
import type { Log } from '../log.ts';
import type { CommitWatcher } from '../storage/group-commit.ts';
import { type StorageTrouble, freeBytesOf, storageTroubleOf } from '../storage/trouble.ts';
import type { ConditionBook } from './condition.ts';

const FIRST_RETRY_MS = 250;
/** A loop that ran so long after a retry is well again. */
const CALM_MS = 3_000;
/** A clerk's command holds the lock for less. */
const LOCKED_AFTER_MS = 3_000;

export interface StorageGuardOptions {
  readonly conditions: ConditionBook;
  readonly folder: string;
  readonly database: string;
  readonly log: Log;
}

/**
 * Keeps an agent alive while its disk is full or its database locked.
 *
 * Loops that cannot store stop and are tried again, less and less often: so nothing new is taken from
 * the broker, the connection stays, and all goes on by itself when there is room.
 */
export class StorageGuard implements CommitWatcher {
  readonly #options: StorageGuardOptions;
  /** Loops that cannot store now, with what stops them. */
  readonly #stuck = new Map<string, StorageTrouble>();
  #failedMs: number | undefined;

  constructor(options: StorageGuardOptions) {
    this.#options = options;
  }

  failed(trouble: StorageTrouble, error: unknown): void {
    const { conditions, folder, database } = this.#options;
    this.#failedMs = performance.now();
    if (trouble === 'full') conditions.set('DISK_FULL', { folder });
    else if (trouble === 'locked') conditions.set('DATABASE_LOCKED', { file: database });
    else conditions.set('DATABASE_FAILING', { error: briefOf(error) });
  }

  waiting(waitedMs: number): void {
    if (waitedMs < LOCKED_AFTER_MS) return;
    this.#options.conditions.set('DATABASE_LOCKED', { file: this.#options.database });
  }

  succeeded(): void {
    if (![...this.#stuck.values()].includes('locked')) {
      this.#options.conditions.clear('DATABASE_LOCKED');
    }
  }

  /** Looks whether what was wrong is over; called every few seconds. */
  look(): void {
    const { conditions, folder } = this.#options;
    const free = freeBytesOf(folder);
    const hasRoom = free === undefined || free >= AGENT_LIMITS.minFreeBytes;
    if (!hasRoom) {
      conditions.set('DISK_FULL', { folder, free });
      return;
    }
    const calmSinceMs = performance.now() - (this.#failedMs ?? Number.NEGATIVE_INFINITY);
    if (this.#stuck.size > 0 || calmSinceMs < CALM_MS) return;
    conditions.clear('DISK_FULL');
    conditions.clear('DATABASE_FAILING');
    conditions.clear('DATABASE_LOCKED');
  }

  /** Runs `loop` until it ends by itself; rejects for what has nothing to do with storage. */
  async keepGoing(name: string, loop: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const startedMs = performance.now();
      const calm = setTimeout(() => this.#stuck.delete(name), CALM_MS);
      try {
        await loop();
        return;
      } catch (error) {
        const trouble = storageTroubleOf(error);
        if (trouble === undefined) throw error;
        if (signal.aborted) return;
        this.failed(trouble, error);
        if (!this.#stuck.has(name)) {
          const fields = { part: name, trouble, error: briefOf(error) };
          this.#options.log.error(fields, 'cannot store; tried again until it works');
        }
        this.#stuck.set(name, trouble);
        if (performance.now() - startedMs > CALM_MS) attempt = 0;
      } finally {
        clearTimeout(calm);
      }
      const ceiling = Math.min(FIRST_RETRY_MS * 2 ** attempt, AGENT_LIMITS.maxStorageRetryMs);
      await sleep(ceiling * (0.5 + Math.random() / 2), signal);
    }
  }
}

function briefOf(error: unknown): string {
  return String(error).slice(0, 200);
}

export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
  });
}

import { setTimeout as delay } from 'node:timers/promises';

import { BUS_ERRORS, BusError } from '../errors.ts';
import type { ProgressListener } from './progress.ts';
import { type TransferWindow, createWindow } from './window.ts';

/** Ample for a fast line; what is under way stays below 2 MiB. */
export const MAX_TRANSFER_WINDOW = 16;
const DEFAULT_TRANSFER_WINDOW = 4;
/** After so many failures of one chunk in a row its error goes to the caller, who tries later. */
const MAX_CHUNK_ATTEMPTS = 10;
const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 4_000;
/** A chunk that is not there yet may come at any time, and asking costs little. */
export const POLL_MAX_MS = 3_000;

export interface TransferOptions {
  /** Chunks under way at most: 1 on a thin line; the default is 4. */
  readonly window?: number;
  readonly onProgress?: ProgressListener;
  /** Asked before each chunk; while it waits nothing new goes on the line. */
  readonly mayProceed?: () => Promise<void>;
  /** Ends the transfer at the next chunk; what is done stays done. */
  readonly signal?: AbortSignal;
  readonly random?: () => number;
}

/** A transfer that its signal ended is no error: it goes on another time. */
export interface TransferResult {
  readonly finished: boolean;
  /** Bytes of chunks that crossed the line now, repeats included. */
  readonly movedBytes: number;
}

/** What one transfer needs while it runs. */
export interface TransferRun {
  readonly window: TransferWindow;
  readonly stopped: () => boolean;
  /** Does the work for each number in order, as many at once as the window allows. */
  each(numbers: Iterable<number>, work: (number: number) => Promise<void>): Promise<void>;
  /** Repeats what failed for now. @returns `undefined` when the signal came first. */
  retry<T>(request: () => Promise<T>): Promise<T | undefined>;
  /** Waits before attempt `attempt` (from 1), longer each time, or until the signal. */
  pause(attempt: number, maxMs?: number): Promise<void>;
  /** Settles with the promise, or with `undefined` when the signal comes first. */
  orStopped<T>(promise: Promise<T>): Promise<T | undefined>;
  close(): void;
}

export function startTransfer(options: TransferOptions): TransferRun {
  const { signal, mayProceed, random = Math.random } = options;
  const maxWindow = options.window ?? DEFAULT_TRANSFER_WINDOW;
  const window = createWindow(Math.min(Math.max(1, maxWindow), MAX_TRANSFER_WINDOW));
  const ended = new AbortController();
  const stop = (): void => ended.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const stopped = (): boolean => ended.signal.aborted;
  // Not a race with one promise that lasts as long as the transfer: that would keep every chunk.
  const waiting = new Set<() => void>();
  ended.signal.addEventListener('abort', () => {
    for (const release of waiting) release();
  });
  const orStopped = async <T>(promise: Promise<T>): Promise<T | undefined> => {
    const { promise: first, resolve, reject } = Promise.withResolvers<T | undefined>();
    const release = (): void => resolve(undefined);
    waiting.add(release);
    promise.then(resolve, reject);
    if (stopped()) release();
    try {
      return await first;
    } finally {
      waiting.delete(release);
    }
  };
  const pause = async (attempt: number, maxMs = RETRY_MAX_MS): Promise<void> => {
    const longest = Math.min(maxMs, RETRY_BASE_MS * 2 ** (attempt - 1));
    const waitMs = longest * (0.5 + random() / 2);
    await delay(waitMs, undefined, { signal: ended.signal }).catch(() => undefined);
  };
  const retry = async <T>(request: () => Promise<T>): Promise<T | undefined> => {
    for (let attempt = 1; !stopped(); attempt += 1) {
      try {
        const startedMs = performance.now();
        const answer = await orStopped(request());
        window.took(performance.now() - startedMs);
        return answer;
      } catch (error) {
        window.failed();
        if (attempt >= MAX_CHUNK_ATTEMPTS || !isWorthRepeating(error)) throw error;
        await pause(attempt);
      }
    }
    return undefined;
  };
  const each = async (
    numbers: Iterable<number>,
    work: (number: number) => Promise<void>,
  ): Promise<void> => {
    const underWay = new Set<Promise<void>>();
    const failures: unknown[] = [];
    for (const number of numbers) {
      if (mayProceed !== undefined) await orStopped(mayProceed());
      while (underWay.size >= window.size() && failures.length === 0) await Promise.race(underWay);
      if (failures.length > 0 || stopped()) break;
      const one = work(number)
        .catch((error: unknown) => {
          failures.push(error);
          stop(); // what waits for another chunk would wait in vain
        })
        .finally(() => underWay.delete(one));
      underWay.add(one);
    }
    await Promise.all(underWay);
    if (failures.length > 0) throw failures[0];
  };
  const close = (): void => signal?.removeEventListener('abort', stop);
  return { window, stopped, each, retry, pause, orStopped, close };
}

/** These are for the caller to show, and to try again much later. */
const LATER: readonly string[] = ['BUS_STORE_FULL', 'BUS_QUOTA_EXCEEDED', 'BUS_BLOB_INCOMPLETE'];

function isWorthRepeating(error: unknown): boolean {
  if (!(error instanceof BusError) || LATER.includes(error.code)) return false;
  return BUS_ERRORS[error.code].retryable;
}

import { SignerError } from '../errors.ts';

/** Signatures that may wait for a slow key at once; further ones are refused. */
export const MAX_WAITING_SIGNATURES = 10_000;

/** Work for a key that serves few callers at a time; the first to come is the first to be served. */
export interface Lanes {
  /**
   * Runs a job as soon as a lane is free.
   *
   * @throws {@link SignerError} `SIGNER_SIGN_FAILED` when the signal says stop (also while the job
   *   runs: its lane stays taken until it ends), when too many wait, or when the lanes are closed.
   */
  run<T>(job: (lane: number) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Refuses what waits and what comes; resolves when what runs has ended. */
  close(): Promise<void>;
}

interface Waiting {
  readonly start: (lane: number) => void;
  readonly refuse: (error: SignerError) => void;
}

/** Makes lanes; jobs learn which of them, from 0, is theirs. */
export function createLanes(count: number, maxWaiting = MAX_WAITING_SIGNATURES): Lanes {
  const free = Array.from({ length: count }, (_, index) => count - 1 - index);
  const waiting = new Set<Waiting>();
  let isClosed = false;
  let whenIdle: (() => void) | undefined;

  const handOn = (lane: number): void => {
    const [next] = waiting;
    if (next === undefined) {
      free.push(lane);
      if (free.length === count) whenIdle?.();
      return;
    }
    waiting.delete(next);
    next.start(lane);
  };

  return {
    run(job, signal) {
      return new Promise((resolve, reject) => {
        if (isClosed) return reject(failure('the key is closed'));
        if (signal?.aborted === true) return reject(calledOff(signal));
        if (waiting.size >= maxWaiting) {
          return reject(failure(`${maxWaiting} signatures wait for this key already`));
        }
        const stop = (): void => {
          waiting.delete(entry);
          if (signal !== undefined) reject(calledOff(signal));
        };
        const start = (lane: number): void => {
          job(lane)
            .then(resolve, reject)
            .finally(() => {
              signal?.removeEventListener('abort', stop);
              handOn(lane);
            });
        };
        const entry: Waiting = { start, refuse: reject };
        signal?.addEventListener('abort', stop, { once: true });
        const lane = free.pop();
        if (lane === undefined) waiting.add(entry);
        else start(lane);
      });
    },
    async close() {
      isClosed = true;
      for (const entry of waiting) entry.refuse(failure('the key was closed'));
      waiting.clear();
      if (free.length === count) return;
      await new Promise<void>((resolve) => {
        whenIdle = resolve;
      });
    },
  };
}

function failure(message: string): SignerError {
  return new SignerError('SIGNER_SIGN_FAILED', message);
}

/** The error of a signature that its caller no longer wants. */
export function calledOff(signal: AbortSignal): SignerError {
  return new SignerError('SIGNER_SIGN_FAILED', 'the signature was called off', {
    cause: signal.reason,
  });
}

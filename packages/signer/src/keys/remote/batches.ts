import { setImmediate } from 'node:timers/promises';

import { SignerError } from '../../errors.ts';
import { MAX_WAITING_SIGNATURES, calledOff } from '../lanes.ts';

/** How inputs are put together and worked on. */
export interface BatchOptions<Input> {
  /** How many signatures one authorisation may be for. */
  readonly maxCount: number;
  /** Whether two inputs can go into one batch. */
  readonly belongTogether: (a: Input, b: Input) => boolean;
  /** Makes the signatures of a batch, in order; the signal says that nobody waits any more. */
  readonly run: (inputs: readonly Input[], signal: AbortSignal) => Promise<readonly Uint8Array[]>;
}

interface Job<Input> {
  readonly input: Input;
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
  isGone: boolean;
}

/**
 * Collects signatures that are asked for at the same time, or while an earlier batch is under way:
 * the person then confirms once for all of them.
 */
export class Batches<Input> {
  readonly #options: BatchOptions<Input>;
  readonly #waiting: Job<Input>[] = [];
  #running: Promise<void> | undefined;
  #current: { readonly jobs: readonly Job<Input>[]; readonly stop: AbortController } | undefined;
  #isClosed = false;

  constructor(options: BatchOptions<Input>) {
    this.#options = options;
  }

  /** @throws {@link SignerError} `SIGNER_SIGN_FAILED` when called off, closed, or too many wait. */
  async add(input: Input, signal?: AbortSignal): Promise<Uint8Array> {
    if (this.#isClosed) throw failure('the key is closed');
    if (signal?.aborted === true) throw calledOff(signal);
    if (this.#waiting.length >= MAX_WAITING_SIGNATURES) {
      throw failure(`${MAX_WAITING_SIGNATURES} signatures wait for this key already`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const job: Job<Input> = { input, resolve, reject, isGone: false };
    const leave = (): void => {
      if (signal !== undefined) this.#leave(job, signal);
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#waiting.push(job);
    this.#running ??= this.#work();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  /** Refuses what waits and what comes, and calls off what runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const job of this.#waiting.splice(0)) job.reject(failure('the key was closed'));
    this.#current?.stop.abort(failure('the key was closed'));
    await this.#running;
  }

  #leave(job: Job<Input>, signal: AbortSignal): void {
    job.isGone = true;
    const index = this.#waiting.indexOf(job);
    if (index !== -1) this.#waiting.splice(index, 1);
    job.reject(calledOff(signal));
    // A batch goes on as long as anybody waits for it.
    if (this.#current?.jobs.every(({ isGone }) => isGone) === true) {
      this.#current.stop.abort(signal.reason);
    }
  }

  async #work(): Promise<void> {
    await setImmediate(); // those who ask at the same moment go together
    for (let jobs = this.#take(); jobs.length > 0; jobs = this.#take()) {
      const stop = new AbortController();
      this.#current = { jobs, stop };
      await this.#run(jobs, stop.signal);
      this.#current = undefined;
    }
    this.#running = undefined;
  }

  async #run(jobs: readonly Job<Input>[], signal: AbortSignal): Promise<void> {
    try {
      const inputs = jobs.map(({ input }) => input);
      const signatures = await this.#options.run(inputs, signal);
      for (const [index, job] of jobs.entries()) {
        const signature = signatures[index];
        if (signature === undefined) job.reject(failure('a signature is missing'));
        else job.resolve(signature);
      }
    } catch (error) {
      for (const job of jobs) job.reject(error);
    }
  }

  #take(): Job<Input>[] {
    const [first] = this.#waiting;
    if (first === undefined) return [];
    const { belongTogether, maxCount } = this.#options;
    const batch = this.#waiting
      .filter((job) => belongTogether(job.input, first.input))
      .slice(0, maxCount);
    for (const job of batch) this.#waiting.splice(this.#waiting.indexOf(job), 1);
    return batch;
  }
}

function failure(message: string): SignerError {
  return new SignerError('SIGNER_SIGN_FAILED', message);
}

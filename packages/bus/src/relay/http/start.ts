import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { BUS_ERRORS, BusError, type BusErrorCode } from '../../errors.ts';
import { type RelayLog, describeError } from '../log.ts';
import type {
  FromHttp,
  HttpPlace,
  MadeEvidence,
  MakeEvidence,
  RelayState,
  ToHttp,
} from './link.ts';
import type { HttpSide } from './open.ts';

export interface StartHttpOptions extends HttpPlace {
  /** How the relay's process is now; `NOT_RUNNING` where figures are served without one. */
  readonly state: () => RelayState;
  /** Makes evidence files with the relay's key; left out, nobody gets one. */
  readonly evidence?: MakeEvidence;
  readonly log: RelayLog;
}

/** A thread that ended by a fault comes again after so long. */
const RESTART_AFTER_MS = 5_000;
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
);

/**
 * Serves pages and API from a thread of their own.
 *
 * @throws {@link BusError} as `openHttpSide`.
 */
export async function startHttpThread(options: StartHttpOptions): Promise<HttpSide> {
  const thread = new HttpThread(options);
  const url = await thread.start();
  const close = async (): Promise<void> => await thread.close();
  return { url, close, [Symbol.asyncDispose]: close };
}

class HttpThread {
  readonly #options: StartHttpOptions;
  #worker: Worker | undefined;
  #closing = false;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: StartHttpOptions) {
    this.#options = options;
  }

  async start(): Promise<string> {
    const { home, address, certificate, key } = this.#options;
    const worker = new Worker(THREAD, { workerData: { home, address, certificate, key } });
    this.#worker = worker;
    return await new Promise((resolve, reject) => {
      let url: string | undefined;
      worker.on('message', (message: FromHttp) => {
        if (message.kind === 'ready') resolve((url = message.url));
        else if (message.kind === 'failed') reject(failureOf(message));
        else this.#take(worker, message);
      });
      worker.on('error', (error: unknown) => {
        reject(error instanceof Error ? error : new Error(String(error)));
        this.#options.log('error', 'HTTP thread failed', describeError(error));
      });
      worker.on('exit', () => {
        reject(new BusError('BUS_HTTP_FAILED', 'its thread has ended', { details: {} }));
        if (url !== undefined && !this.#closing) this.#startLater();
      });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    const ended = once(worker, 'exit');
    const order: ToHttp = { kind: 'close' };
    worker.postMessage(order);
    await ended;
  }

  #take(worker: Worker, message: FromHttp): void {
    if (message.kind === 'log') this.#options.log(message.level, message.message, message.details);
    if (message.kind === 'ask-evidence') void this.#makeEvidence(worker, message);
    if (message.kind !== 'ask-state') return;
    const answer: ToHttp = { kind: 'state', id: message.id, state: this.#options.state() };
    worker.postMessage(answer);
  }

  async #makeEvidence(
    worker: Worker,
    {
      id,
      document,
      from,
    }: { readonly id: number; readonly document: string; readonly from: string },
  ): Promise<void> {
    const { evidence, log } = this.#options;
    let made: MadeEvidence | null = null;
    try {
      made = (await evidence?.(document, from)) ?? null;
    } catch (error) {
      log('error', 'evidence not made', describeError(error));
    }
    const answer: ToHttp = { kind: 'evidence', id, made };
    worker.postMessage(answer);
  }

  #startLater(): void {
    this.#worker = undefined;
    this.#restart = setTimeout(() => {
      this.start().catch((error: unknown) => {
        this.#options.log('error', 'HTTP thread not started again', describeError(error));
        if (!this.#closing) this.#startLater();
      });
    }, RESTART_AFTER_MS);
  }
}

function failureOf({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): BusError {
  return new BusError(isBusCode(code) ? code : 'BUS_HTTP_FAILED', message, { details: {} });
}

function isBusCode(code: string): code is BusErrorCode {
  return Object.hasOwn(BUS_ERRORS, code);
}

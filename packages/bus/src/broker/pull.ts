import { setTimeout as delay } from 'node:timers/promises';

import {
  type Msg,
  type NatsConnection,
  type Subscription,
  createInbox,
} from '@nats-io/transport-node';

import { type BusMessage, type PulledMessage, readBusMessage } from './bus-message.ts';
import type { Connection } from './connection.ts';

export interface PullOptions {
  readonly stream: string;
  readonly consumer: string;
  /** Largest batch that is handed over at once. */
  readonly maxMessages: number;
  /** What may wait in memory, and lie on the line ahead of anything else. */
  readonly maxBytes: number;
  /** A heartbeat came while nothing waits here: the broker has handed out all that it may. */
  readonly onIdle?: () => void;
  readonly signal: AbortSignal;
}

export const DEFAULT_BATCH_MESSAGES = 500;
/** A pull of more than 64 MB makes the server drop the client as a slow one; stay far below. */
export const DEFAULT_BATCH_BYTES = 8 * 1024 * 1024;
/** One message must fit, or a pull would be refused for ever. */
const MIN_BATCH_BYTES = 1024 * 1024 + 64 * 1024;
const PULL_EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 5_000;
/** Two heartbeats missing: the request was lost on the way or by a restart. */
const SILENCE_MS = 2 * HEARTBEAT_MS + 2_000;
const RETRY_MS = 500;
/**
 * A request given up at once is kept this long first, and what it still brings goes back. The
 * server looks up who asked some time after the request came; if the inbox is gone by then, it
 * sends up to a whole batch into the void, to come again only after the acknowledgement time
 * (seen on 2.9.10 and 2.15.2, through the import of the agencies' account).
 */
const LINGER_MS = 300;
const NANOS_PER_MS = 1_000_000;

/**
 * Hands out the messages of a durable consumer in batches: it waits for one message, then takes
 * all that have arrived. Restarts of the server and lost connections only make it wait longer.
 *
 * The client library's own `consume` is not used because the agencies' account cannot ask for
 * CONSUMER.INFO, and because there a pull that ends on its byte limit waits for missed heartbeats.
 *
 * @returns when `signal` is aborted or the connection is closed.
 */
export async function* pullBatches(
  connection: Connection,
  options: PullOptions,
): AsyncGenerator<readonly BusMessage[], void> {
  if (options.signal.aborted) return;
  const puller = new Puller(connection, options);
  try {
    for (;;) {
      const batch = await puller.next();
      if (batch === undefined) return;
      yield batch;
    }
  } finally {
    puller.stop();
  }
}

/** One pull request at the broker at a time; what it delivers waits here until it is taken. */
class Puller {
  readonly #connection: Connection;
  readonly #nats: NatsConnection;
  readonly #options: PullOptions;
  readonly #maxBytes: number;
  readonly #waiting: PulledMessage[] = [];
  #waitingBytes = 0;
  #request: PullRequest | undefined;
  #retry: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};
  #stopped = false;
  #lingering: Promise<void> = Promise.resolve();
  #refilling: NodeJS.Immediate | undefined;
  readonly #forgetStatus: () => void;
  readonly #forgetClose: () => void;
  readonly #onAbort = () => this.stop();

  constructor(connection: Connection, options: PullOptions) {
    this.#connection = connection;
    this.#nats = connection.nats;
    this.#options = options;
    this.#maxBytes = Math.max(options.maxBytes, MIN_BATCH_BYTES);
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#forgetStatus = connection.onStatus((status) => {
      // A request does not survive the connection it was made on.
      this.#endRequest();
      if (status === 'connected') this.#refill();
      else if (this.#nats.isClosed()) this.stop();
    });
    this.#forgetClose = connection.beforeClose(async () => {
      this.stop();
      await this.#lingering;
    });
    this.#refill();
  }

  async next(): Promise<readonly BusMessage[] | undefined> {
    this.#refill();
    while (this.#waiting.length === 0) {
      if (this.#stopped) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#stopped) return undefined;
    const batch = this.#waiting.splice(0, this.#options.maxMessages);
    for (const message of batch) this.#waitingBytes -= message.data.length;
    // Later, since the receiver may be about to stop: a request given up at once costs something.
    clearImmediate(this.#refilling);
    this.#refilling = setImmediate(() => this.#refill());
    return batch;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#forgetStatus();
    clearImmediate(this.#refilling);
    this.#endRequest();
    // Until the last inbox is gone, closing the connection waits for it.
    void this.#lingering.then(() => this.#forgetClose());
    // What nobody took comes again at once instead of after the acknowledgement time.
    for (const message of this.#waiting.splice(0)) message.release();
    this.#wake();
  }

  #endRequest(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#request !== undefined) this.#lingering = this.#request.cancel();
    this.#request = undefined;
  }

  /** Asks for more when nothing is asked for and at least half of the room is free. */
  #refill(): void {
    if (this.#stopped || this.#request !== undefined || this.#retry !== undefined) return;
    if (this.#connection.status() !== 'connected') return;
    const room = this.#options.maxMessages - this.#waiting.length;
    const roomBytes = this.#maxBytes - this.#waitingBytes;
    if (room <= 0 || room * 2 < this.#options.maxMessages || roomBytes * 2 < this.#maxBytes) return;
    const request = new PullRequest(this.#connection, this.#options, room, roomBytes, {
      message: (message) => this.#take(message),
      heartbeat: () => {
        if (this.#waiting.length === 0) this.#options.onIdle?.();
      },
      ended: (delayMs) => {
        if (this.#request !== request) return;
        this.#request = undefined;
        if (delayMs === 0) return this.#refill();
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          this.#refill();
        }, delayMs);
      },
    });
    this.#request = request;
  }

  #take(message: PulledMessage): void {
    this.#waiting.push(message);
    this.#waitingBytes += message.data.length;
    this.#wake();
  }
}

interface PullEvents {
  message(message: PulledMessage): void;
  /** Nothing came for {@link HEARTBEAT_MS}. */
  heartbeat(): void;
  /** The request is over; the next one may follow after this many milliseconds. */
  ended(delayMs: number): void;
}

/** One `CONSUMER.MSG.NEXT` with an inbox of its own, so that a late answer cannot be mistaken. */
class PullRequest {
  readonly #nats: NatsConnection;
  readonly #options: PullOptions;
  readonly #subscription: Subscription;
  readonly #events: PullEvents;
  readonly #startedMs = performance.now();
  #left: number;
  #over = false;
  /** What came after the request was given up. */
  readonly #late: PulledMessage[] = [];
  #received = 0;
  #silence: NodeJS.Timeout;

  constructor(
    connection: Connection,
    options: PullOptions,
    batch: number,
    maxBytes: number,
    events: PullEvents,
  ) {
    const { nats } = connection;
    this.#nats = nats;
    this.#options = options;
    this.#events = events;
    this.#left = batch;
    const inbox = createInbox(connection.inboxPrefix);
    this.#subscription = nats.subscribe(inbox, {
      callback: (error, message) =>
        error === null ? this.#onMessage(message) : this.#end(RETRY_MS),
    });
    this.#silence = setTimeout(() => this.#end(0), SILENCE_MS);
    const request = {
      batch,
      max_bytes: maxBytes,
      expires: PULL_EXPIRES_MS * NANOS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`;
    nats.publish(subject, JSON.stringify(request), { reply: inbox });
  }

  /** Gives the request up. @returns when its inbox is gone. */
  async cancel(): Promise<void> {
    this.#over = true;
    clearTimeout(this.#silence);
    const youngFor = this.#startedMs + LINGER_MS - performance.now();
    if (youngFor > 0 && !this.#nats.isClosed()) await delay(youngFor);
    if (!this.#nats.isClosed()) this.#subscription.unsubscribe();
    // Only now: while the inbox is there, the broker would hand it the same messages again.
    for (const message of this.#late.splice(0)) message.release();
  }

  #end(delayMs: number): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#silence);
    if (!this.#nats.isClosed()) this.#subscription.unsubscribe();
    this.#events.ended(delayMs);
  }

  #onMessage(message: Msg): void {
    const taken = readBusMessage(this.#nats, message, this.#options);
    if (this.#over) {
      if (taken !== undefined) this.#late.push(taken);
      return;
    }
    this.#silence.refresh();
    if (taken === undefined) return this.#onStatus(message.headers?.code ?? 0);
    this.#received += 1;
    this.#left -= 1;
    this.#events.message(taken);
    if (this.#left === 0) this.#end(0);
  }

  #onStatus(code: number): void {
    if (code === 100) return this.#events.heartbeat();
    // 404 and 408: nothing came in time. 409: the byte limit is reached, or the consumer is gone.
    const wentWell = code === 408 || (code === 409 && this.#received > 0);
    this.#end(wentWell ? 0 : RETRY_MS);
  }
}

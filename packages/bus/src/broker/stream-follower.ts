import { AckPolicy, DeliverPolicy, type JetStreamManager, ReplayPolicy } from '@nats-io/jetstream';
import { type Msg, createInbox } from '@nats-io/transport-node';

import type { Connection } from './connection.ts';

/** What a stream tells about a message without handing out its body. */
export interface StoredHead {
  readonly subject: string;
  readonly streamSeq: number;
  /** Of body and headers; chunks have none of these. */
  readonly bytes: number;
  readonly storedMs: number;
  /** The message of another stream that this one was filled from; `null` for one published here. */
  readonly origin: { readonly stream: string; readonly streamSeq: number } | null;
}

export interface FollowOptions {
  readonly stream: string;
  readonly filterSubject?: string;
  /** The first sequence wanted. */
  readonly fromSeq: number;
  readonly onHead: (head: StoredHead) => void;
  /** Everything that was there has been told; called again after each break. */
  readonly onCaughtUp?: () => void;
  /** The broker did not let us read now; it is tried again. */
  readonly onError?: (error: Error) => void;
  readonly signal: AbortSignal;
}

const PULL_BATCH = 1_000;
const PULL_EXPIRES_MS = 20_000;
/** While something is there it comes at once. */
const CATCH_UP_EXPIRES_MS = 1_000;
/** Longer than a pull: the answer was lost on the way. */
const SILENCE_MS = PULL_EXPIRES_MS + 5_000;
/** The broker forgets the reader when it is gone. */
const INACTIVE_MS = 60_000;
const RETRY_MS = 1_000;
const NANOS_PER_MS = 1_000_000;
const ACK_TOKENS = 9;
const SIZE_HEADER = 'Nats-Msg-Size';
/** Colon, blank and line end. */
const HEADER_LINE_BYTES = 4;

type Pulled = 'more' | 'gone';

/**
 * Tells of every message of a stream, from one sequence on and as they come, without their bodies.
 * It keeps no state at the broker: after a break it goes on behind the last sequence it told.
 *
 * @returns when the signal ends it; it never rejects.
 */
export async function followStream(
  connection: Connection,
  manager: JetStreamManager,
  options: FollowOptions,
): Promise<void> {
  let nextSeq = options.fromSeq;
  const onHead = (head: StoredHead): void => {
    nextSeq = head.streamSeq + 1;
    options.onHead(head);
  };
  while (!options.signal.aborted) {
    try {
      await whenConnected(connection, options.signal);
      if (options.signal.aborted) return;
      const { name, pendingCount } = await makeReader(manager, options, nextSeq);
      await readAll(connection, name, pendingCount, { ...options, onHead });
    } catch (error) {
      if (connection.status() === 'connected' && error instanceof Error) options.onError?.(error);
    }
    await pause(options.signal);
  }
}

/**
 * @returns when the reader has to be made anew: also when the messages that it began with went before
 *   they were told (too old, or deleted), so that a new one says how many are left.
 */
async function readAll(
  connection: Connection,
  consumer: string,
  pendingCount: number,
  options: FollowOptions,
): Promise<void> {
  let isCaughtUp = pendingCount === 0;
  let toldCount = 0;
  const onHead = (head: StoredHead): void => {
    toldCount += 1;
    options.onHead(head);
  };
  const onCaughtUp = (): void => {
    isCaughtUp = true;
    options.onCaughtUp?.();
  };
  if (isCaughtUp) onCaughtUp();
  for (;;) {
    const toldBefore = toldCount;
    const expiresMs = isCaughtUp ? PULL_EXPIRES_MS : CATCH_UP_EXPIRES_MS;
    const pulled = await pull(connection, consumer, expiresMs, { ...options, onHead, onCaughtUp });
    if (pulled === 'gone' || (!isCaughtUp && toldCount === toldBefore)) return;
  }
}

/** Everything that a stream holds now, without the bodies; throws what `onError` would be told. */
export async function listHeads(
  connection: Connection,
  manager: JetStreamManager,
  options: Pick<FollowOptions, 'stream' | 'filterSubject'>,
): Promise<StoredHead[]> {
  const heads: StoredHead[] = [];
  const ended = new AbortController();
  let failure: Error | undefined;
  await followStream(connection, manager, {
    ...options,
    fromSeq: 0,
    onHead: (head) => heads.push(head),
    onCaughtUp: () => ended.abort(),
    onError: (error) => {
      failure = error;
      ended.abort();
    },
    signal: ended.signal,
  });
  if (failure !== undefined) throw failure;
  return heads;
}

/** How many messages of a stream have such a subject now; the server counts. */
export async function countMessages(
  manager: JetStreamManager,
  stream: string,
  filterSubject: string,
): Promise<number> {
  const options = { stream, filterSubject };
  const { name, pendingCount } = await makeReader(manager, options, 0);
  await manager.consumers.delete(stream, name);
  return pendingCount;
}

async function makeReader(
  manager: JetStreamManager,
  options: Pick<FollowOptions, 'stream' | 'filterSubject'>,
  nextSeq: number,
) {
  const { stream, filterSubject } = options;
  const start =
    nextSeq > 1
      ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: nextSeq }
      : { deliver_policy: DeliverPolicy.All };
  const info = await manager.consumers.add(stream, {
    ...start,
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    headers_only: true,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
    ...(filterSubject === undefined ? {} : { filter_subject: filterSubject }),
  });
  return { name: info.name, pendingCount: info.num_pending };
}

/** One request for messages. @returns `gone` when the reader has to be made anew. */
async function pull(
  { nats, inboxPrefix, onStatus }: Connection,
  consumer: string,
  expiresMs: number,
  options: FollowOptions,
): Promise<Pulled> {
  const { promise, resolve } = Promise.withResolvers<Pulled>();
  const inbox = createInbox(inboxPrefix);
  const silence = setTimeout(() => resolve('gone'), SILENCE_MS);
  let left = PULL_BATCH;
  const take = (message: Msg): void => {
    const read = readHead(message);
    if (read === undefined) {
      const code = message.headers?.code ?? 0;
      // 404 and 408: nothing came in time.
      if (code !== 100) resolve(code === 404 || code === 408 ? 'more' : 'gone');
      return;
    }
    options.onHead(read.head);
    if (read.pendingCount === 0) options.onCaughtUp?.();
    left -= 1;
    if (left === 0) resolve('more');
  };
  const subscription = nats.subscribe(inbox, {
    callback: (error, message) => (error === null ? take(message) : resolve('gone')),
  });
  const forget = onStatus(() => resolve('gone'));
  const onAbort = (): void => resolve('gone');
  options.signal.addEventListener('abort', onAbort, { once: true });
  // It may have been aborted while the reader was made: then no event comes any more.
  if (options.signal.aborted) onAbort();
  const request = { batch: PULL_BATCH, expires: expiresMs * NANOS_PER_MS };
  try {
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${consumer}`;
    nats.publish(subject, JSON.stringify(request), { reply: inbox });
    return await promise;
  } finally {
    clearTimeout(silence);
    forget();
    options.signal.removeEventListener('abort', onAbort);
    if (!nats.isClosed()) subscription.unsubscribe();
  }
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<streamSeq>.<consumerSeq>.<storedAtNanos>.<pending>` */
function readHead(message: Msg): { head: StoredHead; pendingCount: number } | undefined {
  const tokens = message.reply?.startsWith('$JS.ACK.') ? message.reply.split('.') : [];
  const [streamSeq, , nanos, pending] = tokens.slice(-4);
  if (tokens.length < ACK_TOKENS || !/^\d{1,19}$/.test(nanos ?? '')) return undefined;
  const head = {
    subject: message.subject,
    streamSeq: Number(streamSeq),
    bytes: sizeOf(message),
    storedMs: Math.floor(Number(nanos) / NANOS_PER_MS),
    origin: readOrigin(message.headers?.get('Nats-Stream-Source') ?? ''),
  };
  return { head, pendingCount: Number(pending) };
}

/**
 * The server appends the length of the body to the headers that the sender wrote, so only the last
 * one is its word: a sender could write the same name before it, or put what it has into headers.
 */
function sizeOf({ headers }: Msg): number {
  let bytes = Number(headers?.values(SIZE_HEADER).at(-1) ?? 0);
  for (const key of headers?.keys() ?? []) {
    const values = headers?.values(key) ?? [];
    for (const value of key === SIZE_HEADER ? values.slice(0, -1) : values) {
      bytes += Buffer.byteLength(key) + Buffer.byteLength(value) + HEADER_LINE_BYTES;
    }
  }
  return bytes;
}

/** `<stream>:<hash of its address> <sequence>`, and more words from newer servers. */
function readOrigin(header: string): StoredHead['origin'] {
  const [name = '', streamSeq = ''] = header.split(' ');
  const [stream = ''] = name.split(':');
  return stream === '' || !/^\d{1,19}$/.test(streamSeq)
    ? null
    : { stream, streamSeq: Number(streamSeq) };
}

async function whenConnected(connection: Connection, signal: AbortSignal): Promise<void> {
  if (connection.status() === 'connected') return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const forget = connection.onStatus((status) => {
    if (status === 'connected' || connection.nats.isClosed()) resolve();
  });
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  await promise;
  signal.removeEventListener('abort', onAbort);
  forget();
}

async function pause(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, RETRY_MS);
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', onAbort);
}

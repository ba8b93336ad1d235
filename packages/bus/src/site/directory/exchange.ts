import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { BusMessage } from '../../broker/bus-message.ts';
import type { SiteDirectory } from '../../broker/site-directory.ts';
import type { SiteFiles } from '../../broker/site-files.ts';
import type { StreamAdmin } from '../../broker/stream-admin.ts';
import type { EntryKey } from '../../directory/ledger.ts';
import { describeRefusals } from '../../directory/read-on.ts';
import { BusError } from '../../errors.ts';
import {
  directoryEntrySubject,
  parseDirectoryEntrySubject,
} from '../../subject/directory-subject.ts';
import { joinCalls } from '../join-calls.ts';
import type { Registry } from '../registry.ts';
import { findPublished, isSame } from './find-published.ts';

/** A registrar's folder, and where its entries and those of others are on the bus. */
export interface ExchangedDirectory {
  readonly directory: Pick<SiteDirectory, 'putEntry' | 'readEntry' | 'entryBatches'> &
    Pick<SiteFiles, 'purgeMessages'>;
  readonly admin: Pick<StreamAdmin, 'ensureConsumers' | 'consumerStates' | 'deleteConsumer'>;
  readonly registry: Registry;
  /** Takes what this registrar signs to the other sites. */
  readonly outStream: string;
  /** Brings what others sign; the stream before where all are on one broker. */
  readonly inStream: string;
  readonly onError: (error: Error) => void;
  readonly now: () => Date;
}

export interface DirectoryExchangeOptions extends ExchangedDirectory {
  /** Entries were taken in. */
  readonly onTaken: () => void;
}

/** Hands this registrar's entries to the other sites, and takes in theirs. */
export interface DirectoryExchange {
  /**
   * Publishes what is not out yet. One after the other, however many ask. Nothing goes out any more
   * when the bus has another entry under a number of this registrar: that is told as
   * `BUS_DIRECTORY_FORKED`.
   */
  publish(): Promise<void>;
  /** Has what was refused since the last time come past again: somebody else is believed now. */
  readAgain(): void;
  /** The streams were made anew: all goes out again, and all is read again. */
  startAnew(): void;
  stop(): Promise<void>;
}

const CONSUMER = 'registry';
const CONSUMER_BACKOFF_MS: readonly number[] = [5_000, 30_000, 120_000];
const MAX_ACK_PENDING = 5_000;
const RETRY_MS = 1_000;
/** Who puts something there again and again is still at work. */
const MAX_PUTS = 3;
const FETCH_ENTRIES = 500;
/** A directory of 120,000 comes past in a fraction of it. */
const REPLAY_MS = 600_000;

/** Runs until `stop`; a broker that cannot be reached only makes it wait. */
export function runDirectoryExchange(options: DirectoryExchangeOptions): DirectoryExchange {
  const stop = new AbortController();
  let published: number | undefined;
  /** Streams that were made anew have nothing of what went out before. */
  let generation = 0;
  let forked = false;
  let publishing: Promise<void> = Promise.resolve();

  /** Told once. Only a person can say what becomes of it, so nothing goes out; a start looks again. */
  const endAtFork = (error: unknown): void => {
    if (!isFork(error)) throw error;
    if (!forked) options.onError(error);
    forked = true;
  };
  const publish = joinCalls(async () => {
    if (forked) return;
    const { registry } = options;
    const { registrar } = registry;
    const putNext = async (sequence: number, messageId?: string): Promise<boolean> => {
      const record = registry.record({ registrar, sequence });
      if (record === undefined) return false;
      await putOut({ registrar, sequence }, record, options, messageId);
      return true;
    };
    try {
      const mark = await registry.busMark();
      if (mark !== undefined && mark.awaits !== null) {
        // What the folder lacks comes first; until then one entry goes out, as the sign awaited.
        await putNext(1, mark.awaits);
        return;
      }
      const own = generation;
      const isOver = (): boolean => stop.signal.aborted || forked || own !== generation;
      let last = published ?? (await findPublished(options));
      while (!isOver() && (await putNext(last + 1))) last += 1;
      if (own === generation) published = last;
      if (mark === undefined && last > 0) await registry.setBusMark({ awaits: null });
    } catch (error) {
      endAtFork(error);
    }
  });
  const reading = new EntryReading({ ...options, endAtFork }, stop.signal);
  const ended = reading.run();
  return {
    publish: async () => {
      publishing = publish();
      await publishing;
    },
    readAgain: () => reading.again(),
    startAnew: () => {
      published = undefined;
      generation += 1;
      reading.startAnew();
    },
    stop: async () => {
      stop.abort();
      await publishing.catch(() => undefined);
      await ended;
    },
  };
}

/**
 * Has every entry on the bus come past this folder again, for it may have been put back from an
 * older copy; what it knows costs little. Where it lacks entries of its own registrar they are taken
 * back before this returns, after those of others that they build on. To be called before another
 * one is signed, or it would get their number.
 *
 * @throws {@link BusError} `BUS_REQUEST_UNANSWERED` when the broker stops handing out entries.
 */
export async function takeBackOwn(options: ExchangedDirectory): Promise<void> {
  const { directory, registry, outStream } = options;
  await forgetWhatWasRead(options);
  await noticeLoss(options);
  const { copy, registrar } = registry;
  const next = { registrar, sequence: copy.readUpTo(registrar) + 1 };
  if ((await directory.readEntry(outStream, next)) === undefined) return;
  try {
    await replay(options);
    while ((await takeSentBack(options)) > 0);
  } catch (error) {
    // It is told where publishing begins.
    if (!isFork(error)) throw error;
  }
}

/**
 * A stream without the first entry, which had been there, was made anew: other sites alone may have
 * what was entered since the folder's copy.
 */
async function noticeLoss(options: ExchangedDirectory): Promise<void> {
  const { directory, registry, outStream } = options;
  const first = { registrar: registry.registrar, sequence: 1 };
  const record = registry.record(first);
  if (record === undefined || (await registry.busMark()) === undefined) return;
  const sent = await directory.readEntry(outStream, first);
  if (sent === undefined || !isSame(sent, record)) {
    await registry.setBusMark({ awaits: randomUUID() });
  }
}

/** Takes in what the stream holds now. */
async function replay(options: ExchangedDirectory): Promise<void> {
  const { admin, directory, inStream } = options;
  await ensureConsumer(options);
  const states = await admin.consumerStates(inStream);
  if (states.find(({ name }) => name === CONSUMER)?.pendingCount === 0) return;
  const signal = AbortSignal.timeout(REPLAY_MS);
  for await (const batch of directory.entryBatches(inStream, CONSUMER, signal)) {
    await takeBatch(options, batch);
    if (batch.at(-1)?.pendingCount === 0) return;
  }
  throw new BusError('BUS_REQUEST_UNANSWERED', `${inStream} stopped handing out entries`, {
    details: { stream: inStream },
  });
}

/** @returns how many were missing. */
async function takeSentBack(options: ExchangedDirectory): Promise<number> {
  const { directory, registry, outStream } = options;
  const { copy, registrar } = registry;
  const records: Uint8Array[] = [];
  // The last one that is here, too: where it is another one on the bus, nothing may follow it.
  for (let sequence = Math.max(copy.readUpTo(registrar), 1); records.length < FETCH_ENTRIES;) {
    const record = await directory.readEntry(outStream, { registrar, sequence });
    if (record === undefined) break;
    records.push(record);
    sequence += 1;
  }
  return await takeBack(records, options);
}

/**
 * Hands out one entry. What others put under its number on this server is told and removed, or
 * nobody would get to know of the entry.
 *
 * @throws {@link BusError} `BUS_DIRECTORY_FORKED` when the registrar itself signed another one.
 */
async function putOut(
  key: EntryKey,
  record: Uint8Array,
  options: ExchangedDirectory,
  messageId?: string,
): Promise<void> {
  const { directory, outStream, registry, onError } = options;
  const { registrar, sequence } = key;
  for (let attempt = 1; attempt <= MAX_PUTS; attempt += 1) {
    if ((await directory.putEntry(key, record, messageId)) === 'stored') return;
    const sent = await directory.readEntry(outStream, key);
    if (sent === undefined) continue;
    if (isSame(sent, record)) return;
    await registry.takeBack([sent], options.now());
    onError(refusedEntries(`in the name of ${registrar}: something else is at ${sequence}`, 1));
    await directory.purgeMessages(outStream, directoryEntrySubject(key));
  }
  throw new BusError(
    'BUS_PUBLISH_UNACKED',
    `somebody keeps taking the place of entry ${sequence}`,
    {
      details: { stream: outStream, sequence },
    },
  );
}

interface ReadingOptions extends DirectoryExchangeOptions {
  /** @throws what is no fork. */
  readonly endAtFork: (error: unknown) => void;
}

/** Takes in what others publish, until `signal` says stop. */
class EntryReading {
  readonly #options: ReadingOptions;
  readonly #signal: AbortSignal;
  #round = new AbortController();
  /** What was refused before the start is not known. */
  #hasRefused = true;
  #startsAnew = false;

  constructor(options: ReadingOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  again(): void {
    if (this.#hasRefused) this.startAnew();
  }

  startAnew(): void {
    this.#hasRefused = false;
    this.#startsAnew = true;
    this.#round.abort();
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      this.#round = new AbortController();
      const signal = AbortSignal.any([this.#signal, this.#round.signal]);
      try {
        if (this.#startsAnew) await this.#forget();
        await this.#read(signal);
      } catch (error) {
        if (error instanceof Error && !this.#signal.aborted) this.#options.onError(error);
      }
      await sleep(RETRY_MS, undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { directory, inStream, endAtFork, onTaken, onError } = this.#options;
    await ensureConsumer(this.#options);
    const heard = { ...this.#options, onError: (error: Error) => this.#hear(error, onError) };
    for await (const batch of directory.entryBatches(inStream, CONSUMER, signal)) {
      if ((await takeBatch(heard, batch, endAtFork)) > 0) onTaken();
    }
  }

  async #forget(): Promise<void> {
    this.#startsAnew = false;
    try {
      await forgetWhatWasRead(this.#options);
    } catch (error) {
      this.#startsAnew = true;
      throw error;
    }
  }

  #hear(error: Error, onError: (error: Error) => void): void {
    this.#hasRefused = true;
    onError(error);
  }
}

/** What is read from then on begins with the first entry; what is known costs little. */
async function forgetWhatWasRead({ admin, inStream }: ExchangedDirectory): Promise<void> {
  const states = await admin.consumerStates(inStream);
  if (states.some(({ name }) => name === CONSUMER)) await admin.deleteConsumer(inStream, CONSUMER);
}

async function ensureConsumer({ admin, inStream }: ExchangedDirectory): Promise<void> {
  await admin.ensureConsumers([
    {
      stream: inStream,
      name: CONSUMER,
      filterSubject: 'vb.directory.entry.*.*',
      maxAckPending: MAX_ACK_PENDING,
      backoffMs: CONSUMER_BACKOFF_MS,
    },
  ]);
}

/** @returns how many are new. */
async function takeBatch(
  options: ExchangedDirectory,
  batch: readonly BusMessage[],
  onFault: (error: unknown) => void = throwIt,
): Promise<number> {
  const { registry } = options;
  const isOwn = (subject: string): boolean =>
    parseDirectoryEntrySubject(subject)?.registrar === registry.registrar;
  const others = batch.filter(({ subject }) => !isOwn(subject));
  const own = batch.filter(({ subject }) => isOwn(subject));
  let added = await takeIn(
    others.map(({ data }) => data),
    options,
  );
  try {
    added += await takeBack(
      own.map(({ data }) => data),
      options,
    );
    const mark = own.length > 0 ? await registry.busMark() : undefined;
    const awaits = mark?.awaits ?? undefined;
    // All that stood in the exchange before it has come.
    if (awaits !== undefined && own.some(({ messageId }) => messageId === awaits)) {
      await registry.setBusMark({ awaits: null });
    }
  } catch (error) {
    onFault(error);
  }
  // What builds on entries of the root that are still on the way waits in the registry. Left with the
  // broker, entries that name what never comes would take all places and freeze the directory here.
  for (const message of batch) message.ack();
  return added;
}

function throwIt(error: unknown): never {
  throw error;
}

function isFork(error: unknown): error is BusError {
  return error instanceof BusError && error.code === 'BUS_DIRECTORY_FORKED';
}

/** Takes in what others signed. @returns how many are new. */
async function takeIn(
  records: readonly Uint8Array[],
  { registry, onError, now }: ExchangedDirectory,
): Promise<number> {
  const { added, refused } = await registry.takeIn(records, now());
  const refusals = describeRefusals(refused);
  if (refusals !== undefined)
    onError(refusedEntries(`of other registrars: ${refusals}`, refused.length));
  return added;
}

/** Takes back what was signed here. @returns how many were missing. */
async function takeBack(
  records: readonly Uint8Array[],
  options: ExchangedDirectory,
): Promise<number> {
  const { registry, onError, now } = options;
  const { added, refused } = await registry.takeBack(records, now());
  const [first] = refused;
  if (first !== undefined)
    onError(refusedEntries(`in the name of ${registry.registrar}: ${first}`, refused.length));
  // The root's own are what entries of others may have waited for.
  return added === 0 ? 0 : added + (await takeIn([], options));
}

function refusedEntries(which: string, count: number): BusError {
  return new BusError('BUS_DIRECTORY_ENTRY_REFUSED', `entries ${which}`, { details: { count } });
}

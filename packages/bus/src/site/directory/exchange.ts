import { setTimeout as sleep } from 'node:timers/promises';

import type { AgencyCode } from '../../agency/code.ts';
import type { SiteDirectory } from '../../broker/site-directory.ts';
import type { StreamAdmin } from '../../broker/stream-admin.ts';
import type { EntryKey } from '../../directory/ledger.ts';
import { describeRefusals } from '../../directory/read-on.ts';
import { BusError } from '../../errors.ts';
import { parseDirectoryEntrySubject } from '../../subject/directory-subject.ts';
import { joinCalls } from '../join-calls.ts';
import type { Registry } from '../registry.ts';
import { forkedFolder } from './own-entries.ts';

/** A registrar's folder, and where its entries and those of others are on the bus. */
export interface ExchangedDirectory {
  readonly directory: Pick<SiteDirectory, 'putEntry' | 'readEntry' | 'entryBatches'>;
  readonly registry: Registry;
  /** Takes what this registrar signs to the other sites. */
  readonly outStream: string;
  /** Brings what others sign; the stream before where all are on one broker. */
  readonly inStream: string;
  readonly onError: (error: Error) => void;
  readonly now: () => Date;
}

export interface DirectoryExchangeOptions extends ExchangedDirectory {
  readonly admin: Pick<StreamAdmin, 'ensureConsumers' | 'consumerStates'>;
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
  stop(): Promise<void>;
}

const CONSUMER = 'registry';
const CONSUMER_BACKOFF_MS: readonly number[] = [5_000, 30_000, 120_000];
const MAX_ACK_PENDING = 5_000;
const RETRY_MS = 1_000;
const FETCH_ENTRIES = 500;
const NOTHING = new Uint8Array();

/** Runs until `stop`; a broker that cannot be reached only makes it wait. */
export function runDirectoryExchange(options: DirectoryExchangeOptions): DirectoryExchange {
  const stop = new AbortController();
  let published: number | undefined;
  let forked = false;
  let publishing: Promise<void> = Promise.resolve();

  /** Told once. Only a person can say what becomes of it, so nothing goes out; a start looks again. */
  const endAtFork = async (error: unknown): Promise<void> => {
    if (!isFork(error)) throw error;
    if (forked) return;
    forked = true;
    options.onError(await describeFork(error, options));
  };
  const publish = joinCalls(async () => {
    if (forked) return;
    try {
      published ??= await findPublished(options);
    } catch (error) {
      await endAtFork(error);
      return;
    }
    const { registrar } = options.registry;
    for (let sequence = published + 1; !stop.signal.aborted && !forked; sequence += 1) {
      const record = options.registry.record({ registrar, sequence });
      if (record === undefined) return;
      await options.directory.putEntry({ registrar, sequence }, record);
      published = sequence;
    }
  });
  const reading = readEntries({ ...options, endAtFork }, stop.signal);
  const fetching = fetchOthers(options, stop.signal);
  return {
    publish: async () => {
      publishing = publish();
      await publishing;
    },
    stop: async () => {
      stop.abort();
      await publishing.catch(() => undefined);
      await reading;
      await fetching;
    },
  };
}

/**
 * Takes in the entries of others that the consumer has behind itself and this folder lacks, because
 * it was put back from an older copy. While the consumer still brings some, nothing can be said.
 */
async function fetchOthers(options: DirectoryExchangeOptions, signal: AbortSignal): Promise<void> {
  const { admin, inStream, registry, onTaken, onError } = options;
  while (!signal.aborted) {
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const states = await admin.consumerStates(inStream);
      const { pendingCount = 1, ackPendingCount = 0 } =
        states.find(({ name }) => name === CONSUMER) ?? {};
      if (pendingCount + ackPendingCount > 0) continue;
      let added = 0;
      // The root's come first, since others build on them; they may tell of further registrars.
      for (let before = -1; before < added;) {
        before = added;
        const { copy, registrar: own } = registry;
        const delegated = [...copy.registrars().values()].map(({ registrar }) => registrar);
        for (const registrar of new Set([copy.root() ?? own, ...delegated])) {
          if (registrar !== own) added += await fetchMissingOf(registrar, options);
        }
      }
      if (added > 0) onTaken();
      return;
    } catch (error) {
      if (error instanceof Error && !signal.aborted) onError(error);
    }
  }
}

/**
 * Takes back the entries of this registrar that the bus has and its folder lacks, after those of the
 * root that they build on. To be called before another one is signed, or it would get their number.
 *
 * @returns how many were missing.
 */
export async function takeBackOwn(options: ExchangedDirectory): Promise<number> {
  const { copy, registrar } = options.registry;
  const sequence = copy.readUpTo(registrar) + 1;
  const root = copy.root() ?? registrar;
  const lacks = (await readFromBus({ registrar, sequence }, options)) !== undefined;
  if (lacks && root !== registrar) await fetchMissingOf(root, options);
  try {
    return await fetchMissingOf(registrar, options);
  } catch (error) {
    // It is told where publishing begins.
    if (isFork(error)) return 0;
    throw error;
  }
}

/** @returns how many were missing. */
async function fetchMissingOf(registrar: AgencyCode, options: ExchangedDirectory): Promise<number> {
  const { registry } = options;
  const isOwn = registrar === registry.registrar;
  for (let all = 0; ;) {
    const records: Uint8Array[] = [];
    // The last one of our own, too: where it is another one on the bus, nothing may follow it.
    const last = registry.copy.readUpTo(registrar);
    for (let next = isOwn ? Math.max(last, 1) : last + 1; records.length < FETCH_ENTRIES;) {
      const record = await readFromBus({ registrar, sequence: next }, options);
      if (record === undefined) break;
      records.push(record);
      next += 1;
    }
    if (records.length === 0) return all;
    const added = await (isOwn ? takeBack(records, options) : takeIn(records, options));
    if (added === 0) return all;
    all += added;
  }
}

async function readFromBus(
  key: EntryKey,
  { directory, registry, outStream, inStream }: ExchangedDirectory,
): Promise<Uint8Array | undefined> {
  const sent =
    key.registrar === registry.registrar ? await directory.readEntry(outStream, key) : undefined;
  return sent ?? (await directory.readEntry(inStream, key));
}

/**
 * Entries go out in order, so the last one that is out is found by halving.
 *
 * @throws {@link BusError} `BUS_DIRECTORY_FORKED` when that is another one than here.
 */
async function findPublished(options: ExchangedDirectory): Promise<number> {
  const { directory, registry, outStream } = options;
  const { registrar } = registry;
  let from = 0;
  let last: Uint8Array | undefined;
  let to = 1;
  while (registry.record({ registrar, sequence: to }) !== undefined) to *= 2;
  while (to - from > 1) {
    const sequence = Math.floor((from + to) / 2);
    const key = { registrar, sequence };
    const sent =
      registry.record(key) === undefined ? undefined : await directory.readEntry(outStream, key);
    if (sent === undefined) to = sequence;
    else [from, last] = [sequence, sent];
  }
  if (last !== undefined) await takeBack([last], options);
  return from;
}

interface ReadingOptions extends DirectoryExchangeOptions {
  /** @throws what is no fork. */
  readonly endAtFork: (error: unknown) => Promise<void>;
}

async function readEntries(options: ReadingOptions, signal: AbortSignal): Promise<void> {
  const { admin, directory, inStream, onError } = options;
  while (!signal.aborted) {
    try {
      await admin.ensureConsumers([
        {
          stream: inStream,
          name: CONSUMER,
          filterSubject: 'vb.directory.entry.*.*',
          maxAckPending: MAX_ACK_PENDING,
          backoffMs: CONSUMER_BACKOFF_MS,
        },
      ]);
      for await (const batch of directory.entryBatches(inStream, CONSUMER, signal)) {
        await takeBatch(options, batch);
      }
    } catch (error) {
      if (error instanceof Error && !signal.aborted) onError(error);
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function takeBatch(
  options: ReadingOptions,
  batch: readonly {
    readonly subject: string;
    readonly data: Uint8Array;
    ack(): void;
  }[],
): Promise<void> {
  const { registry, onTaken } = options;
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
  } catch (error) {
    await options.endAtFork(error);
  }
  // What builds on entries of the root that are still on the way waits in the registry. Left with the
  // broker, entries that name what never comes would take all places and freeze the directory here.
  for (const message of batch) message.ack();
  if (added > 0) onTaken();
}

function isFork(error: unknown): error is BusError {
  return error instanceof BusError && error.code === 'BUS_DIRECTORY_FORKED';
}

/** The same error about the first entry that differs: from there on the folder's are not those of the bus. */
async function describeFork({ details }: BusError, options: ExchangedDirectory): Promise<BusError> {
  const { registry } = options;
  const { registrar } = registry;
  let first = Number(details['sequence']);
  while (first > 1) {
    const key = { registrar, sequence: first - 1 };
    const sent = await readFromBus(key, options);
    if (sent === undefined || Buffer.compare(sent, registry.record(key) ?? NOTHING) === 0) break;
    first -= 1;
  }
  return forkedFolder(String(details['folder']), registrar, first);
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
  { registry, onError, now }: ExchangedDirectory,
): Promise<number> {
  const { added, refused } = await registry.takeBack(records, now());
  const [first] = refused;
  if (first !== undefined)
    onError(refusedEntries(`in the name of ${registry.registrar}: ${first}`, refused.length));
  return added;
}

function refusedEntries(which: string, count: number): BusError {
  return new BusError('BUS_DIRECTORY_ENTRY_REFUSED', `entries ${which}`, { details: { count } });
}

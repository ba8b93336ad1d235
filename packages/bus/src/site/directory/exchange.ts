import { setTimeout as sleep } from 'node:timers/promises';

import type { SiteDirectory } from '../../broker/site-directory.ts';
import type { StreamAdmin } from '../../broker/stream-admin.ts';
import { describeRefusals } from '../../directory/read-on.ts';
import { BusError } from '../../errors.ts';
import { parseDirectoryEntrySubject } from '../../subject/directory-subject.ts';
import { joinCalls } from '../join-calls.ts';
import type { Registry } from '../registry.ts';

export interface DirectoryExchangeOptions {
  readonly directory: Pick<SiteDirectory, 'putEntry' | 'hasEntry' | 'entryBatches'>;
  readonly admin: Pick<StreamAdmin, 'ensureConsumers'>;
  readonly registry: Registry;
  /** Takes what this registrar signs to the other sites. */
  readonly outStream: string;
  /** Brings what others sign; the stream before where all are on one broker. */
  readonly inStream: string;
  /** Entries of others were taken in. */
  readonly onTaken: () => void;
  readonly onError: (error: Error) => void;
  readonly now: () => Date;
}

/** Hands this registrar's entries to the other sites, and takes in theirs. */
export interface DirectoryExchange {
  /** Publishes what is not out yet. One after the other, however many ask. */
  publish(): Promise<void>;
  stop(): Promise<void>;
}

const CONSUMER = 'registry';
const CONSUMER_BACKOFF_MS: readonly number[] = [5_000, 30_000, 120_000];
const MAX_ACK_PENDING = 5_000;
const RETRY_MS = 1_000;

/** Runs until `stop`; a broker that cannot be reached only makes it wait. */
export function runDirectoryExchange(options: DirectoryExchangeOptions): DirectoryExchange {
  const stop = new AbortController();
  let published: number | undefined;
  let publishing: Promise<void> = Promise.resolve();

  const publish = joinCalls(async () => {
    published ??= await findPublished(options);
    const { registrar } = options.registry;
    for (let sequence = published + 1; !stop.signal.aborted; sequence += 1) {
      const record = options.registry.record({ registrar, sequence });
      if (record === undefined) return;
      await options.directory.putEntry({ registrar, sequence }, record);
      published = sequence;
    }
  });
  const reading = readEntries(options, stop.signal);
  return {
    publish: async () => {
      publishing = publish();
      await publishing;
    },
    stop: async () => {
      stop.abort();
      await publishing.catch(() => undefined);
      await reading;
    },
  };
}

/** Entries go out in order, so the last one that is out is found by halving. */
async function findPublished({
  directory,
  registry,
  outStream,
}: DirectoryExchangeOptions): Promise<number> {
  const { registrar } = registry;
  let from = 0;
  let to = 1;
  while (registry.record({ registrar, sequence: to }) !== undefined) to *= 2;
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    const key = { registrar, sequence: middle };
    const isOut = registry.record(key) !== undefined && (await directory.hasEntry(outStream, key));
    if (isOut) from = middle;
    else to = middle;
  }
  return from;
}

async function readEntries(options: DirectoryExchangeOptions, signal: AbortSignal): Promise<void> {
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
  { registry, onTaken, onError, now }: DirectoryExchangeOptions,
  batch: readonly {
    readonly subject: string;
    readonly data: Uint8Array;
    ack(): void;
  }[],
): Promise<void> {
  const others = batch.filter(
    ({ subject }) => parseDirectoryEntrySubject(subject)?.registrar !== registry.registrar,
  );
  const taken = await registry.takeIn(
    others.map(({ data }) => data),
    now(),
  );
  // What builds on entries of the root that are still on the way waits in the registry. Left with the
  // broker, entries that name what never comes would take all places and freeze the directory here.
  for (const message of batch) message.ack();
  if (taken.added > 0) onTaken();
  const refusals = describeRefusals(taken.refused);
  if (refusals === undefined) return;
  onError(
    new BusError('BUS_DIRECTORY_ENTRY_REFUSED', `entries of other registrars: ${refusals}`, {
      details: { count: taken.refused.length },
    }),
  );
}

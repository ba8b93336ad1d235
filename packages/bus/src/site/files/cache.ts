import type { SiteFiles } from '../../broker/site-files.ts';
import { POLL_MAX_MS, startTransfer } from '../../file/transfer.ts';
import type { BlobName } from '../../subject/blob-subject.ts';
import { missingRanges } from './chunk-index.ts';
import type { StoredChunks } from './stored-chunks.ts';

export interface CacheOptions {
  readonly connection: Pick<SiteFiles, 'getCentralChunk' | 'putCachedChunk'>;
  readonly chunks: StoredChunks;
  /** What the copies of other sites' blobs may take together. */
  readonly maxBytes: () => number;
  readonly onError: (error: Error) => void;
  readonly now: () => number;
}

/** Copies of other sites' blobs, fetched once however many ask. */
export interface BlobCache {
  /** Lets a blob be fetched when it is not whole. Nothing happens while as much as may be waits. */
  want(name: BlobName, chunkCount: number): void;
  /** Deletes copies that nobody asked for in a long time. */
  clean(): Promise<void>;
  stop(): Promise<void>;
}

/** Blobs fetched at once; the line to the centre is shared by everything else. */
const MAX_COPY_JOBS = 4;
/** Agencies ask again, so what does not fit here is not lost. */
const MAX_WAITING_COPIES = 1_000;
const COPY_WINDOW = 8;
/** A blob that is still being uploaded elsewhere; who wants it asks again later. */
const MAX_WAITS_FOR_CHUNK = 8;
/** Recipients that were away fetch a copy late; after this the centre still has the original. */
const KEEP_UNASKED_MS = 3 * 24 * 3_600_000;

interface Job {
  readonly name: BlobName;
  readonly chunkCount: number;
}

export function createBlobCache(options: CacheOptions): BlobCache {
  const { chunks, now } = options;
  const jobs = new Map<string, Job>();
  const running = new Map<string, Promise<void>>();
  const ended = new AbortController();

  const othersWait = (): boolean => jobs.size > running.size;
  const startJobs = (): void => {
    for (const [key, job] of jobs) {
      if (running.size >= MAX_COPY_JOBS || ended.signal.aborted) return;
      if (running.has(key)) continue;
      const copying = copyBlob(job, options, othersWait, ended.signal)
        .catch((error: unknown) => {
          if (error instanceof Error) options.onError(error);
        })
        .finally(() => {
          running.delete(key);
          jobs.delete(key);
          startJobs();
        });
      running.set(key, copying);
    }
  };
  return {
    want: (name, chunkCount) => {
      const blob = chunks.index.find(name, 'cache');
      if (blob !== undefined) blob.askedMs = now();
      if (missingRanges(blob, chunkCount).length === 0) return;
      const key = `${name.fromSite} ${name.from} ${name.sha256}`;
      if (jobs.has(key) || jobs.size >= MAX_WAITING_COPIES) return;
      jobs.set(key, { name, chunkCount });
      startJobs();
    },
    clean: async () => {
      for (const blob of chunks.index.blobs()) {
        const usedMs = Math.max(blob.newestMs, blob.askedMs);
        if (blob.scope !== 'cache' || now() - usedMs < KEEP_UNASKED_MS) continue;
        await chunks.purge(blob.name, 'cache');
      }
    },
    stop: async () => {
      ended.abort();
      await Promise.all(running.values());
    },
  };
}

/** Fetches what is missing, in order; ends when the next chunk does not come. */
async function copyBlob(
  { name, chunkCount }: Job,
  options: CacheOptions,
  othersWait: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const { connection, chunks } = options;
  const run = startTransfer({ window: COPY_WINDOW, signal });
  let isAbsent = false;
  const copy = async (index: number): Promise<void> => {
    for (let attempt = 1; !run.stopped() && !isAbsent; attempt += 1) {
      const data = await run.retry(() => connection.getCentralChunk(name, index));
      if (data !== undefined) {
        await run.retry(() => connection.putCachedChunk(name, index, data));
        return;
      }
      // Anybody may ask for a name that does not exist: it keeps nobody else waiting.
      if (attempt === MAX_WAITS_FOR_CHUNK || othersWait()) isAbsent = true;
      else await run.pause(attempt, POLL_MAX_MS);
    }
  };
  try {
    for (const [first, last] of missingRanges(chunks.index.find(name, 'cache'), chunkCount)) {
      const numbers = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
      for (let start = 0; start < numbers.length && !isAbsent; start += COPY_WINDOW) {
        if (run.stopped()) return;
        if (!(await makeRoom(chunks, options.maxBytes(), name))) return;
        await run.each(numbers.slice(start, start + COPY_WINDOW), copy);
      }
    }
  } finally {
    run.close();
  }
}

/** Deletes the copies that were asked for longest ago. @returns false when there is still no room. */
async function makeRoom(
  chunks: StoredChunks,
  maxBytes: number,
  wanted: BlobName,
): Promise<boolean> {
  const { index } = chunks;
  if (index.cacheBytes < maxBytes) return true;
  const others = [...index.blobs()].filter(
    ({ scope, name }) => scope === 'cache' && name.sha256 !== wanted.sha256,
  );
  const byAge = others.toSorted(
    (a, b) => Math.max(a.askedMs, a.newestMs) - Math.max(b.askedMs, b.newestMs),
  );
  for (const blob of byAge) {
    await chunks.purge(blob.name, 'cache');
    if (index.cacheBytes < maxBytes) return true;
  }
  return false;
}

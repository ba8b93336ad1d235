import { createHash } from 'node:crypto';

import type { FileClient } from '../broker/file-client.ts';
import { BusError } from '../errors.ts';
import type { BlobName } from '../subject/blob-subject.ts';
import { type BlobGeometry, checkBlobGeometry, chunkCountOf, chunkLengthOf } from './blob.ts';
import type { FileLocation } from './location.ts';
import { createProgressMeter } from './progress.ts';
import {
  POLL_MAX_MS,
  type TransferOptions,
  type TransferResult,
  type TransferRun,
  startTransfer,
} from './transfer.ts';

export interface DownloadOptions extends TransferOptions {
  readonly connection: Pick<FileClient, 'locateFile' | 'getChunk'>;
  readonly file: BlobGeometry & BlobName;
  /**
   * Keeps a part. Parts come in order and without a gap, one call at a time, so what was written
   * so far also says where to go on.
   */
  readonly write: (offset: number, bytes: Uint8Array) => Promise<void> | void;
  /** The first chunk that is not there yet: length of what was written, divided by `chunkBytes`. */
  readonly from?: number;
  /** Reads back what an earlier call wrote; needed for a check of the whole after `from` chunks. */
  readonly read?: (offset: number, length: number) => Promise<Uint8Array>;
  /** How long to wait for the next chunk of a blob that is still on its way; 60 s by default. */
  readonly patienceMs?: number;
}

export interface DownloadResult extends TransferResult {
  /** True when all bytes are there and have the digest; without `read` after `from` chunks false. */
  readonly verified: boolean;
}

const PATIENCE_MS = 60_000;
const READ_BACK_BYTES = 1024 * 1024;

/**
 * Downloads a blob, chunk after chunk, also while its sender is still uploading it. Memory stays
 * at a few chunks whatever the size.
 *
 * @throws {@link BusError} `BUS_BLOB_INCOMPLETE` when nothing came for `patienceMs`;
 *   `BUS_BLOB_INVALID` when a chunk has the wrong length or the whole another digest;
 *   `BUS_REQUEST_UNANSWERED` or `BUS_REQUEST_REFUSED`.
 */
export async function downloadFile(options: DownloadOptions): Promise<DownloadResult> {
  const { file, onProgress, from = 0 } = options;
  checkBlobGeometry(file);
  const run = startTransfer(options);
  try {
    const hash = await startHash(options, from);
    const alreadyBytes = Math.min(from * file.chunkBytes, file.bytes);
    const meter = createProgressMeter(file.bytes, alreadyBytes, onProgress);
    const writer = createOrderedWriter(run, from, async (index, data) => {
      await options.write(index * file.chunkBytes, data);
      hash?.update(data);
      meter.add(data.length);
    });
    const fetcher = createFetcher(run, options);
    let movedBytes = 0;
    await run.each(numbersFrom(from, chunkCountOf(file)), async (index) => {
      const data = await fetcher.fetch(index);
      if (data === undefined) return;
      movedBytes += data.length;
      await writer.put(index, data);
      fetcher.progressed();
    });
    if (run.stopped()) return { finished: false, verified: false, movedBytes };
    if (hash !== undefined && hash.digest('hex') !== file.sha256) throw wrongDigest(file);
    meter.finish();
    return { finished: true, verified: hash !== undefined, movedBytes };
  } finally {
    run.close();
  }
}

/** The digest of what is there already; `undefined` when that cannot be read back. */
async function startHash({ file, read }: DownloadOptions, from: number) {
  const hash = createHash('sha256');
  const end = Math.min(from * file.chunkBytes, file.bytes);
  if (end > 0 && read === undefined) return undefined;
  for (let offset = 0; offset < end && read !== undefined; offset += READ_BACK_BYTES) {
    hash.update(await read(offset, Math.min(READ_BACK_BYTES, end - offset)));
  }
  return hash;
}

interface Fetcher {
  /** @returns `undefined` when the transfer was ended. */
  fetch(index: number): Promise<Uint8Array | undefined>;
  progressed(): void;
}

function createFetcher(run: TransferRun, options: DownloadOptions): Fetcher {
  const { connection, file, patienceMs = PATIENCE_MS } = options;
  const { fromSite, from: owner, sha256 } = file;
  const request = { fromSite, from: owner, sha256, chunkCount: chunkCountOf(file) };
  const locate = async () => await run.retry(() => connection.locateFile(request));
  let locating: Promise<FileLocation | undefined> | undefined;
  let progressMs = performance.now();
  return {
    progressed: () => {
      progressMs = performance.now();
    },
    fetch: async (index) => {
      for (let attempt = 1; !run.stopped(); attempt += 1) {
        const asked = (locating ??= locate());
        const location = await asked;
        if (location === undefined) break;
        const data = await run.retry(() => connection.getChunk(location, file, index));
        if (run.stopped()) break;
        if (data !== undefined) {
          if (data.length !== chunkLengthOf(file, index)) throw wrongLength(file, index, data);
          return data;
        }
        if (performance.now() - progressMs > patienceMs) throw incomplete(file, index);
        await run.pause(attempt, POLL_MAX_MS);
        // Asking again is also what makes a site go on fetching a blob from the centre.
        if (locating === asked) locating = undefined;
      }
      return undefined;
    },
  };
}

/**
 * Chunks arrive in any order and are written in theirs. A chunk keeps its place in the window until
 * it is written, so no more than a window of them waits here.
 */
function createOrderedWriter(
  run: TransferRun,
  from: number,
  write: (index: number, data: Uint8Array) => Promise<void>,
): { put(index: number, data: Uint8Array): Promise<void> } {
  const waiting = new Map<number, { data: Uint8Array; done: () => void }>();
  let next = from;
  let writing: Promise<void> = Promise.resolve();
  const drain = async (): Promise<void> => {
    for (;;) {
      const head = waiting.get(next);
      if (head === undefined) return;
      waiting.delete(next);
      await write(next, head.data);
      next += 1;
      head.done();
    }
  };
  return {
    put: async (index, data) => {
      const written = Promise.withResolvers<void>();
      waiting.set(index, { data, done: written.resolve });
      writing = writing.then(drain);
      await writing;
      await run.orStopped(written.promise);
    },
  };
}

function* numbersFrom(first: number, end: number): Generator<number, void> {
  for (let number = first; number < end; number += 1) yield number;
}

function wrongLength(file: BlobGeometry, index: number, data: Uint8Array): BusError {
  return new BusError(
    'BUS_BLOB_INVALID',
    `chunk ${index} of blob ${file.sha256} has ${data.length} bytes, ` +
      `not ${chunkLengthOf(file, index)}`,
    { details: { sha256: file.sha256, chunk: index, bytes: data.length } },
  );
}

function wrongDigest(file: BlobGeometry): BusError {
  return new BusError(
    'BUS_BLOB_INVALID',
    `what was downloaded as ${file.sha256} has another digest`,
    { details: { sha256: file.sha256, bytes: file.bytes } },
  );
}

function incomplete(file: BlobGeometry & BlobName, index: number): BusError {
  return new BusError(
    'BUS_BLOB_INCOMPLETE',
    `chunk ${index} of ${chunkCountOf(file)} of a file from ${file.from} is not there`,
    { details: { from: file.from, sha256: file.sha256, chunk: index } },
  );
}

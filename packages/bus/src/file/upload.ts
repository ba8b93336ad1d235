import type { FileClient } from '../broker/file-client.ts';
import { BusError } from '../errors.ts';
import type { BlobName } from '../subject/blob-subject.ts';
import type { Scope } from '../subject/subject.ts';
import { type BlobGeometry, checkBlobGeometry, chunkCountOf, chunkLengthOf } from './blob.ts';
import { type FileLocation, type FileQuota, MAX_MISSING_RANGES } from './location.ts';
import { type ProgressMeter, createProgressMeter } from './progress.ts';
import {
  type TransferOptions,
  type TransferResult,
  type TransferRun,
  startTransfer,
} from './transfer.ts';

export interface UploadOptions extends TransferOptions {
  readonly connection: Pick<FileClient, 'putChunk' | 'locateFile'>;
  /** The blob, with the agency that uploads it. */
  readonly file: BlobGeometry & BlobName;
  readonly scope: Scope;
  /** Reads so many bytes of the blob; it may be asked for several parts at once. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** Where to go on when the site service cannot say what is there; the default is chunk 0. */
  readonly from?: number;
}

type Range = readonly [first: number, last: number];

/**
 * Uploads what the broker does not have yet of a blob. Called again after a kill, a cut or a full
 * store, it goes on where it stood: the site says which chunks are there.
 *
 * @throws {@link BusError} `BUS_QUOTA_EXCEEDED` before anything is sent, `BUS_STORE_FULL`,
 *   `BUS_BLOB_INVALID` when the source is shorter than announced, `BUS_PUBLISH_UNACKED` or
 *   `BUS_PUBLISH_REFUSED`.
 */
export async function uploadFile(options: UploadOptions): Promise<TransferResult> {
  checkBlobGeometry(options.file);
  const run = startTransfer(options);
  try {
    return await upload(run, options);
  } finally {
    run.close();
  }
}

async function upload(run: TransferRun, options: UploadOptions): Promise<TransferResult> {
  const { file, scope, connection, read, onProgress } = options;
  const chunkCount = chunkCountOf(file);
  let meter: ProgressMeter | undefined;
  let movedBytes = 0;
  const send = async (index: number): Promise<void> => {
    const length = chunkLengthOf(file, index);
    const data = await read(index * file.chunkBytes, length);
    if (data.length !== length) throw shortSource(file, index, data.length);
    const { sha256 } = file;
    const put = await run.retry(() => connection.putChunk({ scope, sha256, index, data }));
    if (put === undefined) return;
    movedBytes += length;
    meter?.add(length);
  };
  for (;;) {
    const { missing, whole } = await findMissing(run, options, chunkCount);
    const left = missing.reduce((sum, range) => sum + bytesOf(file, range), 0);
    // Only the first answer's: later ones would make the bar jump.
    meter ??= createProgressMeter(file.bytes, file.bytes - left, onProgress);
    await run.each(numbersOf(missing), send);
    if (run.stopped()) return { finished: false, movedBytes };
    if (!whole) continue;
    meter.finish();
    return { finished: true, movedBytes };
  }
}

/** What has to be sent; `whole` is false when there may be more of it than an answer can name. */
async function findMissing(
  run: TransferRun,
  { connection, file, scope, from = 0 }: UploadOptions,
  chunkCount: number,
): Promise<{ missing: readonly Range[]; whole: boolean }> {
  const { fromSite, from: owner, sha256 } = file;
  const request = { fromSite, from: owner, sha256, chunkCount, scope };
  let location: FileLocation | undefined;
  try {
    location = await run.orStopped(connection.locateFile(request));
  } catch (error) {
    const unanswered = error instanceof BusError && error.code === 'BUS_REQUEST_UNANSWERED';
    if (!unanswered) throw error;
  }
  // Sending a chunk again does no harm, and the broker may be there when the service is not.
  if (location === undefined) return { missing: [[from, chunkCount - 1]], whole: true };
  const { missing, quota } = location;
  const leftBytes = missing.reduce((sum, range) => sum + bytesOf(file, range), 0);
  if (quota !== undefined) checkQuota(file, quota, leftBytes, location.stored === 0);
  return { missing, whole: missing.length < MAX_MISSING_RANGES };
}

/** @throws {@link BusError} `BUS_QUOTA_EXCEEDED` when this upload would take the agency over its share. */
function checkQuota(file: BlobName, quota: FileQuota, addBytes: number, isNew: boolean): void {
  if (addBytes === 0) return;
  const { usedBytes, maxBytes, usedFiles, maxFiles } = quota;
  const files = usedFiles + (isNew ? 1 : 0);
  if (usedBytes + addBytes <= maxBytes && files <= maxFiles) return;
  const why =
    files > maxFiles
      ? `${usedFiles} files are still under way, and ${maxFiles} may be`
      : `${usedBytes} bytes are still under way, ${addBytes} would be added, and ${maxBytes} may be`;
  throw new BusError('BUS_QUOTA_EXCEEDED', `${file.from} cannot upload more now: ${why}`, {
    details: { from: file.from, sha256: file.sha256, usedBytes, addBytes, maxBytes, usedFiles },
  });
}

function bytesOf(file: BlobGeometry, [first, last]: Range): number {
  return (last - first) * file.chunkBytes + chunkLengthOf(file, last);
}

function* numbersOf(ranges: readonly Range[]): Generator<number, void> {
  for (const [first, last] of ranges) {
    for (let number = first; number <= last; number += 1) yield number;
  }
}

function shortSource(file: BlobGeometry, index: number, length: number): BusError {
  return new BusError(
    'BUS_BLOB_INVALID',
    `the source of blob ${file.sha256} gave ${length} bytes for chunk ${index}, ` +
      `not ${chunkLengthOf(file, index)}`,
    { details: { sha256: file.sha256, chunk: index, bytes: length } },
  );
}

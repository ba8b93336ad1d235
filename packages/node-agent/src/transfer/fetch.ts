import { type FileHandle, open, readFile, stat } from 'node:fs/promises';

import {
  type AgencyConnection,
  type BlobGeometry,
  BusError,
  MAX_MESSAGE_BYTES,
  downloadFile,
  parseMessageSubject,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { heapRoom } from '../heap-room.ts';
import type { ShownDelivery } from '../inbox/check-message.ts';
import { MAX_MEMORY_PACKAGE_BYTES, type PackageSource } from '../package/source.ts';
import type { DownloadRow } from '../storage/download-store.ts';
import { freeBytesOf } from '../storage/trouble.ts';
import { ProgressKeeper } from './progress-keeper.ts';

type Client = Pick<AgencyConnection, 'locateFile' | 'getChunk'>;

/**
 * Fetches the message that a reference stands for: bounded, in memory, its digest checked.
 *
 * @returns `undefined` when the signal came first.
 * @throws {@link BusError} as `downloadFile`.
 */
export async function fetchMessage(
  core: AgentCore,
  connection: Client,
  row: DownloadRow,
  reference: BlobGeometry,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (reference.bytes > MAX_MESSAGE_BYTES) throw new RangeError('a message over its limit');
  const message = new Uint8Array(reference.bytes);
  const { finished } = await downloadFile({
    connection,
    file: { ...reference, ...ownerOf(row) },
    write: (offset, bytes) => message.set(bytes, offset),
    window: core.config.line.window,
    patienceMs: core.transferLimits.patienceMs,
    signal,
  });
  return finished ? message : undefined;
}

/**
 * Fetches the sealed content of a delivery into a part file and goes on where an earlier try ended,
 * also after a kill. The content is on disk, and has the digest that the record names, when this
 * returns it.
 *
 * @returns `undefined` when the signal came first; `lacks` when there is no room for it.
 * @throws {@link BusError} as `downloadFile`; system errors of the file as they come.
 */
export async function fetchContent(
  core: AgentCore,
  connection: Client,
  row: DownloadRow,
  shown: ShownDelivery,
  signal: AbortSignal,
): Promise<{ readonly source: PackageSource } | { readonly lacks: string } | undefined> {
  const { sha256, bytes, chunkBytes } = shown.delivery.sealed;
  if (chunkBytes === null) throw new TypeError('the content came inside the message');
  const path = core.files.partPath(row.id, sha256);
  const lacks = lackOfRoom(core, bytes, await sizeOr0(path));
  if (lacks !== undefined) return { lacks };
  const keeper = new ProgressKeeper(
    core,
    (progress) => core.downloads.setProgress(row.id, progress),
    'download.begun.committed',
  );
  const handle = await openPart(path);
  try {
    const from = Math.floor(Math.min((await handle.stat()).size, bytes) / chunkBytes);
    await handle.truncate(from * chunkBytes);
    const { finished } = await downloadFile({
      connection,
      file: { sha256, bytes, chunkBytes, ...ownerOf(row) },
      from,
      read: createReadBack(handle),
      write: async (offset, data) => {
        await writeAt(handle, offset, data);
        heapRoom().passed(data.length);
      },
      window: core.config.line.window,
      patienceMs: core.transferLimits.patienceMs,
      onProgress: keeper.onProgress,
      signal,
    });
    await keeper.settled();
    if (!finished) return undefined;
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { source: bytes <= MAX_MEMORY_PACKAGE_BYTES ? await readFile(path) : { path } };
}

function ownerOf(row: DownloadRow) {
  const subject = parseMessageSubject(row.nats_subject);
  if (subject !== undefined) return { fromSite: subject.fromSite, from: subject.from };
  throw new BusError('BUS_SUBJECT_INVALID', `${row.nats_subject} is not a subject of this bus`, {
    details: { natsSubject: row.nats_subject },
  });
}

/** The content twice: sealed, and opened beside it. */
function lackOfRoom(core: AgentCore, bytes: number, here: number): string | undefined {
  const free = freeBytesOf(core.files.folders.downloads);
  const needed = 2 * bytes - here + core.transferLimits.spareDiskBytes;
  if (free === undefined || bytes <= MAX_MEMORY_PACKAGE_BYTES || free >= needed) return undefined;
  return `${free} bytes are free on the disk, this needs ${needed}`;
}

async function sizeOr0(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

async function openPart(path: string): Promise<FileHandle> {
  const handle = await open(path, 'a', 0o600);
  await handle.close();
  return await open(path, 'r+');
}

/** Each piece is digested before the next one is asked for, so one buffer serves for all. */
function createReadBack(
  handle: FileHandle,
): (offset: number, length: number) => Promise<Uint8Array> {
  let buffer = Buffer.alloc(0);
  return async (offset, length) => {
    if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return buffer.subarray(0, done);
  };
}

async function writeAt(handle: FileHandle, offset: number, data: Uint8Array): Promise<void> {
  for (let done = 0; done < data.length;) {
    done += (await handle.write(data, done, data.length - done, offset + done)).bytesWritten;
  }
}

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import { syncFolder } from '../disk/durable.ts';
import { ByteReader } from './byte-reader.ts';
import {
  type SealStreamOptions,
  type SealedInfo,
  type StreamOptions,
  type UnsealOptions,
  sealFrom,
  unsealFrom,
} from './seal.ts';

const READ_BYTES = 1024 * 1024;

/**
 * Seals a file. The target appears when it is complete, never before.
 *
 * @throws {@link SignerError} as `sealStream`; system errors of the files as they come.
 */
export async function sealFile(
  source: string,
  target: string,
  options: SealStreamOptions,
): Promise<void> {
  await withFile(source, (reader) => writeWhole(target, 0o644, sealFrom(reader, options)));
}

/**
 * Opens a sealed file. Everything is written to a hidden file beside the target, put on disk, and
 * renamed after the last tag was checked: a file of the target's name is complete and authentic,
 * whatever happened on the way. An existing target is replaced.
 *
 * @throws {@link SignerError} as `unsealStream`; system errors of the files as they come.
 */
export async function unsealFile(
  source: string,
  target: string,
  options: UnsealOptions & StreamOptions,
): Promise<SealedInfo> {
  let info: SealedInfo | undefined;
  await withFile(source, (reader) => {
    const onHeader = (header: SealedInfo): void => void (info = header);
    return writeWhole(target, 0o600, unsealFrom(reader, { ...options, onHeader }));
  });
  if (info === undefined) throw new Error('a stream without a header ended well');
  return info;
}

/** Reads a file with the next piece on its way while one is worked on. */
async function* readAhead(handle: FileHandle, free: Buffer[]): AsyncGenerator<Uint8Array> {
  const next = (): Promise<Uint8Array> =>
    expected(
      handle
        .read(free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES), 0, READ_BYTES, null)
        .then(({ buffer, bytesRead }) => buffer.subarray(0, bytesRead)),
    );
  let pending = next();
  try {
    for (;;) {
      const chunk = await pending;
      if (chunk.length === 0) return;
      pending = next();
      yield chunk;
    }
  } finally {
    await pending.catch(() => undefined); // the handle must not be closed under it
  }
}

/** A promise that is awaited later: until then its failure is nobody's unhandled rejection. */
function expected<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function withFile(file: string, work: (reader: ByteReader) => Promise<void>): Promise<void> {
  const handle = await open(file, 'r');
  const free: Buffer[] = [];
  try {
    const release = ({ buffer }: Uint8Array): void => void free.push(Buffer.from(buffer));
    await work(new ByteReader(readAhead(handle, free), release));
  } finally {
    await handle.close();
  }
}

async function writeWhole(
  target: string,
  mode: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const suffix = `${process.pid}.${randomBytes(6).toString('hex')}.part`;
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${suffix}`);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      // One write is under way while the next piece is worked on.
      let pending = Promise.resolve();
      try {
        for await (const chunk of chunks) {
          await pending;
          pending = expected(writeAll(handle, chunk));
        }
      } finally {
        await pending;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(target));
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await handle.write(bytes, at, bytes.length - at, null)).bytesWritten;
  }
  // Ours alone, and done with: the collector would let some 64 MB of these pile up.
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) buffer.transfer(0);
}

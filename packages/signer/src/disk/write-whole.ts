import { type Hash, createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import { syncFolder } from './durable.ts';

/** Where a file goes: to a path, or into a folder under the SHA-256 of its bytes in lower hex. */
export type WriteTarget = string | { readonly folder: string };

/** A file that is on disk as a whole. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of its bytes, lower hex. */
  readonly sha256: string;
}

/**
 * Writes a file that appears under its name when it is complete, never before: hidden beside the
 * target, put on disk, renamed. An existing target is replaced. The chunks are used up: a buffer
 * that holds nothing else is detached after it was written.
 *
 * @param mode - permissions of the file; `0o600` for what is secret.
 */
export async function writeWhole(
  target: WriteTarget,
  mode: number,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<WrittenFile> {
  const folder = typeof target === 'string' ? path.dirname(target) : target.folder;
  const name = typeof target === 'string' ? path.basename(target) : 'content';
  const suffix = `${process.pid}.${randomBytes(6).toString('hex')}.part`;
  const temporary = path.join(folder, `.${name}.${suffix}`);
  const hash = createHash('sha256');
  let bytes: number;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      bytes = await writeChunks(handle, chunks, hash);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const sha256 = hash.digest('hex');
    const final = typeof target === 'string' ? target : path.join(folder, sha256);
    await rename(temporary, final);
    await syncFolder(folder);
    return { path: final, bytes, sha256 };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes pieces to a file that appears under its name when they have ended well, readable by its
 * owner alone. An existing target is replaced. The pieces are used up.
 */
export async function saveStream(
  target: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<WrittenFile> {
  return writeWhole(target, 0o600, pieces);
}

/** One write is under way while the next piece is worked on. */
async function writeChunks(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  hash: Hash,
): Promise<number> {
  let bytes = 0;
  let pending = Promise.resolve();
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      await pending;
      pending = expected(writeAll(handle, chunk));
    }
  } finally {
    await pending;
  }
  return bytes;
}

/** A promise that is awaited later: until then its failure is nobody's unhandled rejection. */
export function expected<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await handle.write(bytes, at, bytes.length - at, null)).bytesWritten;
  }
  // Ours alone, and done with: the collector would let some 64 MB of these pile up.
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) buffer.transfer(0);
}

import { open } from 'node:fs/promises';

import { ASIC_E_MEDIA_TYPE, readPieces, saveStream } from '@congvan/signer';

import type { IncomingFile } from '../documents.ts';
import {
  MAX_MEMORY_FILE_BYTES,
  type PackageContents,
  openContents,
  requireFileSize,
} from './contents.ts';
import type { PackageSummary } from './header.ts';
import { type PackageSource, bytesOf } from './source.ts';

/** The files of a stored package, each read, and checked against the manifest, when it is asked for. */
export function incomingFiles(source: PackageSource, summary: PackageSummary): IncomingFile[] {
  return summary.files.map(({ entry, name, mediaType, bytes: size }) => ({
    name,
    mediaType,
    size,
    bytes: () => withContents(source, (contents) => contents.read(entry)),
    stream: () => streamEntry(source, entry),
    saveTo: (path) => withContents(source, (contents) => contents.saveTo(entry, path)),
  }));
}

/** The package itself, as a file. */
export function containerFile(
  source: PackageSource,
  documentId: string,
  size: number,
): IncomingFile {
  const name = `${documentId}.asice`;
  return {
    name,
    mediaType: ASIC_E_MEDIA_TYPE,
    size,
    bytes: async () => {
      requireFileSize(name, size, MAX_MEMORY_FILE_BYTES);
      return bytesOf(source);
    },
    stream: () => streamSource(source),
    saveTo: async (path) => {
      await saveStream(path, streamSource(source));
    },
  };
}

async function* streamEntry(source: PackageSource, entry: string): AsyncGenerator<Uint8Array> {
  await using contents = await openContents(source);
  yield* contents.stream(entry);
}

async function* streamSource(source: PackageSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    yield Uint8Array.from(source);
    return;
  }
  await using handle = await open(source.path, 'r');
  yield* readPieces(handle, 0, Number.MAX_SAFE_INTEGER);
}

async function withContents<T>(
  source: PackageSource,
  work: (contents: PackageContents) => Promise<T>,
): Promise<T> {
  await using contents = await openContents(source);
  return await work(contents);
}

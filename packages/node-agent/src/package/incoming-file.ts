import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

import { ASIC_E_MEDIA_TYPE, saveStream } from '@congvan/signer';

import type { IncomingFile } from '../documents.ts';
import {
  MAX_MEMORY_FILE_BYTES,
  type PackageContents,
  openContents,
  requireFileSize,
} from './contents.ts';
import type { PackageSummary } from './header.ts';
import { type PackageSource, bytesOf } from './source.ts';

/** The files of a stored package, each read when it is asked for. */
export function incomingFiles(source: PackageSource, summary: PackageSummary): IncomingFile[] {
  return summary.files.map(({ entry, name, mediaType, bytes: size }) => ({
    name,
    mediaType,
    size,
    bytes: () => withContents(source, (contents) => contents.read(entry)),
    stream: () => streamOf(source, entry),
    saveTo: async (path) => {
      await saveStream(path, streamOf(source, entry));
    },
  }));
}

/** The package itself, as a file. */
export function containerFile(
  source: PackageSource,
  documentId: string,
  size: number,
): IncomingFile {
  const name = `${documentId}.asice`;
  const stream = (): AsyncIterable<Uint8Array> =>
    source instanceof Uint8Array ? Readable.from([source]) : createReadStream(source.path);
  return {
    name,
    mediaType: ASIC_E_MEDIA_TYPE,
    size,
    bytes: async () => {
      requireFileSize(name, size, MAX_MEMORY_FILE_BYTES);
      return bytesOf(source);
    },
    stream,
    saveTo: async (path) => {
      await saveStream(path, stream());
    },
  };
}

async function* streamOf(source: PackageSource, entry: string): AsyncGenerator<Uint8Array> {
  await using contents = await openContents(source);
  yield* contents.stream(entry);
}

async function withContents<T>(
  source: PackageSource,
  work: (contents: PackageContents) => Promise<T>,
): Promise<T> {
  await using contents = await openContents(source);
  return await work(contents);
}

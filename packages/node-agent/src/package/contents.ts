import {
  type AsicEFile,
  type LongWork,
  type OpenPart,
  openAsicE,
  openAsicEFile,
  saveStream,
} from '@congvan/signer';

import { AgentError } from '../errors.ts';
import type { PackageSource } from './source.ts';

/** More of one file than this is not read into memory: it is streamed or saved. */
export const MAX_MEMORY_FILE_BYTES = 256 * 1024 * 1024;

/** An opened package. Each file was or will be checked against the manifest before it counts. */
export interface PackageContents extends AsyncDisposable {
  readonly manifest: Uint8Array;
  /** SHA-256 of the manifest, lower hex: the package digest. */
  readonly manifestSha256: string;
  readonly signature: Uint8Array;
  /** Bytes of each file, by its entry. */
  readonly sizes: ReadonlyMap<string, number>;
  /** @throws {@link AgentError} `AGENT_FILE_TOO_LARGE` beyond `maxBytes`. */
  read(entry: string, maxBytes?: number): Promise<Uint8Array>;
  /** A file in pieces; only the end of the stream says that all of them are right. */
  stream(entry: string): AsyncIterable<Uint8Array>;
  /** Writes a file to a path, where it appears when it is complete and right. */
  saveTo(entry: string, path: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a package that lies in memory or in a file. The ZIP and its manifest are checked.
 *
 * @param options.openPart - what was shown of it: the same manifest is not read a second time.
 * @param options.check - also reads every file of a package on disk and checks its digest; without it,
 *   those are checked when they are read. In memory they always are.
 * @throws SignerError `SIGNER_ASIC_*`; system errors of the file as they come.
 */
export async function openContents(
  source: PackageSource,
  options: LongWork & { readonly check?: boolean; readonly openPart?: OpenPart } = {},
): Promise<PackageContents> {
  if (source instanceof Uint8Array) return contentsInMemory(source, options.openPart);
  const opened = await openAsicEFile(source.path);
  try {
    if (options.check === true) await opened.checkFiles(options);
    return contentsOfFile(opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function contentsInMemory(container: Uint8Array, openPart: OpenPart | undefined): PackageContents {
  const { manifest, manifestSha256, signature, files } = openAsicE(container, undefined, openPart);
  const find = (entry: string): Uint8Array => {
    const bytes = files.get(entry);
    if (bytes === undefined) throw new TypeError(`the package has no ${entry}`);
    return bytes;
  };
  const close = (): Promise<void> => Promise.resolve();
  return {
    manifest,
    manifestSha256,
    signature,
    sizes: new Map(Array.from(files, ([name, bytes]) => [name, bytes.length])),
    async read(entry, maxBytes = MAX_MEMORY_FILE_BYTES) {
      const bytes = find(entry);
      requireFileSize(entry, bytes.length, maxBytes);
      return bytes;
    },
    async *stream(entry) {
      yield find(entry);
    },
    async saveTo(entry, path) {
      await saveStream(path, [Uint8Array.from(find(entry))]);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function contentsOfFile(opened: AsicEFile): PackageContents {
  const sizes = new Map(opened.entries.map(({ name, bytes }) => [name, bytes]));
  const close = (): Promise<void> => opened.close();
  return {
    manifest: opened.manifest,
    manifestSha256: opened.manifestSha256,
    signature: opened.signature,
    sizes,
    async read(entry, maxBytes = MAX_MEMORY_FILE_BYTES) {
      requireFileSize(entry, sizes.get(entry) ?? 0, maxBytes);
      return opened.read(entry, { maxBytes });
    },
    stream: (entry) => opened.stream(entry),
    async saveTo(entry, path) {
      await saveStream(path, opened.stream(entry));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

export function requireFileSize(name: string, bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new AgentError(
    'AGENT_FILE_TOO_LARGE',
    `${name} has ${bytes} bytes, at most ${maxBytes} are read into memory`,
    { details: { name, bytes, limit: maxBytes } },
  );
}

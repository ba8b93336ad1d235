import { openAsicE } from '@congvan/signer';

import { AgentError } from '../errors.ts';
import type { LongWork } from './seal.ts';
import { type PackageSource, bytesOf } from './source.ts';

/** More of one file than this is not read into memory: it is streamed or saved. */
export const MAX_MEMORY_FILE_BYTES = 256 * 1024 * 1024;

/** A package whose ZIP is sound and whose files have the digests that its manifest states. */
export interface PackageContents extends AsyncDisposable {
  readonly manifest: Uint8Array;
  /** SHA-256 of the manifest, lower hex: the package digest. */
  readonly manifestSha256: string;
  readonly signature: Uint8Array;
  /** Bytes of each file, by its entry. */
  readonly sizes: ReadonlyMap<string, number>;
  /** @throws {@link AgentError} `AGENT_FILE_TOO_LARGE` beyond `maxBytes`. */
  read(entry: string, maxBytes?: number): Promise<Uint8Array>;
  stream(entry: string): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a package that lies in memory or in a file, and checks every file's digest.
 *
 * @throws SignerError `SIGNER_ASIC_*`; system errors of the file as they come.
 */
export async function openContents(
  source: PackageSource,
  work: LongWork = {},
): Promise<PackageContents> {
  work.signal?.throwIfAborted();
  const opened = openAsicE(await bytesOf(source));
  const find = (entry: string): Uint8Array => {
    const bytes = opened.files.get(entry);
    if (bytes === undefined) throw new TypeError(`the package has no ${entry}`);
    return bytes;
  };
  const close = async (): Promise<void> => undefined;
  return {
    manifest: opened.manifest,
    manifestSha256: opened.manifestSha256,
    signature: opened.signature,
    sizes: new Map(Array.from(opened.files, ([name, bytes]) => [name, bytes.length])),
    async read(entry, maxBytes = MAX_MEMORY_FILE_BYTES) {
      const bytes = find(entry);
      requireFileSize(entry, bytes.length, maxBytes);
      return bytes;
    },
    async *stream(entry) {
      yield find(entry);
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

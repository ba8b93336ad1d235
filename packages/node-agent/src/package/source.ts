import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Where a package lies: in memory while it is small, else in a file. */
export type PackageSource = Uint8Array | { readonly path: string };

/** A package, or a sealed one, that was just written, with what names it in a record. */
export interface WrittenPackage {
  readonly source: PackageSource;
  readonly bytes: number;
  /** SHA-256 of its bytes, lower hex. */
  readonly sha256: string;
}

/** Above this a package is built, sealed and opened in files: memory stays flat. */
export const MAX_MEMORY_PACKAGE_BYTES = 1024 * 1024;

export function writtenBytes(bytes: Uint8Array): WrittenPackage {
  let sha256: string | undefined;
  return {
    source: bytes,
    bytes: bytes.length,
    // Of a container that stays in its row nobody asks it.
    get sha256() {
      sha256 ??= hash('sha256', bytes, 'hex');
      return sha256;
    },
  };
}

/** The bytes of a small source, wherever it lies. */
export async function bytesOf(source: PackageSource): Promise<Uint8Array> {
  return source instanceof Uint8Array ? source : readFile(source.path);
}

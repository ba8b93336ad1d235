import { BusError } from '../errors.ts';

/** Largest blob; its length is written in four bytes. */
export const MAX_BLOB_BYTES = 4 * 1024 * 1024 * 1024 - 1;
export const DEFAULT_CHUNK_BYTES = 128 * 1024;
/** Smaller chunks cost the broker more than they bring. */
export const MIN_CHUNK_BYTES = 16 * 1024;
/** What an agency may publish at once is 256 KiB; a chunk stays well below. */
export const MAX_CHUNK_BYTES = 128 * 1024;
/** No blob has more chunks, so no index reaches further. */
export const MAX_CHUNK_COUNT = Math.ceil(MAX_BLOB_BYTES / MIN_CHUNK_BYTES);

/** Bytes that lie at the broker in chunks, named by their own digest. */
export interface BlobGeometry {
  /** SHA-256 of all bytes, lower hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  /** Length of each chunk but the last, which may be shorter. */
  readonly chunkBytes: number;
}

const SHA256_HEX = /^[0-9a-f]{64}$/;

export function isSha256Hex(text: string): boolean {
  return SHA256_HEX.test(text);
}

export function isBlobGeometry(blob: BlobGeometry): boolean {
  const { sha256, bytes, chunkBytes } = blob;
  return (
    isSha256Hex(sha256) &&
    isWithin(bytes, 1, MAX_BLOB_BYTES) &&
    isWithin(chunkBytes, MIN_CHUNK_BYTES, MAX_CHUNK_BYTES)
  );
}

/** @throws {@link BusError} `BUS_BLOB_INVALID` for a digest, length or chunk length out of bounds. */
export function checkBlobGeometry(blob: BlobGeometry): void {
  if (isBlobGeometry(blob)) return;
  const { sha256, bytes, chunkBytes } = blob;
  const quoted = JSON.stringify(String(sha256).slice(0, 70));
  throw new BusError(
    'BUS_BLOB_INVALID',
    `a blob of ${bytes} bytes in chunks of ${chunkBytes} with the digest ${quoted} cannot be: ` +
      `at most ${MAX_BLOB_BYTES} bytes, chunks of ${MIN_CHUNK_BYTES} to ${MAX_CHUNK_BYTES}`,
    { details: { sha256: quoted, bytes, chunkBytes } },
  );
}

export function chunkCountOf(blob: Pick<BlobGeometry, 'bytes' | 'chunkBytes'>): number {
  return Math.ceil(blob.bytes / blob.chunkBytes);
}

/** Length of one chunk: all are alike but the last. */
export function chunkLengthOf(
  blob: Pick<BlobGeometry, 'bytes' | 'chunkBytes'>,
  index: number,
): number {
  return Math.min(blob.chunkBytes, blob.bytes - index * blob.chunkBytes);
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

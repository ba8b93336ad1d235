import { type BlobGeometry, checkBlobGeometry, isBlobGeometry } from '../file/blob.ts';

const MAGIC = Buffer.from('CVR1', 'latin1');
/** `CVR1`, length and chunk length in four bytes each, 32 bytes of digest. */
export const REFERENCE_BYTES = 44;

/**
 * Stands for a message that lies at the broker as a blob of its sender: `CVR1`, then length and
 * chunk length of the blob as big-endian 32-bit numbers, then its SHA-256.
 *
 * A record starts with `CVR` too, but its version is a byte of 1, not the digit.
 *
 * @throws {@link BusError} `BUS_BLOB_INVALID`.
 */
export function encodeReference(blob: BlobGeometry): Uint8Array {
  checkBlobGeometry(blob);
  const reference = Buffer.alloc(REFERENCE_BYTES);
  MAGIC.copy(reference, 0);
  reference.writeUInt32BE(blob.bytes, 4);
  reference.writeUInt32BE(blob.chunkBytes, 8);
  reference.write(blob.sha256, 12, 'hex');
  return new Uint8Array(reference);
}

/** @returns `undefined` for anything that {@link encodeReference} does not write, byte for byte. */
export function decodeReference(data: Uint8Array): BlobGeometry | undefined {
  if (data.length !== REFERENCE_BYTES) return undefined;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const blob = {
    sha256: bytes.toString('hex', 12),
    bytes: bytes.readUInt32BE(4),
    chunkBytes: bytes.readUInt32BE(8),
  };
  return isBlobGeometry(blob) ? blob : undefined;
}

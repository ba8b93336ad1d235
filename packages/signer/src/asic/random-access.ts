import { readSync } from 'node:fs';

import { SignerError } from '../errors.ts';

/** Bytes that can be looked at in any place: memory, or an open file. */
export interface RandomAccess {
  readonly size: number;
  /** The bytes from `at` on; all of them must be there. */
  readonly read: (at: number, length: number) => Buffer;
}

export function accessBytes(bytes: Uint8Array): RandomAccess {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    size: bytes.length,
    read: (at, length) => {
      requireRange(at, length, bytes.length);
      return view.subarray(at, at + length);
    },
  };
}

/**
 * A file by its descriptor. Reads are synchronous: a ZIP's headers are a few hundred bytes each, and
 * the rules that check them stand once. What is large is streamed, not read here.
 */
export function accessFile(fd: number, size: number): RandomAccess {
  return {
    size,
    read: (at, length) => {
      requireRange(at, length, size);
      const buffer = Buffer.allocUnsafe(length);
      for (let done = 0; done < length;) {
        const count = readSync(fd, buffer, done, length - done, at + done);
        if (count === 0) throw new SignerError('SIGNER_ASIC_MALFORMED', 'the file became shorter');
        done += count;
      }
      return buffer;
    },
  };
}

function requireRange(at: number, length: number, size: number): void {
  if (at >= 0 && length >= 0 && at + length <= size) return;
  throw new SignerError('SIGNER_ASIC_MALFORMED', 'something points outside of the file', {
    details: { offset: at },
  });
}

import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

import { expected } from './write-whole.ts';

const PIECE_BYTES = 1024 * 1024;

/** Work that may take long. */
export interface LongWork {
  /** Called with the bytes that are done so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Ends the work with the signal's own reason. */
  readonly signal?: AbortSignal;
}

/**
 * A part of a file in pieces, the next one on its way while one is worked on. Each piece is a buffer
 * of its own, the receiver's to keep or to give to {@link discard}. Ends early where the file does.
 */
export async function* readPieces(
  handle: FileHandle,
  start: number,
  length: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const end = start + length;
  let at = start;
  const next = (): Promise<Uint8Array> => {
    const bytes = Math.min(PIECE_BYTES, end - at);
    const buffer = Buffer.allocUnsafeSlow(bytes);
    return expected(
      handle.read(buffer, 0, bytes, at).then(({ bytesRead }) => buffer.subarray(0, bytesRead)),
    );
  };
  let pending = next();
  try {
    while (at < end) {
      signal?.throwIfAborted();
      const piece = await pending;
      if (piece.length === 0) return;
      at += piece.length;
      if (at < end) pending = next();
      yield piece;
    }
  } finally {
    await pending.catch(() => undefined); // the handle must not be closed under it
  }
}

/** Gives the memory of a piece back now: the collector would let some 64 MB of them pile up. */
export function discard({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

/** What the content of a file is, without keeping it. */
export interface FileSurvey {
  readonly bytes: number;
  /** Lower hex. */
  readonly sha256: string;
  readonly crc32: number;
}

/** Sums content up, piece by piece. */
export class Survey {
  readonly #hash = createHash('sha256');
  #crc32 = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.#crc32 = crc32(piece, this.#crc32);
    this.#bytes += piece.length;
  }

  end(): FileSurvey {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), crc32: this.#crc32 };
  }
}

/**
 * Reads a file once, in flat memory.
 *
 * @throws system errors of the file as they come.
 */
export async function surveyFile(path: string, work: LongWork = {}): Promise<FileSurvey> {
  const survey = new Survey();
  await using handle = await open(path, 'r');
  for await (const piece of readPieces(handle, 0, Number.MAX_SAFE_INTEGER, work.signal)) {
    survey.add(piece);
    discard(piece);
    work.onProgress?.(survey.bytes);
  }
  return survey.end();
}

/** The bytes in memory, as {@link surveyFile} sums up a file. */
export function surveyBytes(bytes: Uint8Array): FileSurvey {
  const survey = new Survey();
  survey.add(bytes);
  return survey.end();
}

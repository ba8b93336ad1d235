import { readFileSync } from 'node:fs';

import { decodeMessage, type RawRecord } from '../../record/frame.ts';

/** Files kept in memory: a page reads many neighbours, and a first copy reads all of them in order. */
const MAX_CACHED_FILES = 4;
/** Header, payload and signature of a record at their limits. */
const MAX_FRAME_BYTES = 9 + 64 * 1024 + 4 + 16 * 1024;

/** Where a record stands in a file of many. */
export interface FramePlace {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** Takes records apart that stand one after the other. @throws BusError as `decodeMessage`. */
export function* readFrames(
  bytes: Uint8Array,
): Generator<{ readonly raw: RawRecord; readonly start: number; readonly end: number }> {
  let start = 0;
  while (start < bytes.length) {
    const { record } = decodeMessage(bytes.subarray(start, start + MAX_FRAME_BYTES));
    const end = start + record.bytes.length;
    yield { raw: record, start, end };
    start = end;
  }
}

/** Reads records out of files, with the last few files in memory. */
export class FrameFiles {
  readonly #files = new Map<string, Uint8Array>();

  read({ path, start, end }: FramePlace): Uint8Array {
    return this.#file(path).subarray(start, end);
  }

  #file(path: string): Uint8Array {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(readFileSync(path));
    const [oldest] = this.#files.keys();
    if (this.#files.size >= MAX_CACHED_FILES && oldest !== undefined) this.#files.delete(oldest);
    this.#files.set(path, bytes);
    return bytes;
  }
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';

import { ZipFile } from 'yazl';

import type { ManifestPart } from './format.ts';

/** Writes the parts of a ZIP file one after the other; only one of them is in memory. */
export class ZipWriter {
  readonly #zip = new ZipFile();
  readonly #output = this.#zip.outputStream.pipe(new PassThrough());
  readonly #stop = new AbortController();
  readonly #mtime: Date;
  #adding: Readable | undefined;
  /** What was written, for the manifest. */
  readonly parts: ManifestPart[] = [];

  constructor(mtime: Date) {
    this.#mtime = mtime;
  }

  /** The bytes of the file as they come. */
  get output(): Readable {
    return this.#output;
  }

  /** Returns when the part has left for {@link output}. */
  async add(
    name: string,
    pieces: Iterable<Uint8Array>,
    options: { readonly compress?: boolean } = {},
  ): Promise<void> {
    const hash = createHash('sha256');
    let bytes = 0;
    function* counted(): Generator<Uint8Array> {
      for (const piece of pieces) {
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
    }
    const stream = Readable.from(counted(), { objectMode: false });
    this.#adding = stream;
    const ended = once(stream, 'end', { signal: this.#stop.signal });
    const { compress = true } = options;
    this.#zip.addReadStream(stream, name, { mtime: this.#mtime, mode: 0o100644, compress });
    await ended;
    this.parts.push({ name, bytes, sha256: hash.digest('hex') });
  }

  /** Whoever reads {@link output} gets the error. */
  fail(error: unknown): void {
    this.#output.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  /** Nobody reads {@link output} any more: what is being added ends with an error. */
  stop(): void {
    this.#stop.abort();
    // It would be read on, from a database that may be closed by then.
    this.#adding?.destroy();
  }

  end(): void {
    this.#zip.end();
  }
}

/** The bytes of a file while `add` adds its parts to it. */
export async function* zipPieces(
  zip: ZipWriter,
  add: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const adding = add().then(
    () => zip.end(),
    (error: unknown) => zip.fail(error),
  );
  try {
    for await (const piece of zip.output) yield toBytes(piece);
  } finally {
    zip.stop();
    await adding;
  }
}

function toBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError('a stream of bytes gave something else');
}

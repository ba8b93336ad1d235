/**
 * Takes bytes out of a stream of chunks, as many as are asked for. What it hands out is valid until
 * the next call of {@link read}: buffers are used again, so that memory does not grow with the file.
 */
export class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>;
  /** Called with a chunk that nobody needs any more. */
  private readonly release: (chunk: Uint8Array) => void;
  private readonly chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that were handed out. */
  private taken = 0;
  private buffered = 0;
  private isEnded = false;
  private lent: Uint8Array | undefined;
  private scratch = Buffer.alloc(0);

  constructor(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    release: (chunk: Uint8Array) => void = () => undefined,
  ) {
    this.source =
      Symbol.asyncIterator in source
        ? source[Symbol.asyncIterator]()
        : iterateSync(source[Symbol.iterator]());
    this.release = release;
  }

  /** The next `count` bytes, fewer only where the stream ends. */
  async read(count: number): Promise<Uint8Array> {
    if (this.lent !== undefined) this.release(this.lent);
    this.lent = undefined;
    await this.fill(count);
    const length = Math.min(count, this.buffered);
    this.buffered -= length;
    const [first] = this.chunks;
    if (first !== undefined && this.taken === 0 && first.length === length) {
      this.lent = this.chunks.shift();
      return first;
    }
    if (this.scratch.length < length) this.scratch = Buffer.allocUnsafeSlow(length);
    for (let at = 0; at < length;) {
      const [chunk] = this.chunks;
      if (chunk === undefined) break;
      const part = chunk.subarray(this.taken, this.taken + length - at);
      this.scratch.set(part, at);
      at += part.length;
      this.taken += part.length;
      if (this.taken < chunk.length) break;
      this.taken = 0;
      this.chunks.shift();
      this.release(chunk);
    }
    return this.scratch.subarray(0, length);
  }

  /** Waits until more than `count` bytes are there, or the end; says whether they are. */
  async holdsMoreThan(count: number): Promise<boolean> {
    await this.fill(count + 1);
    return this.buffered > count;
  }

  /** Tells the source that no more will be read. */
  async close(): Promise<void> {
    if (!this.isEnded) await this.source.return?.();
    this.isEnded = true;
  }

  private async fill(count: number): Promise<void> {
    while (this.buffered < count && !this.isEnded) {
      const next = await this.source.next();
      if (next.done === true) this.isEnded = true;
      else if (next.value.length > 0) {
        this.chunks.push(next.value);
        this.buffered += next.value.length;
      }
    }
  }
}

async function* iterateSync(source: Iterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let next = source.next(); next.done !== true; next = source.next()) yield next.value;
}

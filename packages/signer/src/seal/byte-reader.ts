/** Takes bytes out of a stream of chunks, as many as are asked for. */
export class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private readonly chunks: Uint8Array[] = [];
  private buffered = 0;
  private isEnded = false;

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.source =
      Symbol.asyncIterator in source
        ? source[Symbol.asyncIterator]()
        : iterateSync(source[Symbol.iterator]());
  }

  /** The next `count` bytes, fewer only where the stream ends. */
  async read(count: number): Promise<Uint8Array> {
    await this.fill(count);
    const [first] = this.chunks;
    if (first !== undefined && first.length >= count) {
      this.buffered -= count;
      if (first.length === count) this.chunks.shift();
      else this.chunks[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const parts: Uint8Array[] = [];
    for (let left = Math.min(count, this.buffered); left > 0;) {
      const chunk = this.chunks.shift();
      if (chunk === undefined) break;
      parts.push(chunk.subarray(0, left));
      if (chunk.length > left) this.chunks.unshift(chunk.subarray(left));
      left -= Math.min(left, chunk.length);
    }
    const bytes = Buffer.concat(parts);
    this.buffered -= bytes.length;
    return bytes;
  }

  /** Gives back what was read last. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.chunks.unshift(bytes);
    this.buffered += bytes.length;
  }

  /** True when nothing is left; waits for the next chunk to know. */
  async isAtEnd(): Promise<boolean> {
    await this.fill(1);
    return this.buffered === 0;
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

/** An asynchronous sequence that can be looked at before something is taken from it. */
export class Cursor<T> {
  readonly #source: AsyncIterator<T>;
  #next: { readonly value: T } | undefined;
  #isOver = false;

  constructor(source: AsyncIterable<T>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** What {@link take} would give; `undefined` at the end. */
  async peek(): Promise<T | undefined> {
    if (this.#next === undefined && !this.#isOver) {
      const result = await this.#source.next();
      if (result.done === true) this.#isOver = true;
      else this.#next = { value: result.value };
    }
    return this.#next?.value;
  }

  async take(): Promise<T | undefined> {
    const value = await this.peek();
    this.#next = undefined;
    return value;
  }
}

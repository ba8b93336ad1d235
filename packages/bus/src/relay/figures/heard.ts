/** Which agencies were heard of in a span, by their number. */
export class Heard {
  readonly #bits: readonly Int32Array[];
  readonly #masks: readonly number[];

  /** @param parts - bits of days or months, and those of them that belong to the span. */
  constructor(parts: readonly (readonly [bits: Int32Array, mask: number])[]) {
    this.#bits = parts.map(([bits]) => bits);
    this.#masks = parts.map(([, mask]) => mask);
  }

  has(ordinal: number): boolean {
    for (let at = 0; at < this.#bits.length; at += 1) {
      if (((this.#bits[at]?.[ordinal] ?? 0) & (this.#masks[at] ?? 0)) !== 0) return true;
    }
    return false;
  }
}

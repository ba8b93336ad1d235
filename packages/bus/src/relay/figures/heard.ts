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

  /** How many of some agencies were heard of that were open between two days; `from` and `to` are theirs. */
  countOpen(
    { ordinals, from, to }: Readonly<Record<'ordinals' | 'from' | 'to', Int32Array>>,
    [first, last]: readonly [number, number],
  ): number {
    let count = 0;
    const { length } = ordinals;
    const [bits = NO_BITS, more = NO_BITS] = this.#bits;
    const [mask = 0, moreMask = 0] = this.#masks;
    const areFew = this.#bits.length <= 2; // a day, a week, a month; two years
    for (let at = 0; at < length; at += 1) {
      const ordinal = ordinals[at] ?? 0;
      const isHeard = areFew
        ? (((bits[ordinal] ?? 0) & mask) | ((more[ordinal] ?? 0) & moreMask)) !== 0
        : this.has(ordinal);
      if (isHeard && (from[at] ?? 0) <= last && (to[at] ?? 0) >= first) count += 1;
    }
    return count;
  }
}

const NO_BITS = new Int32Array(0);

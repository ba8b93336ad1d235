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
    if (this.#bits.length > 2) return this.#countOneByOne({ ordinals, from, to }, [first, last]);
    let count = 0;
    const [bits = NO_BITS, more = NO_BITS] = this.#bits; // of a day, a week, a month, two years
    const [mask = 0, moreMask = 0] = this.#masks;
    for (let at = 0; at < ordinals.length; at += 1) {
      const ordinal = ordinals[at] ?? 0;
      const found = ((bits[ordinal] ?? 0) & mask) | ((more[ordinal] ?? 0) & moreMask);
      // By signs, without a branch: which agency is heard of cannot be foreseen, and half the time went there.
      const isOutside = (last - (from[at] ?? 0)) | ((to[at] ?? 0) - first);
      count += ((found | -found) >>> 31) & ~(isOutside >>> 31);
    }
    return count;
  }

  #countOneByOne(
    { ordinals, from, to }: Readonly<Record<'ordinals' | 'from' | 'to', Int32Array>>,
    [first, last]: readonly [number, number],
  ): number {
    let count = 0;
    for (let at = 0; at < ordinals.length; at += 1) {
      if (!this.has(ordinals[at] ?? 0)) continue;
      if ((from[at] ?? 0) <= last && (to[at] ?? 0) >= first) count += 1;
    }
    return count;
  }
}

const NO_BITS = new Int32Array(0);

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
    const [bits, mask] = [this.#bits[0], this.#masks[0]];
    const isOne = this.#bits.length === 1 && bits !== undefined && mask !== undefined;
    for (let at = 0; at < ordinals.length; at += 1) {
      const ordinal = ordinals[at] ?? 0;
      if (isOne ? ((bits[ordinal] ?? 0) & mask) === 0 : !this.has(ordinal)) continue;
      if ((from[at] ?? 0) <= last && (to[at] ?? 0) >= first) count += 1;
    }
    return count;
  }
}

/** Chance that can be repeated: the same seed gives the same traffic and the same campaign. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in `[0, 1)`; mulberry32, which is even enough for both. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length - 1)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  }

  shuffle<T>(values: readonly T[]): T[] {
    const shuffled = values.map((value) => ({ value, rank: this.next() }));
    return shuffled.toSorted((a, b) => a.rank - b.rank).map(({ value }) => value);
  }

  /** The first value whose share of the weights holds the throw. */
  pickWeighted<T>(values: readonly (readonly [T, number])[]): T {
    let left = this.next() * values.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [value, weight] of values) {
      left -= weight;
      if (left < 0) return value;
    }
    const last = values.at(-1);
    if (last === undefined) throw new RangeError('nothing to pick from');
    return last[0];
  }

  /** Around `median`, with a long tail: most answers are quick and some take very long. */
  longTailed(median: number, spread: number): number {
    const even = this.next() + this.next() + this.next() + this.next() - 2; // near enough to normal
    return median * Math.exp(even * spread);
  }

  /** Lower hexadecimal, two digits a byte. */
  hex(bytes: number): string {
    let text = '';
    for (let left = bytes; left > 0; left -= 4) {
      const word = Math.floor(this.next() * 2 ** 32);
      text += word
        .toString(16)
        .padStart(8, '0')
        .slice(0, Math.min(left, 4) * 2);
    }
    return text;
  }
}

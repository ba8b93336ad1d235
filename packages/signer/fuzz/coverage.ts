import { EDGE_SLOTS } from './instrument.ts';

/** How often an edge was taken, in classes (1, 2, 3, 4–7, 8–15, 16–31, 32–127, more): one bit each. */
const CLASS_STARTS = [1, 2, 3, 4, 8, 16, 32, 128];
const CLASS_OF = Uint8Array.from({ length: 256 }, (_, count) => {
  const index = CLASS_STARTS.findLastIndex((start) => start <= count);
  return index < 0 ? 0 : 1 << index;
});

/** What all inputs so far have reached. */
export class Coverage {
  private readonly edges: Uint8Array;
  private readonly words: Uint32Array;
  private readonly seen = new Uint8Array(EDGE_SLOTS);
  edgeCount = 0;

  /** @param edges - counters that the sources write to. */
  constructor(edges: Uint8Array<ArrayBuffer>) {
    this.edges = edges;
    this.words = new Uint32Array(edges.buffer);
  }

  /** Before each input. */
  reset(): void {
    this.edges.fill(0);
    Object.assign(globalThis, { __place: 0 });
  }

  /** After it: whether it took an edge that none took before, or took one in another class. */
  merge(): boolean {
    const { edges, words, seen } = this;
    let isNew = false;
    for (let word = 0; word < words.length; word += 1) {
      if (words[word] === 0) continue;
      for (let slot = word * 4; slot < word * 4 + 4; slot += 1) {
        const bit = CLASS_OF[edges[slot] ?? 0] ?? 0;
        const known = seen[slot] ?? 0;
        if ((known & bit) === bit) continue;
        if (known === 0) this.edgeCount += 1;
        seen[slot] = known | bit;
        isNew = true;
      }
    }
    return isNew;
  }

  /** The edges that the last input took. */
  slots(): number[] {
    const slots: number[] = [];
    this.edges.forEach((count, slot) => {
      if (count > 0) slots.push(slot);
    });
    return slots;
  }
}

/**
 * Picks the inputs that together take the most edges that `known` does not, each time the one that
 * adds most; of two the shorter.
 */
export function pickCover(
  known: Iterable<number>,
  candidates: readonly { readonly bytes: Uint8Array; readonly slots: readonly number[] }[],
  limit: number,
): Uint8Array[] {
  const covered = new Set(known);
  const picked: Uint8Array[] = [];
  const shortest = candidates.toSorted((a, b) => a.bytes.length - b.bytes.length);
  while (picked.length < limit) {
    let best: (typeof shortest)[number] | undefined;
    let mostAdded = 0;
    for (const candidate of shortest) {
      const added = candidate.slots.filter((slot) => !covered.has(slot)).length;
      if (added > mostAdded) [best, mostAdded] = [candidate, added];
    }
    if (best === undefined) break;
    for (const slot of best.slots) covered.add(slot);
    picked.push(best.bytes);
  }
  return picked;
}

import { BUCKET_COUNT, rank, ranksOf } from './histogram.ts';
import type { Figures, TimeFigures } from './types.ts';

/** What a cell counts, in the order in which it is stored: names may be added, never moved. */
const COUNTERS = [
  'E',
  'EP',
  'P',
  'signed',
  'undelivered',
  'void_numbers',
  'deliveries',
  'paper_recipients',
  'receipted',
  'overdue',
  'late',
  'receipted_01',
  'receipted_03',
  'receipted_06',
  'refused',
  'recalled',
  'withdrawn',
  'contradictions',
  'duplicates',
] as const;
export type Counter = (typeof COUNTERS)[number];

/** Room for counters to come; histograms follow. */
const COUNTER_ROOM = 64;
const TIMES = ['01', '03', '06'] as const;
export type TimedStatus = (typeof TIMES)[number];
const CELL_LENGTH = COUNTER_ROOM + TIMES.length * BUCKET_COUNT;

const COUNTER_INDEX: ReadonlyMap<string, number> = new Map(
  COUNTERS.map((name, index) => [name, index]),
);

/** Where a counter stands in a cell. */
export function counterIndex(name: Counter): number {
  return COUNTER_INDEX.get(name) ?? 0;
}

/** Where a bucket of the times to a status stands in a cell. */
export function timeIndex(status: TimedStatus, bucket: number): number {
  return COUNTER_ROOM + TIMES.indexOf(status) * BUCKET_COUNT + bucket;
}

/** What changed in a cell: index → amount, which may be below zero. */
export type Delta = Map<number, number>;

export function addTo(delta: Delta, index: number, amount: number): void {
  const sum = (delta.get(index) ?? 0) + amount;
  if (sum === 0) delta.delete(index);
  else delta.set(index, sum);
}

/**
 * A stored cell: pairs of index (as the distance from the one before) and amount, both as variable
 * length integers of 7 bits a byte, low bits first; the amount's sign is its lowest bit.
 */
export class CellCodec {
  /** One at a time: SQLite is synchronous, and this saves an allocation for each cell. */
  readonly #scratch = new Uint8Array(CELL_LENGTH * 10);
  #at = 0;

  /** @returns the cell with the change added; `undefined` when nothing is left in it. */
  merge(stored: Uint8Array | undefined, delta: Delta): Uint8Array | undefined {
    const changes = [...delta].toSorted(([a], [b]) => a - b);
    this.#at = 0;
    let last = 0;
    let next = 0;
    const put = (index: number, amount: number): void => {
      if (amount === 0) return;
      this.#write(index - last);
      this.#write(amount < 0 ? -amount * 2 - 1 : amount * 2);
      last = index;
    };
    forEachPair(stored, (index, amount) => {
      let change = changes[next];
      while (change !== undefined && change[0] < index) {
        put(change[0], change[1]);
        next += 1;
        change = changes[next];
      }
      if (change?.[0] === index) {
        put(index, amount + change[1]);
        next += 1;
      } else put(index, amount);
    });
    for (const [index, amount] of changes.slice(next)) put(index, amount);
    return this.#at === 0 ? undefined : this.#scratch.slice(0, this.#at);
  }

  #write(value: number): void {
    let left = value;
    while (left >= 128) {
      this.#scratch[this.#at] = (left % 128) + 128;
      this.#at += 1;
      left = Math.floor(left / 128);
    }
    this.#scratch[this.#at] = left;
    this.#at += 1;
  }
}

/** Reads a stored cell, smallest index first. */
export function forEachPair(
  stored: Uint8Array | undefined,
  take: (index: number, amount: number) => void,
): void {
  if (stored === undefined) return;
  let at = 0;
  let index = 0;
  const read = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = stored[at] ?? 0;
      at += 1;
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
      scale *= 128;
    }
  };
  while (at < stored.length) {
    index += read();
    const coded = read();
    take(index, coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2);
  }
}

/** Adds stored cells up to one stored cell, for SQL that sums them. */
export class CellSum {
  readonly #codec: CellCodec;
  readonly #sum: Delta = new Map();

  constructor(codec: CellCodec) {
    this.#codec = codec;
  }

  add(stored: Uint8Array): void {
    forEachPair(stored, (index, amount) => addTo(this.#sum, index, amount));
  }

  /** Empty when nothing is left. */
  stored(): Uint8Array {
    return this.#codec.merge(undefined, this.#sum) ?? new Uint8Array(0);
  }
}

/** The sum of any number of cells; large, so it is used again for one answer after the other. */
export class Sum {
  readonly #amounts = new Float64Array(CELL_LENGTH);

  clear(): void {
    this.#amounts.fill(0);
  }

  addDelta(delta: Delta): void {
    for (const [index, amount] of delta)
      this.#amounts[index] = (this.#amounts[index] ?? 0) + amount;
  }

  /** As {@link forEachPair}, in one loop: most of the time of an answer is spent here. */
  add(stored: Uint8Array, end = CELL_LENGTH): void {
    const amounts = this.#amounts;
    const { length } = stored;
    let index = 0;
    for (let at = 0; at < length;) {
      let byte = stored[at++] ?? 0;
      let step = byte & 127;
      for (let shift = 7; byte > 127; shift += 7) {
        byte = stored[at++] ?? 0;
        step += (byte & 127) * 2 ** shift;
      }
      byte = stored[at++] ?? 0;
      let coded = byte & 127;
      for (let shift = 7; byte > 127; shift += 7) {
        byte = stored[at++] ?? 0;
        coded += (byte & 127) * 2 ** shift;
      }
      index += step;
      if (index >= end) return;
      amounts[index] = (amounts[index] ?? 0) + (coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2);
    }
  }

  /** The counters of a cell, which come first in it; its times are left out. */
  addCounters(stored: Uint8Array): void {
    this.add(stored, COUNTER_ROOM);
  }

  count(name: Counter): number {
    return this.#amounts[counterIndex(name)] ?? 0;
  }

  /** @param lacks - what no record says: numbers of gaps, and whether reports are missing. */
  figures(lacks: { readonly missingNumbers: number; readonly reportsMissing: boolean }): Figures {
    const count = (name: Counter): number => this.count(name);
    const [E, EP, P, signed] = [count('E'), count('EP'), count('P'), count('signed')];
    const [deliveries, receipted] = [count('deliveries'), count('receipted')];
    return {
      E,
      EP,
      P,
      signed,
      rate_electronic: ratio(E, E + EP + P),
      rate_any: ratio(E + EP, E + EP + P),
      rate_signed: ratio(signed, E + EP),
      undelivered: count('undelivered'),
      void_numbers: count('void_numbers'),
      missing_numbers: lacks.missingNumbers,
      lower_bound: lacks.reportsMissing || lacks.missingNumbers > 0,
      deliveries,
      paper_recipients: count('paper_recipients'),
      receipted,
      open: deliveries - receipted,
      overdue: count('overdue'),
      late: count('late'),
      receipted_01: count('receipted_01'),
      receipted_03: count('receipted_03'),
      receipted_06: count('receipted_06'),
      refused: count('refused'),
      recalled: count('recalled'),
      withdrawn: count('withdrawn'),
      contradictions: count('contradictions'),
      duplicates: count('duplicates'),
      time_to_01_ms: this.#times('01'),
      time_to_03_ms: this.#times('03'),
      time_to_06_ms: this.#times('06'),
    };
  }

  #times(status: TimedStatus): TimeFigures | null {
    const total = this.count(`receipted_${status}`);
    if (total <= 0) return null;
    const start = timeIndex(status, 0);
    const counts = this.#amounts.subarray(start, start + BUCKET_COUNT);
    const [median, p95] = ranksOf(counts, [rank(total, 1, 2), rank(total, 19, 20)]);
    return { median, p95 };
  }
}

export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

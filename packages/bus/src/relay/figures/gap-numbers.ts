import type { FigureQueries, GapGroup } from '../storage/figure-queries.ts';
import type { Span } from './agency.ts';

interface Sums {
  readonly days: readonly string[];
  /** Numbers of gaps that begin, or end, on that day or before. */
  readonly began: Float64Array;
  readonly ended: Float64Array;
}

/** From so many spans on, the sums of a group are read once for all of them. */
const SPANS_ONE_BY_ONE = 2;

/** Numbers that are missing in a group, for any number of spans of one answer. */
export class GapNumbers {
  readonly #queries: FigureQueries;
  readonly #asked = new Map<string, number>();
  readonly #sums = new Map<string, Sums>();

  constructor(queries: FigureQueries) {
    this.#queries = queries;
  }

  /** So many may belong to a span as began up to its end less those that ended before it. */
  in(span: Span, group: GapGroup): number {
    const key = `${group.top} ${group.structure} ${group.tiers.join(' ')}`;
    const asked = (this.#asked.get(key) ?? 0) + 1;
    this.#asked.set(key, asked);
    if (asked <= SPANS_ONE_BY_ONE) return this.#queries.gapNumbers(group, span.from, span.to);
    const sums = this.#sums.get(key) ?? this.#read(group);
    this.#sums.set(key, sums);
    const began = sums.began[countUpTo(sums.days, span.to, true)] ?? 0;
    return began - (sums.ended[countUpTo(sums.days, span.from, false)] ?? 0);
  }

  #read(group: GapGroup): Sums {
    const rows = this.#queries.gapSums(group);
    const [began, ended] = [new Float64Array(rows.length + 1), new Float64Array(rows.length + 1)];
    rows.forEach(([, first, last], at) => {
      began[at + 1] = (began[at] ?? 0) + first;
      ended[at + 1] = (ended[at] ?? 0) + last;
    });
    return { days: rows.map(([day]) => day), began, ended };
  }
}

/** How many of the sorted days come before a day, or on it. */
function countUpTo(days: readonly string[], day: string, included: boolean): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = days[middle] ?? '';
    if (one < day || (included && one === day)) low = middle + 1;
    else high = middle;
  }
  return low;
}

import type { FigureQueries, GapGroup, GapSumRow } from '../storage/figure-queries.ts';
import type { StructureCode } from '../storage/figure-store.ts';
import type { Span } from './agency.ts';
import { countBelow } from './sorted-days.ts';

/** Of one group, tier and structure; days as numbers that keep their order. */
interface Sums {
  readonly tier: string;
  readonly structure: StructureCode;
  readonly days: Int32Array;
  /** Numbers of gaps that begin, or end, on the days before the one that stands there. */
  readonly began: Float64Array;
  readonly ended: Float64Array;
}

/** Days kept, over all groups: some 20 bytes each, so 4 MB. */
const MAX_KEPT_DAYS = 200_000;
/** A group with more is added up by the database: somebody writes dates that are none. */
const MAX_DAYS_OF_GROUP = 20_000;
const MAX_GROUPS = 4_000;

/** Numbers that are missing in groups, in memory from one question to the next. */
export class GapNumbers {
  readonly #queries: FigureQueries;
  readonly #kept = new Map<string, readonly Sums[]>();
  #days = 0;

  constructor(queries: FigureQueries) {
    this.#queries = queries;
  }

  /** Reads what is asked for again and again before the first question. */
  readAhead(): void {
    for (const top of this.#queries.gapTops()) {
      if (this.#kept.size >= MAX_GROUPS || this.#days > MAX_KEPT_DAYS / 2) return;
      this.#sumsOf(top);
    }
  }

  /** So many may belong to a span as began up to its end less those that ended before it. */
  in({ from, to }: Span, group: GapGroup): number {
    const all = this.#sumsOf(group.top);
    if (all === undefined) return this.#queries.gapNumbers(group, { from, to });
    let numbers = 0;
    for (const { tier, structure, days, began, ended } of all) {
      if (group.tier !== null && tier !== group.tier) continue;
      if (structure !== 0 && structure !== group.structure) continue;
      numbers += began[countBelow(days, dayOrder(to) + 1)] ?? 0;
      numbers -= ended[countBelow(days, dayOrder(from))] ?? 0;
    }
    return numbers;
  }

  /** A gap of the group came, went or changed. */
  changed(top: string): void {
    for (const { days } of this.#kept.get(top) ?? []) this.#days -= days.length;
    this.#kept.delete(top);
  }

  forget(): void {
    this.#kept.clear();
    this.#days = 0;
  }

  #sumsOf(top: string): readonly Sums[] | undefined {
    const known = this.#kept.get(top);
    if (known !== undefined) return known;
    const rows = this.#queries.gapSums(top, MAX_DAYS_OF_GROUP);
    if (rows === undefined) return undefined;
    const sums = sumUp(rows);
    this.#kept.set(top, sums);
    this.#days += rows.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#days <= MAX_KEPT_DAYS && this.#kept.size <= MAX_GROUPS) break;
      this.changed(oldest);
    }
    return sums;
  }
}

/** @param rows - in order of tier, structure and day. */
function sumUp(rows: readonly GapSumRow[]): Sums[] {
  const groups = Map.groupBy(rows, ([tier, structure]) => `${tier} ${structure}`);
  return [...groups.values()].flatMap((ofOne) => {
    const [first] = ofOne;
    if (first === undefined) return [];
    const began = new Float64Array(ofOne.length + 1);
    const ended = new Float64Array(ofOne.length + 1);
    ofOne.forEach(([, , , begins, ends], at) => {
      began[at + 1] = (began[at] ?? 0) + begins;
      ended[at + 1] = (ended[at] ?? 0) + ends;
    });
    const days = Int32Array.from(ofOne, ([, , day]) => dayOrder(day));
    return [{ tier: first[0], structure: first[1], days, began, ended }];
  });
}

/** `2026-11-22` → 20261122. */
function dayOrder(day: string): number {
  return Number(day.slice(0, 4)) * 10_000 + Number(day.slice(5, 7)) * 100 + Number(day.slice(8));
}

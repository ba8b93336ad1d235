import type { Agency, Span } from './agency.ts';
import type { Question } from './answers.ts';
import { ratio } from './cell.ts';
import { LIST_WIDTH } from './figure-memory.ts';
import type { Standing } from './member-count.ts';
import { bucketsOf } from './period.ts';
import { type Scope, isInScope, isInScopeOn, spansInScope, standingOf } from './scope.ts';
import type { SortKey, Sortable } from './sort.ts';

export interface AgencyTableRow extends Sortable {
  readonly isOpen: boolean;
  readonly isHeard: boolean;
}

/** E, EP, P, deliveries, overdue, and how many rows they come from. */
type Counts = Float64Array;

const NO_COUNTS: Counts = new Float64Array(LIST_WIDTH);
/** So few are read from the database where their month or day is not in memory; of more all are. */
const MAX_READ_ALONE = 500;

/** The counters that a list of all agencies of a scope is sorted by; details only for its page. */
export class AgencyTable {
  readonly #question: Question;
  readonly #sort: SortKey;
  readonly #isCounted: boolean;

  /** @param isCounted - false when nobody looks at the counters: they are 0 for those that were open. */
  constructor(question: Question, sort: SortKey, isCounted: boolean) {
    this.#question = question;
    this.#sort = sort;
    this.#isCounted = isCounted;
  }

  /** Agencies of the scope that were open at some time of the period, or have figures in it. */
  rows(): AgencyTableRow[] {
    const { reader, scope, period, index } = this.#question;
    const standings = [...index.membersOf(scope).standingIn(period, reader.heardIn(period))];
    const counts = this.#counts(
      standings.filter(({ isOpen, heard }) => heard.length > 0 && (this.#isCounted || !isOpen)),
    );
    const missing = this.#sort === 'missing_numbers' ? this.#missingNumbers() : undefined;
    const rows: AgencyTableRow[] = [];
    for (const { code: key, isOpen, isHeard } of standings) {
      const found = counts.get(key);
      if (!isOpen && found === undefined) continue;
      const [e = 0, ep = 0, p = 0, deliveries = 0, overdue = 0] = found ?? NO_COUNTS;
      const documents = e + ep + p;
      const rate = ratio(e, documents);
      const counters = { rate, deliveries, overdue, missing: missing?.get(key) ?? 0, documents };
      const nameRank = this.#sort === 'name' ? index.nameRank(key) : undefined;
      rows.push({ key, sortName: key, nameRank, isOpen, isHeard, counters });
    }
    return rows;
  }

  /** By whom they go to; who has no row of the type and urgency in the period is left out. */
  #counts(standings: readonly Standing[]): Map<string, Counts> {
    const { scope, period } = this.#question;
    const counts = new Map<string, Counts>();
    const agencies = standings.flatMap(({ heard }) => heard);
    const sums = this.#sumAll(agencies);
    let next = 0;
    for (const { code, heard, isPlain } of standings) {
      for (const agency of heard) {
        const start = next * LIST_WIDTH;
        const row = sums.subarray(start, start + LIST_WIDTH);
        next += 1;
        if (row[LIST_WIDTH - 1] === 0) continue;
        const own = isPlain ? row : this.#countsInScope(agency, row, scope, period);
        const known = counts.get(code);
        if (own === undefined) continue;
        if (known === undefined) counts.set(code, own);
        else own.forEach((amount, at) => (known[at] = (known[at] ?? 0) + amount));
      }
    }
    return counts;
  }

  /** Of one that has several places, or of those that were taken over. */
  #countsInScope(agency: Agency, row: Counts, scope: Scope, period: Span): Counts | undefined {
    const { code, places } = agency;
    const [place] = places;
    if (place === undefined) return undefined;
    if (places.length === 1 || scope.isNow) {
      return isInScope(standingOf(code, place, scope.isNow), scope) ? row : undefined;
    }
    const [only] = spansInScope(agency, scope, period);
    if (only === undefined) return undefined;
    const isWhole = only.from === period.from && only.to === period.to;
    return isWhole ? row : this.#countMoved(code);
  }

  /** One that changed its place within the period: only its days in scope. */
  #countMoved(code: string): Counts {
    const { reader, scope, period } = this.#question;
    const sum = reader.countersIn({ ...scope, agency: code }, period);
    const of = ['E', 'EP', 'P', 'deliveries', 'overdue'] as const;
    return Float64Array.from([...of.map((name) => sum.count(name)), 1]);
  }

  /** Years, months and days of the period added up, one agency after the other. */
  #sumAll(agencies: readonly Agency[]): Float64Array {
    const { memory, queries, scope, period } = this.#question;
    const { documentType, urgency } = scope;
    const sums = new Float64Array(agencies.length * LIST_WIDTH);
    if (agencies.length === 0) return sums;
    const codes = agencies.map(({ code }) => code);
    for (const bucket of bucketsOf(period, ['year', 'month'])) {
      const isAlone =
        codes.length <= MAX_READ_ALONE && !memory.hasCounters(bucket, documentType, urgency);
      if (isAlone) {
        for (const [at, ...row] of queries.listOf(bucket, documentType, urgency, codes)) {
          addRow(sums, at * LIST_WIDTH, [...row, 1], 0);
        }
        continue;
      }
      const counters = memory.counters(bucket, documentType, urgency);
      agencies.forEach(({ ordinal }, at) => {
        addRow(sums, at * LIST_WIDTH, counters, ordinal * LIST_WIDTH);
      });
    }
    return sums;
  }

  #missingNumbers(): Map<string, number> {
    const { queries, index, scope, period } = this.#question;
    const missing = new Map<string, number>();
    for (const [code, numbers, fromDay] of queries.gapsIn(period.from, period.to)) {
      const agency = index.find(code);
      if (agency === undefined || !isInScopeOn(agency, scope, fromDay)) continue;
      const key = scope.isNow ? (agency.places[0]?.nowCode ?? code) : code;
      missing.set(key, (missing.get(key) ?? 0) + numbers);
    }
    return missing;
  }
}

function addRow(
  sums: Float64Array,
  to: number,
  from: Int32Array | readonly number[],
  start: number,
): void {
  for (let at = 0; at < LIST_WIDTH; at += 1) {
    sums[to + at] = (sums[to + at] ?? 0) + (from[start + at] ?? 0);
  }
}

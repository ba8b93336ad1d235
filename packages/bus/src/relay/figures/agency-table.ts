import type { Question } from './answers.ts';
import { ratio } from './cell.ts';
import { LIST_WIDTH } from './figure-memory.ts';
import { bucketsOf } from './period.ts';
import { isInScope, isInScopeOn, spansInScope, standingOf } from './scope.ts';
import type { SortKey, Sortable } from './sort.ts';

export interface AgencyTableRow extends Sortable {
  readonly isOpen: boolean;
  readonly isHeard: boolean;
}

/** E, EP, P, deliveries, overdue. */
type Counts = [number, number, number, number, number];

const NO_COUNTS: Counts = [0, 0, 0, 0, 0];

/** The counters that a list of all agencies of a scope is sorted by; details only for its page. */
export class AgencyTable {
  readonly #question: Question;
  readonly #sort: SortKey;

  constructor(question: Question, sort: SortKey) {
    this.#question = question;
    this.#sort = sort;
  }

  /** Agencies of the scope that were open at some time of the period, or have figures in it. */
  rows(): AgencyTableRow[] {
    const { reader, scope, period, index } = this.#question;
    const counts = this.#counts();
    const missing = this.#sort === 'missing_numbers' ? this.#missingNumbers() : undefined;
    const rows: AgencyTableRow[] = [];
    const add = (key: string, isOpen: boolean, isHeard: boolean): void => {
      const [e, ep, p, deliveries, overdue] = counts.get(key) ?? NO_COUNTS;
      const rate = ratio(e, e + ep + p);
      const counters = {
        rate,
        deliveries,
        overdue,
        missing: missing?.get(key) ?? 0,
        documents: e + ep + p,
      };
      const isByName = this.#sort === 'name';
      const nameRank = isByName ? index.nameRank(key) : undefined;
      const sortName = isByName ? (index.find(key)?.name ?? key) : key;
      rows.push({
        key,
        sortName,
        nameRank,
        isOpen,
        isHeard,
        counters,
      });
      counts.delete(key);
    };
    for (const { code, isHeard } of index.membersOf(scope).openIn(period, reader.heardIn(period))) {
      add(code, true, isHeard);
    }
    for (const key of counts.keys()) add(key, false, false);
    return rows;
  }

  #counts(): Map<string, Counts> {
    const { index, scope, period } = this.#question;
    const sums = this.#sumAll();
    const counts = new Map<string, Counts>();
    const add = (code: string, row: Counts): void => {
      const known = counts.get(code);
      if (known === undefined) counts.set(code, row);
      else row.forEach((amount, at) => (known[at] = (known[at] ?? 0) + amount));
    };
    for (const agency of index.agencies) {
      const { code, ordinal, places } = agency;
      const row = rowAt(sums, ordinal);
      const place = places[0];
      if (row === undefined || place === undefined) continue;
      if (places.length === 1 || scope.isNow) {
        if (isInScope(standingOf(code, place, scope.isNow), scope)) {
          add(scope.isNow ? place.nowCode : code, row);
        }
        continue;
      }
      const [only] = spansInScope(agency, scope, period);
      if (only === undefined) continue;
      const isWhole = only.from === period.from && only.to === period.to;
      add(code, isWhole ? row : this.#countMoved(code));
    }
    return counts;
  }

  /** One that changed its place within the period: only its days in scope. */
  #countMoved(code: string): Counts {
    const { reader, scope, period } = this.#question;
    const { E, EP, P, deliveries, overdue } = reader.figures({ ...scope, agency: code }, period);
    return [E, EP, P, deliveries, overdue];
  }

  /** Years, months and days of the period added up, by number of the agency. */
  #sumAll(): Float64Array {
    const { memory, scope, period } = this.#question;
    let sums = new Float64Array(0);
    for (const bucket of bucketsOf(period, ['year', 'month'])) {
      const counters = memory.counters(bucket, scope.documentType, scope.urgency);
      if (counters.length > sums.length) {
        const grown = new Float64Array(counters.length);
        grown.set(sums);
        sums = grown;
      }
      for (let at = 0; at < counters.length; at += 1)
        sums[at] = (sums[at] ?? 0) + (counters[at] ?? 0);
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

/** The counters of one agency; `undefined` when there is no row of it. */
function rowAt(sums: Float64Array, ordinal: number): Counts | undefined {
  const start = ordinal * LIST_WIDTH;
  const at = (offset: number): number => sums[start + offset] ?? 0;
  return at(LIST_WIDTH - 1) === 0 ? undefined : [at(0), at(1), at(2), at(3), at(4)];
}

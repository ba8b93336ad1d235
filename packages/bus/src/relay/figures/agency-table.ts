import type { ListRow } from '../storage/figure-queries.ts';
import type { Question } from './answers.ts';
import { ratio } from './cell.ts';
import { bucketsOf } from './period.ts';
import { isInScope, isInScopeOn, spansInScope, standingOf } from './scope.ts';
import type { SortKey, Sortable } from './sort.ts';

export interface AgencyTableRow extends Sortable {
  readonly isOpen: boolean;
  readonly isHeard: boolean;
}

/** E, EP, P, deliveries, overdue. */
type Counts = [number, number, number, number, number];

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
    const heard = reader.heardIn(period);
    const members = reader.members(scope, period, heard);
    const counts = this.#counts();
    const missing = this.#sort === 'missing_numbers' ? this.#missingNumbers() : undefined;
    const keys = new Set([...members].flatMap(([key, { isOpen }]) => (isOpen ? [key] : [])));
    for (const key of counts.keys()) keys.add(key);
    return [...keys].map((key) => {
      const [e, ep, p, deliveries, overdue] = counts.get(key) ?? [0, 0, 0, 0, 0];
      return {
        key,
        sortName: index.find(key)?.name ?? key,
        isOpen: members.get(key)?.isOpen ?? false,
        isHeard: members.get(key)?.isHeard ?? false,
        counters: {
          rate: ratio(e, e + ep + p),
          deliveries,
          overdue,
          missing: missing?.get(key) ?? 0,
          documents: e + ep + p,
        },
      };
    });
  }

  #counts(): Map<string, Counts> {
    const { index, scope, period } = this.#question;
    const all = this.#countAll();
    const counts = new Map<string, Counts>();
    const add = (code: string, row: Counts): void => {
      const known = counts.get(code);
      if (known === undefined) counts.set(code, [...row]);
      else row.forEach((amount, at) => (known[at] = (known[at] ?? 0) + amount));
    };
    for (const [code, row] of all) {
      const agency = index.find(code);
      const place = agency?.places[0];
      if (agency === undefined || place === undefined) continue;
      const heir = scope.isNow ? place.nowCode : code;
      if (agency.places.length === 1 || scope.isNow) {
        if (isInScope(standingOf(code, place, scope.isNow), scope)) add(heir, row);
        continue;
      }
      const spans = spansInScope(agency, scope, period);
      const [only] = spans;
      if (only === undefined) continue;
      if (only.from === period.from && only.to === period.to) add(heir, row);
      else add(heir, this.#countMoved(code));
    }
    return counts;
  }

  /** One that changed its place within the period: only its days in scope. */
  #countMoved(code: string): Counts {
    const { reader, scope, period } = this.#question;
    const { E, EP, P, deliveries, overdue } = reader.figures({ ...scope, agency: code }, period);
    return [E, EP, P, deliveries, overdue];
  }

  #countAll(): Map<string, Counts> {
    const { queries, scope, period } = this.#question;
    const counts = new Map<string, Counts>();
    const add = ([code, ...row]: ListRow): void => {
      const known = counts.get(code);
      if (known === undefined) counts.set(code, row);
      else row.forEach((amount, at) => (known[at] = (known[at] ?? 0) + amount));
    };
    const { documentType, urgency } = scope;
    if (documentType !== null || urgency !== null) {
      queries.listDays(period.from, period.to, documentType, urgency).forEach(add);
      return counts;
    }
    const days: string[] = [];
    for (const bucket of bucketsOf(period, ['year', 'month'])) {
      if (bucket.length < 10) queries.listBucket(bucket).forEach(add);
      else days.push(bucket);
    }
    for (const [from, to] of runsOf(days)) {
      queries.listDays(from, to, null, null).forEach(add);
    }
    return counts;
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

/** First and last of days that follow each other within a month. */
function runsOf(days: readonly string[]): [string, string][] {
  const runs: [string, string][] = [];
  for (const day of days) {
    const last = runs.at(-1);
    if (last !== undefined && last[1].slice(0, 7) === day.slice(0, 7)) last[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}

import { type Agency, type Span, overlaps } from './agency-index.ts';
import { lastOpenDay } from './agency-index.ts';
import { type Scope, isInScope, standingOf } from './scope.ts';

/** How many agencies of a scope were open in a span, and reported nothing in it; for many spans. */
export class MemberCount {
  readonly #scope: Scope;
  /** Agencies that stood and were open in one place only, in scope. */
  readonly #plain = new Map<string, Span>();
  readonly #starts: string[] = [];
  readonly #ends: string[] = [];
  /** All others, with those that took over from each other side by side. */
  readonly #others: (readonly Agency[])[] = [];

  constructor(scope: Scope, groups: Iterable<readonly Agency[]>) {
    this.#scope = scope;
    for (const group of groups) {
      const [agency] = group;
      const place = agency?.places[0];
      const open = agency?.open[0];
      if (agency === undefined || place === undefined || open === undefined) continue;
      const isPlain =
        group.length === 1 &&
        agency.open.length === 1 &&
        (scope.isNow || agency.places.length === 1);
      if (!isPlain) this.#others.push(group);
      else if (isInScope(standingOf(agency.code, place, scope.isNow), scope)) {
        this.#plain.set(agency.code, open);
        this.#starts.push(open.from);
        this.#ends.push(open.to);
      }
    }
    this.#starts.sort();
    this.#ends.sort();
  }

  in(span: Span, heard: ReadonlySet<string>): { agencies: number; agencies_silent: number } {
    let agencies = countUpTo(this.#starts, span.to, true) - countUpTo(this.#ends, span.from, false);
    let reporting = 0;
    for (const code of heard) {
      const open = this.#plain.get(code);
      if (open !== undefined && overlaps(open, span)) reporting += 1;
    }
    for (const group of this.#others) {
      const inScope = group.filter((agency) => this.#isMember(agency, span));
      if (!inScope.some(({ open }) => open.some((one) => overlaps(one, span)))) continue;
      agencies += 1;
      if (inScope.some(({ code }) => heard.has(code))) reporting += 1;
    }
    return { agencies, agencies_silent: agencies - reporting };
  }

  #isMember(agency: Agency, span: Span): boolean {
    const day = lastOpenDay(agency, span);
    const place = agency.places.findLast(({ fromDay }) => fromDay <= day);
    if (place === undefined) return false;
    return isInScope(standingOf(agency.code, place, this.#scope.isNow), this.#scope);
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

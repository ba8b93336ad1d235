import { dateNumber } from '../../calendar/vietnam-time.ts';
import { type Agency, type Span, lastOpenDay, overlaps } from './agency.ts';
import type { Heard } from './heard.ts';
import { type Scope, isInScope, standingOf } from './scope.ts';

/** How an agency of a scope did in a span; those it took over included. */
export interface Member {
  /** Of who took over, by the structure of now. */
  readonly code: string;
  readonly isHeard: boolean;
}

/** How many agencies of a scope were open in a span, and reported nothing in it; for many spans. */
export class MemberCount {
  readonly #scope: Scope;
  /** Agencies that stood and were open in one place only, in scope, with their days. */
  readonly #plain: Agency[] = [];
  readonly #ordinals: Int32Array;
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** All others, with those that took over from each other side by side. */
  readonly #others: (readonly Agency[])[] = [];

  constructor(scope: Scope, groups: Iterable<readonly Agency[]>) {
    this.#scope = scope;
    for (const group of groups) {
      const [agency] = group;
      if (agency === undefined) continue;
      const place = agency.places[0];
      const isPlain =
        group.length === 1 &&
        agency.open.length === 1 &&
        place !== undefined &&
        (scope.isNow || agency.places.length === 1);
      if (!isPlain) this.#others.push(group);
      else if (isInScope(standingOf(agency.code, place, scope.isNow), scope)) {
        this.#plain.push(agency);
      }
    }
    this.#ordinals = Int32Array.from(this.#plain, ({ ordinal }) => ordinal);
    this.#from = Int32Array.from(this.#plain, ({ open }) => dateNumber(open[0]?.from ?? ''));
    this.#to = Int32Array.from(this.#plain, ({ open }) => dateNumber(open[0]?.to ?? ''));
    this.#starts = this.#from.toSorted();
    this.#ends = this.#to.toSorted();
  }

  in(span: Span, heard: Heard): { agencies: number; agencies_silent: number } {
    const [from, to] = [dateNumber(span.from), dateNumber(span.to)];
    let agencies = countBelow(this.#starts, to + 1) - countBelow(this.#ends, from);
    const plain = { ordinals: this.#ordinals, from: this.#from, to: this.#to };
    let reporting = heard.countOpen(plain, [from, to]);
    for (const group of this.#others) {
      const member = this.#memberOf(group, span, heard);
      if (member === undefined) continue;
      agencies += 1;
      if (member.isHeard) reporting += 1;
    }
    return { agencies, agencies_silent: agencies - reporting };
  }

  /** Those that were open at some time of the span. */
  *openIn(span: Span, heard: Heard): Generator<Member> {
    const [from, to] = [dateNumber(span.from), dateNumber(span.to)];
    for (const [at, { code, ordinal }] of this.#plain.entries()) {
      if ((this.#from[at] ?? 0) > to || (this.#to[at] ?? 0) < from) continue;
      yield { code, isHeard: heard.has(ordinal) };
    }
    for (const group of this.#others) {
      const member = this.#memberOf(group, span, heard);
      if (member !== undefined) yield member;
    }
  }

  #memberOf(group: readonly Agency[], span: Span, heard: Heard): Member | undefined {
    const inScope = group.filter((agency) => this.#isMember(agency, span));
    if (!inScope.some(({ open }) => open.some((one) => overlaps(one, span)))) return undefined;
    const [first] = inScope;
    const code = this.#scope.isNow ? first?.places[0]?.nowCode : first?.code;
    if (code === undefined) return undefined;
    return { code, isHeard: inScope.some(({ ordinal }) => heard.has(ordinal)) };
  }

  #isMember(agency: Agency, span: Span): boolean {
    const day = lastOpenDay(agency, span);
    const place = agency.places.findLast(({ fromDay }) => fromDay <= day);
    if (place === undefined) return false;
    return isInScope(standingOf(agency.code, place, this.#scope.isNow), this.#scope);
  }
}

/** How many of the sorted days come before a day. */
function countBelow(days: Int32Array, day: number): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((days[middle] ?? 0) < day) low = middle + 1;
    else high = middle;
  }
  return low;
}

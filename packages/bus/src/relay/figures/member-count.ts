import { dateNumber } from '../../calendar/vietnam-time.ts';
import type { StoredPlace } from '../storage/figure-store.ts';
import { type Agency, type Span, lastOpenDay, overlaps } from './agency.ts';
import type { Heard } from './heard.ts';
import { type Scope, isInScope, standingOf } from './scope.ts';
import { countBelow } from './sorted-days.ts';

/** An agency of a scope that was open in a span or heard of in it, and whose figures its own go to. */
export interface Standing extends Member {
  readonly isOpen: boolean;
  /** Of those whose figures go there, the ones that were heard of. */
  readonly heard: readonly Agency[];
  /** It stood in one place all the time, or its place does not matter. */
  readonly isPlain: boolean;
}

/** How an agency of a scope did in a span; those it took over included. */
export interface Member {
  /** Of who took over, by the structure of now. */
  readonly code: string;
  readonly isHeard: boolean;
}

interface Counted {
  agencies: number;
  agencies_silent: number;
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
  #below: { parent: string; children: readonly (string | undefined)[] } | undefined;

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

  /** Those that were open at some time of the span, and all others that were heard of in it. */
  *standingIn(span: Span, heard: Heard): Generator<Standing> {
    const [from, to] = [dateNumber(span.from), dateNumber(span.to)];
    for (const [at, agency] of this.#plain.entries()) {
      const isOpen = (this.#from[at] ?? 0) <= to && (this.#to[at] ?? 0) >= from;
      const isHeard = heard.has(agency.ordinal);
      if (!isOpen && !isHeard) continue;
      yield { code: agency.code, isOpen, isHeard, heard: isHeard ? [agency] : [], isPlain: true };
    }
    for (const group of this.#others) {
      const member = this.#memberOf(group, span, heard);
      const [place] = group.find(({ places }) => places.length > 0)?.places ?? [];
      const code = this.#scope.isNow ? place?.nowCode : group[0]?.code;
      const ofGroup = group.filter(({ ordinal }) => heard.has(ordinal));
      if (code === undefined || (member === undefined && ofGroup.length === 0)) continue;
      const isHeard = member?.isHeard ?? false;
      yield { code, isOpen: member !== undefined, isHeard, heard: ofGroup, isPlain: false };
    }
  }

  /** Those that were open at some time of the span, counted by the agency right below `parent` that they stand below, or are. */
  byChild(parent: string, span: Span, heard: Heard): Map<string, Counted> {
    const counts = new Map<string, Counted>();
    const count = (child: string | undefined, isHeard: boolean): void => {
      if (child === undefined) return;
      let known = counts.get(child);
      if (known === undefined) counts.set(child, (known = { agencies: 0, agencies_silent: 0 }));
      known.agencies += 1;
      if (!isHeard) known.agencies_silent += 1;
    };
    const [from, to] = [dateNumber(span.from), dateNumber(span.to)];
    const children = this.#childrenBelow(parent);
    for (let at = 0; at < this.#ordinals.length; at += 1) {
      const child = children[at];
      if (child === undefined || (this.#from[at] ?? 0) > to || (this.#to[at] ?? 0) < from) continue;
      count(child, heard.has(this.#ordinals[at] ?? 0));
    }
    for (const group of this.#others) {
      const member = this.#memberOf(group, span, heard);
      // By the structure of then each stands alone; of those that were taken over all stand where the heir does.
      const one = group.find(({ code }) => code === member?.code);
      if (member === undefined || one === undefined) continue;
      const place = one.places.findLast(({ fromDay }) => fromDay <= lastOpenDay(one, span));
      if (place !== undefined) count(this.#childAbove(member.code, place, parent), member.isHeard);
    }
    return counts;
  }

  /** Of each plain agency; kept for the parent that was asked for last. */
  #childrenBelow(parent: string): readonly (string | undefined)[] {
    if (this.#below?.parent === parent) return this.#below.children;
    const children = this.#plain.map(({ code, places: [place] }) =>
      place === undefined ? undefined : this.#childAbove(code, place, parent),
    );
    this.#below = { parent, children };
    return children;
  }

  #childAbove(code: string, { nowAbove, thenAbove }: StoredPlace, parent: string) {
    return childAbove(code, this.#scope.isNow ? nowAbove : thenAbove, parent);
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

/** Of an agency and those above it the one right below `parent`; `''`: the topmost. */
function childAbove(code: string, above: string, parent: string): string | undefined {
  const line = above === '' ? code : `${code} ${above}`;
  if (parent === '') return line.slice(line.lastIndexOf(' ') + 1);
  const at = ` ${line} `.indexOf(` ${parent} `);
  return at <= 0 ? undefined : line.slice(line.lastIndexOf(' ', at - 2) + 1, at - 1);
}

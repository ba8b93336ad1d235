import {
  EVERYBODY,
  type GroupKey,
  type OwnKey,
  type StoredPlace,
  type StructureCode,
  type SumKey,
} from '../storage/figure-store.ts';
import { type Delta, addTo } from './cell.ts';
import type { DatedGap } from './recorder.ts';

/** A group of agencies that one agency belongs to on a day. */
export type Membership = Pick<GroupKey, 'top' | 'tier' | 'structure'>;

const memberships = new WeakMap<StoredPlace, readonly Membership[]>();

/** The groups that a fact of an agency belongs to: all agencies above it, and everybody. */
export function groupsOf(place: StoredPlace): readonly Membership[] {
  const known = memberships.get(place);
  if (known !== undefined) return known;
  const { thenTier, nowTier } = place;
  const then = topsOf(place.thenAbove);
  const now = new Set(topsOf(place.nowAbove));
  const groups: Membership[] = [];
  const add = (top: string, tier: Membership['tier'], structure: StructureCode): void => {
    groups.push({ top, tier, structure });
  };
  for (const top of then) {
    const isSame = thenTier === nowTier && now.delete(top);
    add(top, thenTier, isSame ? 0 : 1);
  }
  for (const top of now) add(top, nowTier, 2);
  memberships.set(place, groups);
  return groups;
}

function topsOf(above: string): string[] {
  return [EVERYBODY, ...(above === '' ? [] : above.split(' '))];
}

interface GapSum {
  readonly key: Membership & { readonly day: string };
  readonly change: { began: number; ended: number };
}

/** What a batch changes about groups, each cell once. */
export class GroupDeltas {
  readonly #cells = new Map<string, { readonly key: GroupKey; readonly delta: Delta }>();
  readonly #gapSums = new Map<string, GapSum>();

  add(
    { day, documentType, urgency }: OwnKey,
    groups: readonly Membership[],
    delta: Delta,
    sign: 1 | -1,
  ): void {
    const types = documentType === '' ? [''] : ['', documentType];
    for (const group of groups) {
      for (const bucket of [day, day.slice(0, 7), day.slice(0, 4)]) {
        for (const type of types) {
          this.#addTo({ ...group, bucket, documentType: type, urgency }, delta, sign);
        }
      }
    }
  }

  addGap({ fromDay, toDay, numbers }: DatedGap, groups: readonly Membership[], sign: 1 | -1): void {
    for (const group of groups) {
      this.#gapSum(group, fromDay).began += sign * numbers;
      this.#gapSum(group, toDay).ended += sign * numbers;
    }
  }

  /** In the order of the table. */
  *cells(): Generator<readonly [GroupKey, Delta]> {
    const keys = [...this.#cells.keys()].toSorted();
    for (const text of keys) {
      const cell = this.#cells.get(text);
      if (cell !== undefined && cell.delta.size > 0) yield [cell.key, cell.delta];
    }
  }

  /** {@link cells} summed over tiers and urgencies, in the order of their table. */
  *sums(): Generator<readonly [SumKey, Delta]> {
    const sums = new Map<string, { readonly key: SumKey; readonly delta: Delta }>();
    for (const { key, delta } of this.#cells.values()) {
      const { documentType, bucket, top, structure } = key;
      const text = `${documentType} ${bucket} ${top} ${structure}`;
      const known = sums.get(text);
      if (known === undefined) sums.set(text, { key, delta: new Map(delta) });
      else for (const [index, amount] of delta) addTo(known.delta, index, amount);
    }
    for (const text of [...sums.keys()].toSorted()) {
      const sum = sums.get(text);
      if (sum !== undefined && sum.delta.size > 0) yield [sum.key, sum.delta];
    }
  }

  gapSums(): GapSum[] {
    return [...this.#gapSums.values()].filter(
      ({ change }) => change.began !== 0 || change.ended !== 0,
    );
  }

  #addTo(key: GroupKey, delta: Delta, sign: 1 | -1): void {
    const { bucket, top, tier, structure, documentType, urgency } = key;
    const text = `${bucket} ${top} ${tier} ${structure}${urgency}${documentType}`;
    let cell = this.#cells.get(text);
    if (cell === undefined) {
      cell = { key, delta: new Map() };
      this.#cells.set(text, cell);
    }
    for (const [index, amount] of delta) addTo(cell.delta, index, sign * amount);
  }

  #gapSum(group: Membership, day: string): GapSum['change'] {
    const { top, tier, structure } = group;
    const text = `${top} ${tier} ${structure} ${day}`;
    let sum = this.#gapSums.get(text);
    if (sum === undefined) {
      sum = { key: { top, tier, structure, day }, change: { began: 0, ended: 0 } };
      this.#gapSums.set(text, sum);
    }
    return sum.change;
  }
}

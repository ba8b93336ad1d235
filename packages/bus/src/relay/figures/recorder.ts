import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import type { ContradictionKind } from '../storage/contradiction-store.ts';
import {
  type FigureStore,
  GAPS_CHANGED,
  type GroupKey,
  type OwnKey,
  type PartKey,
  type StoredPlace,
} from '../storage/figure-store.ts';
import { CellCodec, type Delta, addTo, counterIndex } from './cell.ts';
import type { Settled } from './contribution.ts';
import { GroupDeltas, groupsOf } from './group-deltas.ts';
import { listCountersOf } from './list-counters.ts';
import { PartDeltas } from './part-deltas.ts';
import { type PlaceEntry, placeNow, placesOf } from './place.ts';

/** A gap in a register, with the days between which its numbers were given. */
export interface DatedGap {
  readonly agency: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly numbers: number;
}

type Change = (batch: Batch) => void;

interface OwnDelta {
  readonly key: OwnKey;
  readonly delta: Delta;
}

/** Places of agencies kept in memory; the country has some 15,000 that report. */
const MAX_CACHED_PLACES = 30_000;
const MAX_CACHED_ENTRIES = 10_000;
const MAX_CACHED_HEARD = 100_000;

/**
 * Gathers what the records of one transaction change about the figures, and writes it in one go.
 *
 * A record changes a handful of cells, and the records of a batch change mostly the same ones: so each
 * cell is read and written once for a batch. {@link flush} belongs into the transaction, as its last
 * step; {@link reset} after one that failed. The cost is measured in docs/reference/figures.md.
 */
export class FigureRecorder {
  readonly #store: FigureStore;
  readonly #codec = new CellCodec();
  readonly #places = new Map<string, readonly StoredPlace[]>();
  readonly #entries = new Map<string, readonly PlaceEntry[]>();
  readonly #heard = new Set<string>();
  #settled: Settled | undefined;
  #batch = new Batch();
  #record: Change[] = [];

  constructor(store: FigureStore) {
    this.#store = store;
  }

  /** What the last sweep settled. */
  get settled(): Settled {
    this.#settled ??= this.#store.state();
    return this.#settled;
  }

  /** Begins with a further record: what the one before changed stands. */
  next(): void {
    for (const change of this.#record) change(this.#batch);
    this.#record = [];
  }

  /** The record that was begun last is not kept after all. */
  undo(): void {
    this.#record = [];
    this.#heard.clear();
  }

  /** The transaction failed: nothing of it stands, and what was read in it may be wrong. */
  reset(): void {
    this.#record = [];
    this.#batch = new Batch();
    this.#places.clear();
    this.#entries.clear();
    this.#heard.clear();
    this.#settled = undefined;
  }

  add(key: OwnKey, delta: Delta): void {
    if (delta.size > 0) this.#record.push((batch) => batch.own(key, delta));
  }

  /** @param sign - -1 when the gap is closed or changes. */
  addGap(gap: DatedGap, sign: 1 | -1): void {
    this.#record.push((batch) => batch.gaps.push({ ...gap, numbers: sign * gap.numbers }));
  }

  /** An agency reported on a day, or a document of it bears that day. */
  heard(agency: string, day: string): void {
    const key = `${day} ${agency}`;
    if (this.#heard.has(key)) return;
    if (this.#heard.size >= MAX_CACHED_HEARD) this.#heard.clear();
    this.#heard.add(key);
    const month = day.slice(0, 7);
    this.#store.addHeard(month, agency, 1 << (Number(day.slice(8, 10)) - 1));
    this.#store.addHeard(day.slice(0, 4), agency, 1 << (Number(day.slice(5, 7)) - 1));
  }

  /** Writes what was gathered; the last step of the transaction. */
  flush(): void {
    this.next();
    this.#countContradictions();
    const batch = this.#batch;
    this.#batch = new Batch();
    if (batch.isEmpty) return;
    const groups = new GroupDeltas();
    const parts = new PartDeltas();
    const sums = new Map<string, { bucket: string; agency: string; delta: Delta }>();
    for (const { key, delta } of batch.inOrder()) {
      this.#writeOwnDay(key, delta);
      for (const bucket of [key.day.slice(0, 7), key.day.slice(0, 4)]) {
        addSum(sums, bucket, key.agency, delta);
        parts.add({ ...key, bucket }, delta);
      }
      const place = this.placeOn(key.agency, key.day);
      if (place !== undefined) groups.add(key, groupsOf(place), delta, 1);
    }
    for (const gap of batch.gaps) {
      const place = this.placeOn(gap.agency, gap.fromDay);
      if (place !== undefined) groups.addGap(gap, groupsOf(place), 1);
    }
    for (const { bucket, agency, delta } of sums.values()) this.#writeOwn(bucket, agency, delta);
    for (const { key, delta } of parts.inOrder()) this.#writePart(key, delta);
    this.#store.dropOldChanges();
    this.writeGroups(groups);
  }

  /** Writes changes of groups alone, for an agency whose place in the directory changed. */
  writeGroups(groups: GroupDeltas): void {
    for (const [key, delta] of groups.cells()) this.#writeGroup(key, delta);
    for (const [key, delta] of groups.sums()) {
      this.#store.setSum(key, this.#codec.merge(this.#store.sum(key), delta));
    }
    const gapSums = groups.gapSums();
    for (const { key, change } of gapSums) this.#store.addGapSum(key, change);
    for (const top of new Set(gapSums.map(({ key }) => key.top))) {
      this.#store.addChange(GAPS_CHANGED, top);
    }
  }

  /** Where an agency stands in the rollups; `undefined` until the directory was followed to it. */
  placeOn(agency: string, day: string): StoredPlace | undefined {
    const places = this.#placesOf(agency);
    return places.findLast(({ fromDay }) => fromDay <= day);
  }

  /** The places that the directory gives an agency now, as they are stored. */
  computePlaces(agency: string): StoredPlace[] {
    const then = placesOf(agency, this.#entriesOf);
    const now = placeNow(agency, this.#entriesOf);
    if (then === undefined || now === undefined) return [];
    return then.map(({ fromDay, tier, above }) => ({
      fromDay,
      thenTier: tier,
      thenAbove: above.join(' '),
      nowCode: now.code,
      nowTier: now.tier,
      nowAbove: now.above.join(' '),
    }));
  }

  /** The same few stand above many; a later entry is read after {@link reset}. */
  readonly #entriesOf = (code: string): readonly PlaceEntry[] => {
    let entries = this.#entries.get(code);
    if (entries === undefined) {
      entries = this.#store.entriesOf(code);
      if (this.#entries.size >= MAX_CACHED_ENTRIES) this.#entries.clear();
      this.#entries.set(code, entries);
    }
    return entries;
  };

  #placesOf(agency: string): readonly StoredPlace[] {
    const cached = this.#places.get(agency);
    if (cached !== undefined) return cached;
    const places = this.#store.places(agency);
    if (this.#places.size >= MAX_CACHED_PLACES) this.#places.clear();
    this.#places.set(agency, places);
    return places;
  }

  #countContradictions(): void {
    const { contradiction, duplicate } = this.#store.state();
    const found = this.#store.contradictionsAfter(Math.min(contradiction, duplicate));
    const last = found.at(-1);
    if (last === undefined) return;
    for (const { id, kind, agency, atMs } of found) {
      // No record shows it, so nobody could work the figure out again.
      if (kind === 'OPEN_PART_UNFIT') continue;
      const key = contradictionKey(agency, atMs);
      if (id > contradiction) this.#batch.own(key, ONE_CONTRADICTION);
      if (id > duplicate && DUPLICATES.has(kind)) this.#batch.own(key, ONE_DUPLICATE);
    }
    this.#store.setContradiction(last.id);
  }

  #writeOwnDay(key: OwnKey, delta: Delta): void {
    const cell = this.#codec.merge(this.#store.ownDay(key), delta);
    this.#store.setOwnDay(key, listCountersOf(cell), cell);
    this.#store.addChange(key.day, key.agency);
  }

  #writeOwn(bucket: string, agency: string, delta: Delta): void {
    const cell = this.#codec.merge(this.#store.own(bucket, agency), delta);
    this.#store.setOwn({ bucket, agency }, listCountersOf(cell), cell);
    this.#store.addChange(bucket, agency);
  }

  #writePart(key: PartKey, delta: Delta): void {
    const cell = this.#codec.merge(this.#store.ownPart(key), delta);
    this.#store.setOwnPart(key, listCountersOf(cell), cell);
  }

  #writeGroup(key: GroupKey, delta: Delta): void {
    this.#store.setGroup(key, this.#codec.merge(this.#store.group(key), delta));
  }
}

const ONE_CONTRADICTION: Delta = new Map([[counterIndex('contradictions'), 1]]);
const ONE_DUPLICATE: Delta = new Map([[counterIndex('duplicates'), 1]]);
const DUPLICATES: ReadonlySet<ContradictionKind> = new Set([
  'DOCUMENT_REDISPATCHED',
  'REGISTER_NUMBER_REUSED',
]);

/** A contradiction belongs to the day on which its report says it was made, and to no document. */
function contradictionKey(agency: string, atMs: number): OwnKey {
  return { agency, day: dateInVietnam(new Date(atMs)), documentType: '', urgency: 2 };
}

class Batch {
  readonly #own = new Map<string, OwnDelta>();
  readonly gaps: DatedGap[] = [];

  get isEmpty(): boolean {
    return this.#own.size === 0 && this.gaps.length === 0;
  }

  own(key: OwnKey, delta: Delta): void {
    const text = `${key.day} ${key.agency} ${key.urgency}${key.documentType}`;
    const known = this.#own.get(text);
    if (known === undefined) this.#own.set(text, { key, delta: new Map(delta) });
    else for (const [index, amount] of delta) addTo(known.delta, index, amount);
  }

  /** In the order of the table, so that neighbours are written one after the other. */
  *inOrder(): Generator<OwnDelta> {
    const keys = [...this.#own.keys()].toSorted();
    for (const key of keys) {
      const one = this.#own.get(key);
      if (one !== undefined && one.delta.size > 0) yield one;
    }
  }
}

function addSum(
  sums: Map<string, { bucket: string; agency: string; delta: Delta }>,
  bucket: string,
  agency: string,
  delta: Delta,
): void {
  const key = `${bucket} ${agency}`;
  const known = sums.get(key);
  if (known === undefined) sums.set(key, { bucket, agency, delta: new Map(delta) });
  else for (const [index, amount] of delta) addTo(known.delta, index, amount);
}

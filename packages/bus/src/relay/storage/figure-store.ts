import { TIERS, type Tier } from '../../agency/tier.ts';
import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import type { PlaceEntry } from '../figures/place.ts';
import type { ContradictionKind } from './contradiction-store.ts';
import type { Db } from './database.ts';

/** Which documents a cell of one agency holds. */
export interface OwnKey {
  readonly agency: string;
  /** Of issue; of the report for what has no date of issue. */
  readonly day: string;
  /** `''`: none. */
  readonly documentType: string;
  readonly urgency: UrgencyCode;
}

/** An agency's month or year of one type (`''`: all) and urgency. */
export interface PartKey {
  readonly bucket: string;
  readonly agency: string;
  readonly documentType: string;
  readonly urgency: UrgencyCode;
}

/** 0 normal, 1 urgent, 2 has none. */
export type UrgencyCode = 0 | 1 | 2;
/** 0: both then and now; 1: then only; 2: now only. */
export type StructureCode = 0 | 1 | 2;
/** As `top`: all agencies together. */
export const EVERYBODY = '*';

export interface GroupKey {
  readonly bucket: string;
  readonly top: string;
  readonly tier: Tier;
  readonly structure: StructureCode;
  /** `''`: all. */
  readonly documentType: string;
  readonly urgency: UrgencyCode;
}

/** A group cell summed over tiers and urgencies. */
export type SumKey = Omit<GroupKey, 'tier' | 'urgency'>;

/** The counters that lists of agencies are sorted by; copies of those in the cell. */
export interface ListCounters {
  readonly e: number;
  readonly ep: number;
  readonly p: number;
  readonly deliveries: number;
  readonly overdue: number;
}

export interface FigureState {
  readonly built: boolean;
  readonly sweptDay: string;
  readonly overdueBeforeMs: number;
  readonly expiredBeforeMs: number;
  /** The last contradiction that is counted, and the last that was looked at for duplicates. */
  readonly contradiction: number;
  readonly duplicate: number;
}

/** Where an agency stands in the rollups from a day on. */
export interface StoredPlace {
  readonly fromDay: string;
  readonly thenTier: Tier;
  /** Codes by spaces, parent first. */
  readonly thenAbove: string;
  readonly nowCode: string;
  readonly nowTier: Tier;
  readonly nowAbove: string;
}

interface FoundContradiction {
  readonly id: number;
  readonly agency: string;
  readonly kind: ContradictionKind;
  readonly atMs: number;
}

interface EntryRow {
  readonly name: string;
  readonly tier: Tier;
  readonly parent: string | null;
  readonly site: string;
  readonly role: string;
  readonly validFromMs: number;
  readonly validToMs: number | null;
  readonly successors: string | null;
}

type Cell = { readonly data: Buffer };

/** As {@link FigureStore.addChange} bucket: everything was added up anew. */
export const ALL_CHANGED = '*';
/** As bucket: an entry of the directory, or where an agency stands in the rollups. */
export const DIRECTORY_CHANGED = '@';
/** As bucket: the missing numbers of the group that stands in place of the agency. */
export const GAPS_CHANGED = '#';
/** Changes that readers can catch up with: some minutes of a rush, hours of a quiet day. */
const MAX_CHANGES = 100_000;

/** The rollups and what they rest on. Every writing call belongs inside a transaction. */
export class FigureStore {
  readonly #cells;
  readonly #rest;

  constructor(db: Db) {
    this.#cells = prepareCells(db);
    this.#rest = prepareRest(db);
  }

  state(): FigureState {
    const row = this.#rest.state.get();
    if (row === undefined) throw new RangeError('the figures have no state');
    return { ...row, built: row.built === 1 };
  }

  setSettled(state: Pick<FigureState, 'sweptDay' | 'overdueBeforeMs' | 'expiredBeforeMs'>): void {
    this.#rest.setSettled.run(state);
  }

  ownDay(key: OwnKey): Uint8Array | undefined {
    return this.#cells.ownDay.get(key)?.data;
  }

  setOwnDay(key: OwnKey, counters: ListCounters, data: Uint8Array | undefined): void {
    if (data === undefined) this.#cells.dropOwnDay.run(key);
    else this.#cells.putOwnDay.run({ ...key, ...counters, data });
  }

  own(bucket: string, agency: string): Uint8Array | undefined {
    return this.#cells.own.get(bucket, agency)?.data;
  }

  setOwn(
    key: { readonly bucket: string; readonly agency: string },
    counters: ListCounters,
    data: Uint8Array | undefined,
  ): void {
    if (data === undefined) this.#cells.dropOwn.run(key);
    else this.#cells.putOwn.run({ ...key, ...counters, data });
  }

  ownPart(key: PartKey): Uint8Array | undefined {
    return this.#cells.part.get(key)?.data;
  }

  setOwnPart(key: PartKey, counters: ListCounters, data: Uint8Array | undefined): void {
    if (data === undefined) this.#cells.dropPart.run(key);
    else this.#cells.putPart.run({ ...key, ...counters, data });
  }

  /** Tells readers that an agency's rows of a month or year changed. */
  addChange(bucket: string, agency: string): void {
    this.#rest.addChange.run(bucket, agency);
  }

  /** Readers that did not follow for so long read everything again. */
  dropOldChanges(): void {
    this.#rest.dropOldChanges.run(MAX_CHANGES);
  }

  group(key: GroupKey): Uint8Array | undefined {
    return this.#cells.group.get(key)?.data;
  }

  setGroup(key: GroupKey, data: Uint8Array | undefined): void {
    if (data === undefined) this.#cells.dropGroup.run(key);
    else this.#cells.putGroup.run({ ...key, data });
  }

  sum(key: SumKey): Uint8Array | undefined {
    return this.#cells.sum.get(key)?.data;
  }

  setSum(key: SumKey, data: Uint8Array | undefined): void {
    if (data === undefined) this.#cells.dropSum.run(key);
    else this.#cells.putSum.run({ ...key, data });
  }

  addGapSum(
    key: Pick<GroupKey, 'top' | 'tier' | 'structure'> & { readonly day: string },
    change: { readonly began: number; readonly ended: number },
  ): void {
    this.#cells.addGapSum.run({ ...key, ...change });
  }

  /** The cells of one agency on one day. */
  ownCells(agency: string, day: string): (OwnKey & Cell)[] {
    return this.#cells.ownCells.all(day, agency);
  }

  heard(bucket: string, agency: string): number {
    return this.#rest.heard.get(bucket, agency) ?? 0;
  }

  addHeard(bucket: string, agency: string, bits: number): void {
    const { changes } = this.#rest.addHeard.run(bucket, agency, bits);
    if (changes > 0) this.addChange(bucket, agency);
  }

  /** The days on which an agency was heard of or that one of its documents bears. */
  heardDays(agency: string): string[] {
    return this.#rest.heardMonths.all(agency).flatMap(({ bucket, bits }) =>
      Array.from({ length: 31 }, (_, index) => index)
        .filter((index) => ((bits >> index) & 1) === 1)
        .map((index) => `${bucket}-${String(index + 1).padStart(2, '0')}`),
    );
  }

  places(agency: string): StoredPlace[] {
    return this.#rest.places.all(agency);
  }

  setPlaces(agency: string, places: readonly StoredPlace[]): void {
    this.#rest.dropPlaces.run(agency);
    for (const place of places) this.#rest.putPlace.run({ agency, ...place });
    this.addChange(DIRECTORY_CHANGED, agency);
  }

  /** The entries of a code that count: the one that holds first, then later validity first. */
  readonly entriesOf = (code: string): PlaceEntry[] => {
    return this.#rest.entries.all(code).map((row) => ({
      name: row.name,
      tier: row.tier,
      parent: row.parent,
      site: row.site,
      isAgency: row.role === 'agency',
      fromDay: dateInVietnam(new Date(row.validFromMs)),
      lastDay: lastDayOf(row.validToMs),
      successors: row.successors === null ? [] : readCodes(row.successors),
    }));
  };

  /** Contradictions that were found since, with when the report says it was made. */
  contradictionsAfter(id: number): FoundContradiction[] {
    return this.#rest.contradictions.all(id);
  }

  setContradiction(id: number): void {
    this.#rest.setContradiction.run({ id });
  }
}

/** What holds until 9999 holds for ever. */
const FOR_EVER_MS = Date.parse('9999-01-01T00:00:00.000Z');

/** The last day of validity; `null` while it is open. */
export function lastDayOf(validToMs: number | null): string | null {
  if (validToMs === null || validToMs >= FOR_EVER_MS) return null;
  return dateInVietnam(new Date(validToMs - 1));
}

/** What this relay wrote itself. */
function readCodes(text: string): string[] {
  const codes: unknown = JSON.parse(text);
  return Array.isArray(codes) ? codes.filter((code) => typeof code === 'string') : [];
}

export function isTier(text: string): text is Tier {
  return TIERS.some((tier) => tier === text);
}

function prepareCells(db: Db) {
  const ownKey =
    'day = @day AND agency = @agency AND document_type = @documentType AND urgency = @urgency';
  const groupKey = `bucket = @bucket AND top = @top AND tier = @tier AND structure = @structure
    AND document_type = @documentType AND urgency = @urgency`;
  const sumKey = `document_type = @documentType AND bucket = @bucket AND top = @top
    AND structure = @structure`;
  const partKey = `bucket = @bucket AND document_type = @documentType AND urgency = @urgency
    AND agency = @agency`;
  const counters = `e = excluded.e, ep = excluded.ep, p = excluded.p,
    deliveries = excluded.deliveries, overdue = excluded.overdue, data = excluded.data`;
  return {
    ownDay: db.prepare<[OwnKey], Cell>(`SELECT data FROM figure_own_day WHERE ${ownKey}`),
    putOwnDay: db.prepare<[OwnKey & ListCounters & { data: Uint8Array }]>(
      `INSERT INTO figure_own_day VALUES (@day, @agency, @documentType, @urgency, @e, @ep, @p,
         @deliveries, @overdue, @data) ON CONFLICT DO UPDATE SET ${counters}`,
    ),
    dropOwnDay: db.prepare<[OwnKey]>(`DELETE FROM figure_own_day WHERE ${ownKey}`),
    ownCells: db.prepare<[string, string], OwnKey & Cell>(
      `SELECT day, agency, document_type AS documentType, urgency, data FROM figure_own_day
       WHERE day = ? AND agency = ?`,
    ),
    own: db.prepare<[string, string], Cell>(
      'SELECT data FROM figure_own WHERE bucket = ? AND agency = ?',
    ),
    putOwn: db.prepare<[{ bucket: string; agency: string; data: Uint8Array } & ListCounters]>(
      `INSERT INTO figure_own VALUES (@bucket, @agency, @e, @ep, @p, @deliveries, @overdue, @data)
       ON CONFLICT DO UPDATE SET ${counters}`,
    ),
    dropOwn: db.prepare<[{ bucket: string; agency: string }]>(
      'DELETE FROM figure_own WHERE bucket = @bucket AND agency = @agency',
    ),
    part: db.prepare<[PartKey], Cell>(`SELECT data FROM figure_own_part WHERE ${partKey}`),
    putPart: db.prepare<[PartKey & ListCounters & { data: Uint8Array }]>(
      `INSERT INTO figure_own_part VALUES (@bucket, @documentType, @urgency, @agency, @e, @ep, @p,
         @deliveries, @overdue, @data) ON CONFLICT DO UPDATE SET ${counters}`,
    ),
    dropPart: db.prepare<[PartKey]>(`DELETE FROM figure_own_part WHERE ${partKey}`),
    group: db.prepare<[GroupKey], Cell>(`SELECT data FROM figure_group WHERE ${groupKey}`),
    putGroup: db.prepare<[GroupKey & { data: Uint8Array }]>(
      `INSERT INTO figure_group VALUES (@bucket, @top, @tier, @structure, @documentType, @urgency, @data)
       ON CONFLICT DO UPDATE SET data = excluded.data`,
    ),
    dropGroup: db.prepare<[GroupKey]>(`DELETE FROM figure_group WHERE ${groupKey}`),
    sum: db.prepare<[SumKey], Cell>(`SELECT data FROM figure_sum WHERE ${sumKey}`),
    putSum: db.prepare<[SumKey & { data: Uint8Array }]>(
      `INSERT INTO figure_sum VALUES (@documentType, @bucket, @top, @structure, @data)
       ON CONFLICT DO UPDATE SET data = excluded.data`,
    ),
    dropSum: db.prepare<[SumKey]>(`DELETE FROM figure_sum WHERE ${sumKey}`),
    addGapSum: db.prepare<[Record<string, string | number>]>(
      `INSERT INTO figure_gap_sum VALUES (@top, @tier, @structure, @day, @began, @ended)
       ON CONFLICT DO UPDATE SET began = began + excluded.began, ended = ended + excluded.ended`,
    ),
  };
}

function prepareRest(db: Db) {
  return {
    state: db.prepare<[], Omit<FigureState, 'built'> & { built: 0 | 1 }>(
      `SELECT built, swept_day AS sweptDay, overdue_before_ms AS overdueBeforeMs,
         expired_before_ms AS expiredBeforeMs, contradiction, duplicate FROM figure_state`,
    ),
    setSettled: db.prepare<[Pick<FigureState, 'sweptDay' | 'overdueBeforeMs' | 'expiredBeforeMs'>]>(
      `UPDATE figure_state SET swept_day = @sweptDay, overdue_before_ms = @overdueBeforeMs,
         expired_before_ms = @expiredBeforeMs`,
    ),
    heard: db
      .prepare<[string, string], number>(
        'SELECT bits FROM figure_heard WHERE bucket = ? AND agency = ?',
      )
      .pluck(),
    addHeard: db.prepare<[string, string, number]>(
      `INSERT INTO figure_heard VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET bits = bits | excluded.bits WHERE bits | excluded.bits <> bits`,
    ),
    addChange: db.prepare<[string, string]>(
      'INSERT INTO figure_change (bucket, agency) VALUES (?, ?)',
    ),
    dropOldChanges: db.prepare<[number]>(
      'DELETE FROM figure_change WHERE id <= (SELECT max(id) FROM figure_change) - ?',
    ),
    heardMonths: db.prepare<[string], { bucket: string; bits: number }>(
      'SELECT bucket, bits FROM figure_heard WHERE agency = ? AND length(bucket) = 7',
    ),
    places: db.prepare<[string], StoredPlace>(
      `SELECT from_day AS fromDay, then_tier AS thenTier, then_above AS thenAbove,
         now_code AS nowCode, now_tier AS nowTier, now_above AS nowAbove
       FROM figure_place WHERE agency = ? ORDER BY from_day`,
    ),
    dropPlaces: db.prepare<[string]>('DELETE FROM figure_place WHERE agency = ?'),
    putPlace: db.prepare<[StoredPlace & { agency: string }]>(
      `INSERT INTO figure_place VALUES (@agency, @fromDay, @thenTier, @thenAbove, @nowCode, @nowTier,
         @nowAbove)`,
    ),
    entries: db.prepare<[string], EntryRow>(
      `SELECT e.name, e.tier, e.parent, e.site, e.role, e.valid_from_ms AS validFromMs,
         e.valid_to_ms AS validToMs, e.successors
       FROM directory_entry AS e LEFT JOIN directory_holder AS h ON h.code = e.code
       WHERE e.code = ? AND e.counts = 1 AND h.code IS NOT NULL
       ORDER BY (h.registrar = e.registrar AND h.sequence = e.sequence) DESC,
         e.valid_from_ms DESC, e.sequence DESC, e.registrar`,
    ),
    contradictions: db.prepare<[number], FoundContradiction>(
      `SELECT c.id, c.agency, c.kind, r.at_ms AS atMs
       FROM contradiction AS c
       JOIN report AS r ON r.agency = c.agency AND r.number = c.report_number
       WHERE c.id > ? ORDER BY c.id`,
    ),
    setContradiction: db.prepare<[{ id: number }]>(
      'UPDATE figure_state SET contradiction = @id, duplicate = @id',
    ),
  };
}

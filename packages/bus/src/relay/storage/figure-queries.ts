import type { Tier } from '../../agency/tier.ts';
import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import type { Db } from './database.ts';
import { FigureCellQueries } from './figure-cell-queries.ts';
import type { FigureGap } from './figure-gap-store.ts';
import type { StoredPlace, StructureCode, UrgencyCode } from './figure-store.ts';

/** An entry of the directory that counts; of a code the one that holds comes first. */
export interface AgencyEntryRow {
  readonly code: string;
  readonly name: string;
  readonly tier: Tier;
  readonly parent: string | null;
  readonly site: string;
  readonly role: string;
  readonly validFromMs: number;
  readonly validToMs: number | null;
}

export type PlaceRow = StoredPlace & { readonly agency: string };

/** The gaps of a group: what is the same then and now, and what `structure` says. */
export interface GapGroup {
  readonly top: string;
  /** `null`: all. */
  readonly tier: Tier | null;
  readonly structure: 1 | 2;
}

export type GapSumRow = readonly [
  tier: Tier,
  structure: StructureCode,
  day: string,
  began: number,
  ended: number,
];

interface Span {
  readonly from: string;
  readonly to: string;
}

/** `[agency, E, EP, P, deliveries, overdue]` */
export type ListRow = [string, number, number, number, number, number];

/** The same by where the agency stands among those asked for. */
export type ListedCounters = [number, number, number, number, number, number];

export interface MissingReports {
  readonly agency: string;
  readonly first: number;
  readonly last: number;
  /** The later of the times that the reports around say; a missing one was made before it. */
  readonly latestMs: number | null;
  /** The day of it. */
  readonly latest: string | null;
}

export interface AgencyFacts {
  readonly lastReportMs: number | null;
  readonly missingReports: number;
  /** Kept ones, and those beyond that were only counted. */
  readonly contradictions: number;
  readonly furtherContradictions: number;
}

const URGENCIES = [0, 1, 2] as const;

/** Reads the rollups. */
export class FigureQueries {
  readonly cells: FigureCellQueries;
  readonly #statements;

  constructor(db: Db) {
    this.cells = new FigureCellQueries(db);
    this.#statements = {
      lastReport: db.prepare<[], number>('SELECT max(id) FROM report').pluck(),
      ...prepareLists(db),
      ...prepareAgencies(db),
      ...prepareGaps(db),
    };
  }

  /** The last report taken in. */
  lastReport(): number {
    return this.#statements.lastReport.get() ?? 0;
  }

  /** The counters of all agencies, or of one, in a year, month or day; an agency may have several rows. */
  list(
    bucket: string,
    documentType: string | null,
    urgency: UrgencyCode | null,
    agency: string | null,
  ): ListRow[] {
    const { listOwn, listOwnOf, listDay, listDayOf, listPart, listPartOf } = this.#statements;
    if (bucket.length === 10) {
      const which = { bucket, documentType, urgency };
      return agency === null ? listDay.all(which) : listDayOf.all({ ...which, agency });
    }
    if (documentType === null && urgency === null) {
      return agency === null ? listOwn.all(bucket) : listOwnOf.all(bucket, agency);
    }
    const type = documentType ?? '';
    const codes = urgency === null ? URGENCIES : [urgency];
    return codes.flatMap((code) =>
      agency === null
        ? listPart.all(bucket, type, code)
        : listPartOf.all(bucket, type, code, agency),
    );
  }

  /** As {@link list} of some agencies, by where they stand among those asked for. */
  listOf(
    bucket: string,
    documentType: string | null,
    urgency: UrgencyCode | null,
    agencies: readonly string[],
  ): ListedCounters[] {
    const { listOwnEach, listDayEach, listPartEach } = this.#statements;
    const agencyList = JSON.stringify(agencies);
    if (bucket.length === 10) return listDayEach.all({ bucket, documentType, urgency, agencyList });
    if (documentType === null && urgency === null) return listOwnEach.all({ bucket, agencyList });
    const urgencyList = JSON.stringify(urgency === null ? URGENCIES : [urgency]);
    return listPartEach.all({ bucket, documentType: documentType ?? '', urgencyList, agencyList });
  }

  /** The changes that are still told, by their number. */
  changeRange(): { first: number; last: number } {
    const { firstChange, lastChange } = this.#statements;
    return { first: firstChange.get() ?? 0, last: lastChange.get() ?? 0 };
  }

  /** `[bucket, agency]`, see `FigureStore.addChange`. */
  changesAfter(id: number): [string, string][] {
    return this.#statements.changesAfter.all(id);
  }

  /** Numbers of gaps of a group that may belong to a span. */
  gapNumbers({ top, tier, structure }: GapGroup, { from, to }: Span): number {
    return this.#statements.gapNumbers.get({ top, tier, structure, from, to }) ?? 0;
  }

  /** The gap sums of a group by tier, structure and day; `undefined` when they are more. */
  gapSums(top: string, most: number): GapSumRow[] | undefined {
    const rows = this.#statements.gapSums.all(top, most + 1);
    return rows.length > most ? undefined : rows;
  }

  /** Groups that have or had gaps. */
  gapTops(): string[] {
    return this.#statements.gapTops.all();
  }

  gapsOf(agency: string): FigureGap[] {
    return this.#statements.gapsOf.all(agency);
  }

  /** `[agency, numbers, from_day]` of gaps that may belong to a period. */
  gapsIn(from: string, to: string): [string, number, string][] {
    return this.#statements.gapsIn.all(from, to);
  }

  /** Gaps that may belong to a period, after one of them, in order of agency, year and number. */
  iterateGaps(
    period: { readonly from: string; readonly to: string },
    after: readonly [agency: string, year: number, first: number],
  ): IterableIterator<FigureGap> {
    return this.#statements.iterateGaps.iterate(period.from, period.to, ...after);
  }

  missingReports(): MissingReports[] {
    return this.#statements.missing.all().map((row) => ({
      ...row,
      latest: row.latestMs === null ? null : dateInVietnam(new Date(row.latestMs)),
    }));
  }

  /** Of one code, or of all. */
  agencyEntries(code: string | null = null): AgencyEntryRow[] {
    const { entries, entriesOf } = this.#statements;
    return code === null ? entries.all() : entriesOf.all(code);
  }

  /** Of one agency, or of all. */
  places(agency: string | null = null): PlaceRow[] {
    const { places, placesOf } = this.#statements;
    return agency === null ? places.all() : placesOf.all(agency);
  }

  rebuilding(): number {
    return this.#statements.rebuilding.get() ?? 0;
  }

  /** `[agency, bits]` */
  heard(bucket: string): [string, number][] {
    return this.#statements.heard.all(bucket);
  }

  heardOf(bucket: string, agency: string): [string, number][] {
    return this.#statements.heardOf.all(bucket, agency);
  }

  heardMonths(agency: string): { bucket: string; bits: number }[] {
    return this.#statements.heardMonths.all(agency);
  }

  agencyFacts(agency: string): AgencyFacts {
    return (
      this.#statements.facts.get({ agency }) ?? {
        lastReportMs: null,
        missingReports: 0,
        contradictions: 0,
        furtherContradictions: 0,
      }
    );
  }
}

function prepareLists(db: Db) {
  const list = 'SELECT agency, e, ep, p, deliveries, overdue FROM';
  const each = `SELECT a.key, o.e, o.ep, o.p, o.deliveries, o.overdue
    FROM json_each(@agencyList) AS a`;
  const part = 'bucket = ? AND document_type = ? AND urgency = ?';
  const day = `day = @bucket AND (@documentType IS NULL OR document_type = @documentType)
    AND (@urgency IS NULL OR urgency = @urgency)`;
  interface Day {
    readonly bucket: string;
    readonly documentType: string | null;
    readonly urgency: UrgencyCode | null;
  }
  return {
    listOwn: db.prepare<[string], ListRow>(`${list} figure_own WHERE bucket = ?`).raw(),
    listOwnOf: db
      .prepare<[string, string], ListRow>(`${list} figure_own WHERE bucket = ? AND agency = ?`)
      .raw(),
    listPart: db
      .prepare<[string, string, number], ListRow>(`${list} figure_own_part WHERE ${part}`)
      .raw(),
    listPartOf: db
      .prepare<[string, string, number, string], ListRow>(
        `${list} figure_own_part WHERE ${part} AND agency = ?`,
      )
      .raw(),
    listOwnEach: db
      .prepare<[{ bucket: string; agencyList: string }], ListedCounters>(
        `${each} CROSS JOIN figure_own AS o WHERE bucket = @bucket AND agency = a.value`,
      )
      .raw(),
    listDayEach: db
      .prepare<[Day & { agencyList: string }], ListedCounters>(
        `${each} CROSS JOIN figure_own_day AS o WHERE ${day} AND agency = a.value`,
      )
      .raw(),
    listPartEach: db
      .prepare<
        [Record<'bucket' | 'documentType' | 'urgencyList' | 'agencyList', string>],
        ListedCounters
      >(
        `${each} CROSS JOIN json_each(@urgencyList) AS u CROSS JOIN figure_own_part AS o
         WHERE bucket = @bucket AND document_type = @documentType AND urgency = u.value
           AND agency = a.value`,
      )
      .raw(),
    listDay: db.prepare<[Day], ListRow>(`${list} figure_own_day WHERE ${day}`).raw(),
    listDayOf: db
      .prepare<[Day & { agency: string }], ListRow>(
        `${list} figure_own_day WHERE ${day} AND agency = @agency`,
      )
      .raw(),
    firstChange: db.prepare<[], number>('SELECT min(id) FROM figure_change').pluck(),
    lastChange: db.prepare<[], number>('SELECT max(id) FROM figure_change').pluck(),
    changesAfter: db
      .prepare<[number], [string, string]>('SELECT bucket, agency FROM figure_change WHERE id > ?')
      .raw(),
  };
}

function prepareAgencies(db: Db) {
  const entries = (only: string): string =>
    `SELECT e.code, e.name, e.tier, e.parent, e.site, e.role, e.valid_from_ms AS validFromMs,
       e.valid_to_ms AS validToMs
     FROM directory_entry AS e JOIN directory_holder AS h ON h.code = e.code
     WHERE e.counts = 1 ${only}
     ORDER BY e.code, (h.registrar = e.registrar AND h.sequence = e.sequence) DESC,
       e.valid_from_ms DESC, e.sequence DESC, e.registrar`;
  const places = (only: string): string =>
    `SELECT agency, from_day AS fromDay, then_tier AS thenTier, then_above AS thenAbove,
       now_code AS nowCode, now_tier AS nowTier, now_above AS nowAbove
     FROM figure_place ${only} ORDER BY agency, from_day`;
  return {
    entries: db.prepare<[], AgencyEntryRow>(entries('')),
    entriesOf: db.prepare<[string], AgencyEntryRow>(entries('AND e.code = ?')),
    places: db.prepare<[], PlaceRow>(places('')),
    placesOf: db.prepare<[string], PlaceRow>(places('WHERE agency = ?')),
    rebuilding: db
      .prepare<[], number>(
        `SELECT (SELECT count(*) FROM figure_rebuild)
           + (SELECT count(*) FROM figure_directory_change)`,
      )
      .pluck(),
    heard: db
      .prepare<[string], [string, number]>('SELECT agency, bits FROM figure_heard WHERE bucket = ?')
      .raw(),
    heardOf: db
      .prepare<[string, string], [string, number]>(
        'SELECT agency, bits FROM figure_heard WHERE bucket = ? AND agency = ?',
      )
      .raw(),
    heardMonths: db.prepare<[string], { bucket: string; bits: number }>(
      'SELECT bucket, bits FROM figure_heard WHERE agency = ? AND length(bucket) = 7 ORDER BY bucket',
    ),
    facts: db.prepare<[{ agency: string }], AgencyFacts>(
      `SELECT (SELECT max(r.stored_ms) FROM report AS r WHERE r.agency = @agency AND r.number =
           (SELECT c.highest FROM chain AS c WHERE c.agency = @agency)) AS lastReportMs,
         (SELECT coalesce(sum(last_number - first_number + 1), 0) FROM missing_report
           WHERE agency = @agency) AS missingReports,
         (SELECT coalesce(sum(kept), 0) FROM contradiction_count
           WHERE agency = @agency) AS contradictions,
         (SELECT coalesce(sum(further), 0) FROM contradiction_count
           WHERE agency = @agency) AS furtherContradictions`,
    ),
  };
}

function prepareGaps(db: Db) {
  const gap = `agency, year, first_number AS first, last_number AS last, after_day AS afterDay,
    before_day AS beforeDay, from_day AS fromDay, to_day AS toDay`;
  return {
    gapNumbers: db
      .prepare<[GapGroup & Span], number>(
        `SELECT coalesce(sum(CASE WHEN day <= @to THEN began ELSE 0 END)
           - sum(CASE WHEN day < @from THEN ended ELSE 0 END), 0) FROM figure_gap_sum
         WHERE top = @top AND (@tier IS NULL OR tier = @tier) AND structure IN (0, @structure)`,
      )
      .pluck(),
    gapSums: db
      .prepare<[string, number], GapSumRow>(
        `SELECT tier, structure, day, began, ended FROM figure_gap_sum
         WHERE top = ? AND (began <> 0 OR ended <> 0) ORDER BY tier, structure, day LIMIT ?`,
      )
      .raw(),
    gapTops: db.prepare<[], string>('SELECT DISTINCT top FROM figure_gap_sum').pluck(),
    gapsOf: db.prepare<[string], FigureGap>(`SELECT ${gap} FROM figure_gap WHERE agency = ?`),
    gapsIn: db
      .prepare<[string, string], [string, number, string]>(
        `SELECT agency, last_number - first_number + 1, from_day FROM figure_gap
         WHERE to_day >= ? AND from_day <= ?`,
      )
      .raw(),
    iterateGaps: db.prepare<[string, string, string, number, number], FigureGap>(
      `SELECT ${gap} FROM figure_gap NOT INDEXED
       WHERE to_day >= ? AND from_day <= ? AND (agency, year, first_number) > (?, ?, ?)
       ORDER BY agency, year, first_number`,
    ),
    missing: db.prepare<[], Omit<MissingReports, 'latest'>>(
      `SELECT agency, first_number AS first, last_number AS last,
         (SELECT max(r.at_ms) FROM stored_report AS r WHERE r.agency = m.agency
          AND r.number IN (m.first_number - 1, m.last_number + 1)) AS latestMs
       FROM missing_report AS m ORDER BY agency, first_number`,
    ),
  };
}

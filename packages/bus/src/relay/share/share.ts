import { type AgencyCode, parseAgencyCode } from '../../agency/code.ts';
import type { Tier } from '../../agency/tier.ts';
import { dateInVietnam, startOfDayMs } from '../../calendar/vietnam-time.ts';
import { BusError } from '../../errors.ts';
import { STREAM_RETENTION_MS } from '../../stream/plan.ts';
import { countNumbers } from '../number-series.ts';
import type { AgencyRow, DirectoryStore } from '../storage/directory-store.ts';
import type { RegisterGap, ShareQueries } from '../storage/share-queries.ts';
import { monthAfter } from './month.ts';
import { type ShareFigures, Tally } from './tally.ts';

export interface ShareRequest {
  /** First and last month of issue at +07:00, `YYYY-MM`, both included. */
  readonly from: string;
  readonly to: string;
  /** Only this agency. */
  readonly agency?: string;
  /** Only agencies of this tier. */
  readonly tier?: Tier;
  /** Only this agency and those below it in the directory. */
  readonly under?: string;
}

export interface TierShare extends ShareFigures {
  /** Agencies open at some time of the period. */
  readonly agencies: number;
  /** Those of them that reported nothing in the period; see `Share.silent`. */
  readonly agencies_silent: number;
}

type ByTier<T> = Readonly<Record<Tier | 'all', T>>;

export interface AgencyName {
  readonly code: string;
  readonly name: string;
  readonly tier: Tier;
}

/** The share sent electronically; a plain object, ready for JSON. */
export interface Share {
  readonly period: { readonly from: string; readonly to: string };
  readonly scope: {
    readonly agency: string | null;
    readonly tier: Tier | null;
    readonly under: string | null;
  };
  readonly tiers: ByTier<TierShare>;
  readonly months: readonly { readonly month: string; readonly tiers: ByTier<ShareFigures> }[];
  /** Agencies with at least one document, void or missing number in the period. */
  readonly agencies: readonly (AgencyName & ShareFigures)[];
  readonly voids: readonly {
    readonly agency: string;
    readonly year: number;
    readonly number: number;
    readonly reason: string;
  }[];
  /** Ranges of register numbers that no record names and that may belong to the period. */
  readonly gaps: readonly {
    readonly agency: string;
    readonly year: number;
    readonly first: number;
    readonly last: number;
  }[];
  /** Ranges of reports that the relay never got and that may concern the period. */
  readonly missing_reports: readonly {
    readonly agency: string;
    readonly first: number;
    readonly last: number;
  }[];
  /** Agencies that reported nothing in the period: no zero is assumed for them. */
  readonly silent: readonly AgencyName[];
}

const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;
/** Ten years; more would be a slip of the keyboard. */
export const MAX_SHARE_MONTHS = 120;

/**
 * Computes the share of DESIGN §7: one unit for each number of an outgoing register.
 *
 * Source: QĐ 28/2018/QĐ-TTg; the period is the date of issue at +07:00, the tier that of the
 * directory. Everything comes from verified records, so the same records give the same digits at the
 * same time: a document that no recipient has answered while the broker kept it is undelivered.
 *
 * @throws {@link BusError} `BUS_RELAY_REQUEST_INVALID` for a bad period or an unknown agency.
 */
export function computeShare(
  stores: { readonly queries: ShareQueries; readonly directory: DirectoryStore },
  request: ShareRequest,
  at: Date,
): Share {
  const months = listMonths(request.from, request.to);
  const scope = selectAgencies(stores.directory.agencies(), request);
  const board = new Board(months, scope);
  fillBoard(board, stores.queries, request, at);
  const gaps = addGaps(board, stores.queries.gaps(), request);
  const missing = addMissingReports(board, stores.queries, request);
  const voids = addVoids(board, stores.queries, request);
  const open = openAgencies(scope, request);
  const silent = findSilent(open, stores.queries, request);
  const { from, to, agency, tier, under } = request;
  return {
    period: { from, to },
    scope: { agency: agency ?? null, tier: tier ?? null, under: under ?? null },
    tiers: byTier((key) => ({
      ...board.tier(key).figures(),
      agencies: countOf(open, key),
      agencies_silent: countOf(silent, key),
    })),
    months: months.map((month) => ({
      month,
      tiers: byTier((key) => board.month(month, key).figures()),
    })),
    agencies: board.agencies(),
    voids,
    gaps,
    missing_reports: missing,
    silent: silent.map(({ code, name, tier: own }) => ({ code, name, tier: own })),
  };
}

/** Every row of the statistics that one fact may belong to. */
class Board {
  readonly #agencies: ReadonlyMap<string, AgencyRow>;
  readonly #tallies = new Map<string, Tally>();
  readonly #months: readonly string[];

  constructor(months: readonly string[], agencies: readonly AgencyRow[]) {
    this.#months = months;
    this.#agencies = new Map(agencies.map((agency) => [agency.code, agency]));
  }

  tier(key: Tier | 'all'): Tally {
    return this.#at(`tier ${key}`);
  }

  month(month: string, key: Tier | 'all'): Tally {
    return this.#at(`month ${month} ${key}`);
  }

  /** Calls `add` for each row of an agency's fact; false when the agency is out of scope. */
  add(code: string, months: readonly string[], add: (tally: Tally) => void): boolean {
    const agency = this.#agencies.get(code);
    if (agency === undefined) return false;
    const keys = [agency.tier, 'all'] as const;
    for (const key of keys) {
      add(this.tier(key));
      for (const month of months) add(this.month(month, key));
    }
    add(this.#at(`agency ${code}`));
    return true;
  }

  monthsBetween(first: string, last: string): string[] {
    return this.#months.filter((month) => first <= month && month <= last);
  }

  agencies(): (AgencyName & ShareFigures)[] {
    return [...this.#agencies.values()].flatMap(({ code, name, tier }) => {
      const tally = this.#tallies.get(`agency ${code}`);
      return tally === undefined ? [] : [{ code, name, tier, ...tally.figures() }];
    });
  }

  #at(key: string): Tally {
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const tally = new Tally();
    this.#tallies.set(key, tally);
    return tally;
  }
}

function fillBoard(
  board: Board,
  queries: ShareQueries,
  { from, to }: ShareRequest,
  at: Date,
): void {
  for (const row of queries.documents(from, to, at.getTime() - STREAM_RETENTION_MS)) {
    board.add(row.agency, [row.month], (tally) => {
      if (row.undelivered === 1) tally.addUndelivered(row.count);
      else tally.addDocuments(row.shareClass, row.signed === 1, row.count);
    });
  }
  for (const row of queries.deliveries(from, to)) {
    board.add(row.agency, [row.month], (tally) => tally.addDeliveries(row));
  }
  for (const row of queries.times(from, to)) {
    board.add(row.agency, [row.month], (tally) => {
      tally.addTimes(row.arrivalMs, row.acceptanceMs);
    });
  }
}

function addVoids(board: Board, queries: ShareQueries, { from, to }: ShareRequest) {
  return queries.voids(from, to).flatMap(({ agency, month, year, number, reason }) => {
    const inScope = board.add(agency, [month], (tally) => tally.addVoid());
    return inScope ? [{ agency, year, number, reason }] : [];
  });
}

/** A number without a record was given between its neighbours, so it belongs to any month between. */
function addGaps(board: Board, gaps: readonly RegisterGap[], request: ShareRequest) {
  return gaps.flatMap(({ agency, year, first, last, monthBefore, monthAfter: next }) => {
    const earliest = monthBefore ?? `${year}-01`;
    const latest = next ?? `${year}-12`;
    if (latest < request.from || earliest > request.to) return [];
    const months = board.monthsBetween(earliest, latest);
    const count = countNumbers([[first, last]]);
    const inScope = board.add(agency, months, (tally) => tally.addMissingNumbers(count));
    return inScope ? [{ agency, year, first, last }] : [];
  });
}

/** A report names documents issued before it was made: one made before a month cannot concern it. */
function addMissingReports(board: Board, queries: ShareQueries, request: ShareRequest) {
  return queries.missingReports().flatMap(({ agency, first, last, nextAtMs }) => {
    const latest = nextAtMs === null ? request.to : dateInVietnam(new Date(nextAtMs)).slice(0, 7);
    if (latest < request.from) return [];
    const months = board.monthsBetween(request.from, latest);
    const inScope = board.add(agency, months, (tally) => tally.markLowerBound());
    return inScope ? [{ agency, first, last }] : [];
  });
}

function openAgencies(agencies: readonly AgencyRow[], request: ShareRequest): AgencyRow[] {
  const { fromMs, toMs } = periodMs(request);
  return agencies.filter(
    ({ validFromMs, validToMs }) =>
      validFromMs < toMs && (validToMs === null || validToMs > fromMs),
  );
}

function findSilent(
  agencies: readonly AgencyRow[],
  queries: ShareQueries,
  request: ShareRequest,
): AgencyRow[] {
  const { fromMs, toMs } = periodMs(request);
  const entered = queries.agenciesWithEntries(request.from, request.to);
  return agencies.filter(
    ({ code }) => !entered.has(code) && !queries.hasReported(code, fromMs, toMs),
  );
}

function selectAgencies(agencies: readonly AgencyRow[], request: ShareRequest): AgencyRow[] {
  const byCode = new Map(agencies.map((agency) => [agency.code, agency]));
  const only = request.agency === undefined ? undefined : readCode(request.agency, byCode);
  const under = request.under === undefined ? undefined : readCode(request.under, byCode);
  return agencies.filter(
    (agency) =>
      (only === undefined || agency.code === only) &&
      (request.tier === undefined || agency.tier === request.tier) &&
      (under === undefined || isUnder(agency, under, byCode)),
  );
}

/** Parents are directory data and might form a ring by mistake: the walk is bounded. */
function isUnder(agency: AgencyRow, top: string, byCode: ReadonlyMap<string, AgencyRow>): boolean {
  let current: AgencyRow | undefined = agency;
  for (let depth = 0; current !== undefined && depth < byCode.size; depth += 1) {
    if (current.code === top) return true;
    current = current.parent === null ? undefined : byCode.get(current.parent);
  }
  return false;
}

function readCode(text: string, byCode: ReadonlyMap<string, AgencyRow>): AgencyCode {
  const code = parseAgencyCode(text);
  if (byCode.has(code)) return code;
  throw new BusError(
    'BUS_RELAY_REQUEST_INVALID',
    `agency ${code} is not in the relay's directory`,
    { details: { agency: code } },
  );
}

function listMonths(from: string, to: string): string[] {
  for (const month of [from, to]) {
    if (!MONTH.test(month))
      throw badPeriod(`"${month.slice(0, 20)}" is not a month such as 2026-07`);
  }
  if (from > to) throw badPeriod(`${from} is after ${to}`);
  const months: string[] = [];
  for (let month = from; month <= to; month = monthAfter(month)) {
    months.push(month);
    if (months.length > MAX_SHARE_MONTHS) {
      throw badPeriod(`${from} to ${to} is more than ${MAX_SHARE_MONTHS} months`);
    }
  }
  return months;
}

function periodMs({ from, to }: ShareRequest): { fromMs: number; toMs: number } {
  return { fromMs: startOfDayMs(`${from}-01`), toMs: startOfDayMs(`${monthAfter(to)}-01`) };
}

function byTier<T>(make: (key: Tier | 'all') => T): ByTier<T> {
  return {
    central: make('central'),
    province: make('province'),
    district: make('district'),
    commune: make('commune'),
    all: make('all'),
  };
}

function countOf(agencies: readonly AgencyRow[], key: Tier | 'all'): number {
  return key === 'all' ? agencies.length : agencies.filter(({ tier }) => tier === key).length;
}

function badPeriod(fault: string): BusError {
  return new BusError('BUS_RELAY_REQUEST_INVALID', `bad period: ${fault}`, {
    details: { field: 'period' },
  });
}

import type { Tier } from '../../agency/tier.ts';
import { addDays, dateInVietnam } from '../../calendar/vietnam-time.ts';
import type { AgencyEntryRow, FigureQueries } from '../storage/figure-queries.ts';
import { type StoredPlace, lastDayOf } from '../storage/figure-store.ts';
import type { Period } from './period.ts';

/** A span of days, both ends included. */
export type Span = Pick<Period, 'from' | 'to'>;

/** An agency of the directory, open or closed. */
export interface Agency {
  readonly code: string;
  readonly name: string;
  readonly tier: Tier;
  readonly parent: string | null;
  readonly site: string;
  /** Days of validity, the latest first; `to` is {@link LAST_DAY} while open. */
  readonly open: readonly Span[];
  /** Where it stands in the rollups, by days. */
  readonly places: readonly StoredPlace[];
}

export const LAST_DAY = '9999-12-31';

/** All agencies of the directory as the rollups know them; made again when the directory changes. */
export class AgencyIndex {
  readonly agencies: readonly Agency[];
  readonly #byCode: ReadonlyMap<string, Agency>;
  readonly #parents = new Set<string>();
  readonly #heirs = new Map<string, string[]>();

  constructor(queries: FigureQueries) {
    const places = Map.groupBy(queries.places(), ({ agency }) => agency);
    const entries = Map.groupBy(queries.agencyEntries(), ({ code }) => code);
    this.agencies = [...entries].flatMap(([code, rows]) => {
      const holder = rows[0];
      if (holder?.role !== 'agency') return [];
      const { name, tier, parent, site } = holder;
      const open = openSpans(rows);
      return [{ code, name, tier, parent, site, open, places: places.get(code) ?? [] }];
    });
    this.#byCode = new Map(this.agencies.map((agency) => [agency.code, agency]));
    for (const { code, places: own } of this.agencies) {
      for (const { thenAbove, nowAbove } of own) {
        this.#parents.add(firstOf(thenAbove));
        this.#parents.add(firstOf(nowAbove));
      }
      const heir = own[0]?.nowCode ?? code;
      this.#heirs.set(heir, [...(this.#heirs.get(heir) ?? []), code]);
    }
  }

  find(code: string): Agency | undefined {
    return this.#byCode.get(code);
  }

  hasChildren(code: string): boolean {
    return this.#parents.has(code);
  }

  /** The agencies whose figures go to one today: itself unless it was taken over, and those it took over. */
  takenOverBy(code: string): readonly string[] {
    return this.#heirs.get(code) ?? [];
  }
}

export function firstOf(codes: string): string {
  return codes.split(' ', 1)[0] ?? '';
}

export function overlaps(a: Span, b: Span): boolean {
  return a.from <= b.to && b.from <= a.to;
}

/** The day by which an agency's place in a span is told: its last open day in it, else the last. */
export function lastOpenDay(agency: Agency, span: Span): string {
  const open = agency.open.find((one) => overlaps(one, span));
  return open === undefined || open.to > span.to ? span.to : open.to;
}

/** What earlier entries say counts for the days before the one that holds. */
function openSpans(rows: readonly AgencyEntryRow[]): Span[] {
  const spans: Span[] = [];
  for (const { validFromMs, validToMs } of rows) {
    const from = dateInVietnam(new Date(validFromMs));
    const end = lastDayOf(validToMs) ?? LAST_DAY;
    const later = spans.at(-1);
    const limit = later === undefined ? LAST_DAY : addDays(later.from, -1);
    const to = end < limit ? end : limit;
    if (from <= to) spans.push({ from, to });
  }
  return spans;
}

import type { Tier } from '../../agency/tier.ts';
import type { StoredPlace } from '../storage/figure-store.ts';
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
  /** By which arrays of counters are read. */
  readonly ordinal: number;
  /** Days of validity, the latest first; `to` is {@link LAST_DAY} while open. */
  readonly open: readonly Span[];
  /** Where it stands in the rollups, by days. */
  readonly places: readonly StoredPlace[];
}

export const LAST_DAY = '9999-12-31';

export function firstOf(codes: string): string {
  const end = codes.indexOf(' ');
  return end === -1 ? codes : codes.slice(0, end);
}

export function overlaps(a: Span, b: Span): boolean {
  return a.from <= b.to && b.from <= a.to;
}

/** The day by which an agency's place in a span is told: its last open day in it, else the last. */
export function lastOpenDay(agency: Agency, span: Span): string {
  const open = agency.open.find((one) => overlaps(one, span));
  return open === undefined || open.to > span.to ? span.to : open.to;
}

/** The tier of an agency on its last open day of a span. */
export function tierOf(agency: Agency, span: Span, isNow: boolean): Tier {
  const place = agency.places.findLast(({ fromDay }) => fromDay <= lastOpenDay(agency, span));
  if (place === undefined) return agency.tier;
  return isNow ? place.nowTier : place.thenTier;
}

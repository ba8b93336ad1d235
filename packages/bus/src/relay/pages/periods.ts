import { addDays } from '../../calendar/vietnam-time.ts';
import type { PeriodText } from '../figures/types.ts';
import {
  type Period as AnyPeriod,
  type PeriodKind,
  parsePeriod,
  periodOf as anyPeriodOf,
} from '../figures/period.ts';
import { BusError } from '../../errors.ts';

export type { PeriodKind } from '../figures/period.ts';

/** A period that can be picked: one of five kinds, never a range of several. */
export interface Period extends AnyPeriod {
  readonly kind: PeriodKind;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** @returns undefined for what is no period, and for a range of several. */
export function readPeriod(text: string): Period | undefined {
  try {
    const { kind, ...rest } = parsePeriod(text);
    return kind === null ? undefined : { ...rest, kind };
  } catch (error) {
    if (error instanceof BusError) return undefined;
    throw error;
  }
}

/** The period of a kind that a day falls into. */
export function periodOf(kind: PeriodKind, day: string): Period {
  return { ...anyPeriodOf(kind, day), kind };
}

/** The period of the same kind `steps` later; earlier with a negative number. */
export function shiftPeriod(period: Period, steps: number): Period {
  let shifted = period;
  for (let step = 0; step < Math.abs(steps); step += 1) {
    const day = steps < 0 ? addDays(shifted.from, -1) : addDays(shifted.to, 1);
    shifted = periodOf(period.kind, day);
  }
  return shifted;
}

/** `2024-12..2026-11`: as many months, the last of them the one in which `period` ends, or today. */
export function monthsUpTo(period: Period, count: number, today: string): PeriodText {
  const last = periodOf('month', period.to < today ? period.to : today);
  return `${shiftPeriod(last, 1 - count).text}..${last.text}`;
}

/** Monday to Friday, both ends included; public holidays are not known. */
export function workingDays(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const weekday = new Date(`${day}T00:00:00.000Z`).getUTCDay();
    if (weekday !== 0 && weekday !== 6) days.push(day);
  }
  return days;
}

/** Whole days from one date to a later one. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

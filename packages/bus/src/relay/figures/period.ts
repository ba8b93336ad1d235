import { addDays } from '../../calendar/vietnam-time.ts';
import { BusError } from '../../errors.ts';

export type PeriodKind = 'day' | 'week' | 'month' | 'quarter' | 'year';

/** Days of issue at +07:00, both ends included. */
export interface Period {
  readonly text: string;
  readonly from: string;
  readonly to: string;
  /** `null`: a range of several. */
  readonly kind: PeriodKind | null;
}

/** Twenty years; more would be a slip of the keyboard. */
const MAX_PERIOD_DAYS = 366 * 20;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const WEEK = /^(\d{4})-W(\d{2})$/;
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;
const QUARTER = /^(\d{4})-Q([1-4])$/;
const YEAR = /^\d{4}$/;
const FIRST_DAY = '1945-01-01';
const LAST_DAY = '2999-12-31';

/**
 * Reads `2026-11-22`, `2026-W47` (ISO 8601), `2026-11`, `2026-Q4`, `2026`, or two of them with `..`.
 *
 * @throws BusError `BUS_RELAY_REQUEST_INVALID`.
 */
export function parsePeriod(text: string): Period {
  const parts = text.length > 40 ? [] : text.split('..');
  const [first, last = first] = parts;
  const from = first === undefined || parts.length > 2 ? undefined : parseOne(first);
  const to = last === undefined ? undefined : parseOne(last);
  if (from === undefined || to === undefined) {
    throw badPeriod(`"${text.slice(0, 40)}" is not a period such as 2026-11, 2026-Q4 or 2026-W47`);
  }
  if (from.from < FIRST_DAY || to.to > LAST_DAY) {
    throw badPeriod(`"${text}" is not between ${FIRST_DAY} and ${LAST_DAY}`);
  }
  if (parts.length === 1) return from;
  if (from.from > to.to) throw badPeriod(`${first} is after ${last}`);
  if (addDays(from.from, MAX_PERIOD_DAYS) < to.to) {
    throw badPeriod(`${text} is more than ${MAX_PERIOD_DAYS} days`);
  }
  return { text, from: from.from, to: to.to, kind: null };
}

/** The period of equal kind before; `undefined` for a range of several. */
export function periodBefore({ kind, from }: Period): Period | undefined {
  return kind === null ? undefined : periodOf(kind, addDays(from, -1));
}

/** The period of a kind that holds a day. */
export function periodOf(kind: PeriodKind, day: string): Period {
  const year = day.slice(0, 4);
  const month = Number(day.slice(5, 7));
  switch (kind) {
    case 'day':
      return { text: day, from: day, to: day, kind };
    case 'week':
      return weekOf(day);
    case 'month':
      return { text: day.slice(0, 7), ...monthsOf(year, month, 1), kind };
    case 'quarter': {
      const quarter = Math.ceil(month / 3);
      return { text: `${year}-Q${quarter}`, ...monthsOf(year, quarter * 3 - 2, 3), kind };
    }
    case 'year':
      return { text: year, from: `${year}-01-01`, to: `${year}-12-31`, kind };
  }
}

/** The periods of a kind that touch a period, cut to it, in order. */
export function* splitPeriod(period: Period, kind: PeriodKind): Generator<Period> {
  for (let day = period.from; day <= period.to;) {
    const whole = periodOf(kind, day);
    const from = whole.from < period.from ? period.from : whole.from;
    const to = whole.to > period.to ? period.to : whole.to;
    yield { ...whole, from, to };
    day = addDays(whole.to, 1);
  }
}

/** The largest buckets that make up a span of days exactly: years, months and days, by their text. */
export function bucketsOf(
  { from, to }: Pick<Period, 'from' | 'to'>,
  kinds: readonly ('year' | 'month')[],
): string[] {
  const buckets: string[] = [];
  for (let day = from; day <= to;) {
    const start = day;
    const whole = kinds
      .map((kind) => periodOf(kind, start))
      .find((one) => one.from === start && one.to <= to);
    buckets.push(whole?.text ?? day);
    day = addDays(whole?.to ?? day, 1);
  }
  return buckets;
}

function parseOne(text: string): Period | undefined {
  if (DAY.test(text)) return isDate(text) ? periodOf('day', text) : undefined;
  if (MONTH.test(text)) return periodOf('month', `${text}-01`);
  if (YEAR.test(text)) return periodOf('year', `${text}-01-01`);
  const [, quarterYear, quarter] = QUARTER.exec(text) ?? [];
  if (quarterYear !== undefined) {
    return periodOf('quarter', `${quarterYear}-${String(Number(quarter) * 3).padStart(2, '0')}-01`);
  }
  const [, weekYear, week] = WEEK.exec(text) ?? [];
  if (weekYear === undefined || !isDate(`${weekYear}-01-04`)) return undefined;
  const parsed = weekOf(addDays(`${weekYear}-01-04`, (Number(week) - 1) * 7));
  return parsed.text === text ? parsed : undefined;
}

/** ISO 8601: weeks begin on Monday, and week 1 holds 4 January. */
function weekOf(day: string): Period {
  const weekday = (new Date(`${day}T00:00:00.000Z`).getUTCDay() + 6) % 7;
  const from = addDays(day, -weekday);
  const year = addDays(from, 3).slice(0, 4);
  const days = Date.parse(`${addDays(from, 3)}T00:00:00.000Z`) - Date.parse(`${year}-01-01`);
  const number = Math.floor(days / (7 * 86_400_000)) + 1;
  const text = `${year}-W${String(number).padStart(2, '0')}`;
  return { text, from, to: addDays(from, 6), kind: 'week' };
}

function monthsOf(year: string, first: number, count: number): { from: string; to: string } {
  const from = `${year}-${String(first).padStart(2, '0')}-01`;
  const last = first + count - 1;
  if (last === 12) return { from, to: `${year}-12-31` };
  return { from, to: addDays(`${year}-${String(last + 1).padStart(2, '0')}-01`, -1) };
}

function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

export function badRequest(field: string, fault: string): BusError {
  return new BusError('BUS_RELAY_REQUEST_INVALID', `bad ${field}: ${fault}`, {
    details: { field },
  });
}

function badPeriod(fault: string): BusError {
  return badRequest('period', fault);
}

import type { Language } from '../http/session.ts';
import type { Period } from './periods.ts';
import { readPeriod } from './periods.ts';
import type { Texts } from './texts.ts';

const ZONE = 'Asia/Ho_Chi_Minh';
const ROMAN = ['I', 'II', 'III', 'IV'] as const;
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Numbers, dates and times as people of one language write them, always in Vietnam time. */
export interface Format {
  count(value: number): string;
  /** A fraction as per cent with one digit, cut and never rounded up: `89,9%`. */
  percent(fraction: number): string;
  /** Difference of two fractions in percentage points, with sign: `+1,2`. */
  points(difference: number): string;
  duration(ms: number): string;
  /** Of `YYYY-MM-DD`. */
  day(date: string): string;
  /** Of an instant in ISO 8601. */
  moment(at: string | Date): string;
  period(text: string): string;
}

export function formatFor(language: Language, texts: Texts): Format {
  const locale = language === 'vi' ? 'vi-VN' : 'en-GB';
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(locale, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
    signDisplay: 'auto',
  });
  const signed = new Intl.NumberFormat(locale, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
    signDisplay: 'exceptZero',
  });
  const dayFormat = new Intl.DateTimeFormat(locale, {
    timeZone: 'UTC',
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
  });
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: ZONE,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const dayOf = new Intl.DateTimeFormat(locale, {
    timeZone: ZONE,
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
  });
  const day = (date: string): string => dayFormat.format(new Date(`${date}T00:00:00Z`));
  return {
    count: (value) => whole.format(value),
    percent: (fraction) => `${tenths.format(cutToTenths(fraction * 100))}%`,
    points: (difference) => signed.format(Math.round(difference * 1_000) / 10),
    duration: (ms) => describeDuration(ms, texts, tenths, whole),
    day,
    moment: (at) => {
      const date = new Date(at);
      return `${dayOf.format(date)} ${clock.format(date)}`;
    },
    period: (text) => {
      const period = readPeriod(text);
      return period === undefined ? text : describePeriod(period, texts, day);
    },
  };
}

/** 0.9 × 100 is 90.00000000000001 and 0.29 × 100 is 28.999999999999996: both mean what they look like. */
function cutToTenths(percent: number): number {
  return Math.floor(Number((percent * 10).toFixed(6))) / 10;
}

function describeDuration(
  ms: number,
  texts: Texts,
  tenths: Intl.NumberFormat,
  whole: Intl.NumberFormat,
): string {
  const [unit, size] = UNITS.find(([, unitMs]) => ms >= unitMs) ?? (['second', 1_000] as const);
  const amount = ms / size;
  const text = amount < 10 ? tenths.format(amount) : whole.format(amount);
  return `${text}\u00A0${texts.units[unit]}`;
}

function describePeriod(period: Period, texts: Texts, day: (date: string) => string): string {
  const { kind, text } = period;
  const year = text.slice(0, 4);
  switch (kind) {
    case 'day':
      return texts.period.day(day(text));
    case 'week':
      return texts.period.week(String(Number(text.slice(6))), year);
    case 'month':
      return texts.period.month(String(Number(text.slice(5))), year);
    case 'quarter':
      return texts.period.quarter(ROMAN[Number(text.slice(6)) - 1] ?? text, year);
    case 'year':
      return texts.period.year(year);
  }
}

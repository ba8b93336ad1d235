import { InvalidArgumentError } from 'commander';

import type { Cli } from '../context.ts';
import { formatDay } from '../terminal/time.ts';

const SHAPE = /^\d{4}(?:-(?:(?:0[1-9]|1[0-2])(?:-\d{2})?|Q[1-4]|W\d{2}))?$/u;
const ROMAN = ['I', 'II', 'III', 'IV'] as const;
const MONTHS_OF_TREND = 12;

/** What has the shape of a period; whether its days exist the relay's reader judges. */
export function parsePeriodOption(cli: Cli): (value: string) => string {
  return (value) => {
    const parts = value.split('..');
    const [first = '', last = first] = parts;
    const isWrongWay = first.length === last.length && first > last;
    if (parts.length <= 2 && SHAPE.test(first) && SHAPE.test(last) && !isWrongWay) return value;
    throw new InvalidArgumentError(cli.messages.stats.wantedPeriod);
  };
}

/** `2025-12..2026-11`: the twelve months up to that of a day. */
export function monthsUpTo(day: string): string {
  const year = Number(day.slice(0, 4));
  const month = Number(day.slice(5, 7)) - MONTHS_OF_TREND;
  const first = new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 7);
  return `${first}..${day.slice(0, 7)}`;
}

/** A period in words: `quý III năm 2026`, `from 01/01/2026 to 31/03/2026`. */
export function describePeriod(
  { messages }: Pick<Cli, 'messages'>,
  { text, from, to }: { readonly text: string; readonly from?: string; readonly to?: string },
): string {
  const { period } = messages.stats;
  const year = text.slice(0, 4);
  const part = text.slice(5);
  if (text.includes('..')) return period.range(formatDay(from ?? text), formatDay(to ?? text));
  if (part === '') return period.year(year);
  if (part.startsWith('W')) return period.week(String(Number(part.slice(1))), year);
  if (part.startsWith('Q')) return period.quarter(ROMAN[Number(part.slice(1)) - 1] ?? part, year);
  return part.length === 2 ? period.month(part, year) : period.day(formatDay(text));
}

/** As short as fits below a bar: `07/26`, `Q3/26`, `W28/26`, `09/07`. */
export function shortPeriod(text: string): string {
  const part = text.slice(5);
  if (part === '') return text;
  if (part.length === 5) return `${part.slice(3)}/${part.slice(0, 2)}`;
  return `${part}/${text.slice(2, 4)}`;
}

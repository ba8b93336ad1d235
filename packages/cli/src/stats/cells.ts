import { OTHER_DOCUMENT_TYPES } from '@congvan/bus';
import type { BreakdownKey, FlatRow, FlatValue } from '@congvan/bus/figures';

import type { Cli } from '../context.ts';
import { isTierName } from '../documents/tier.ts';
import type { StatsColumn } from '../messages/stats/en.ts';
import { formatDay, formatTime } from '../terminal/time.ts';
import { type Format, formatFor } from './format.ts';
import { describePeriod } from './periods.ts';

/** What a field holds, which the names of the columns decide. */
export type CellKind = 'text' | 'count' | 'plain' | 'rate' | 'ms' | 'day' | 'moment';

const DAYS: ReadonlySet<string> = new Set(['issued_on', 'after', 'before']);
/** Numbers that name something are never grouped. */
const NAMES: ReadonlySet<string> = new Set([
  'number',
  'year',
  'first',
  'last',
  'business_type',
  'document_version',
]);
const LEFT_ALIGNED: ReadonlySet<string> = new Set(['who', 'code_number', 'document', 'numbers']);

export function kindOf(name: string, value: FlatValue): CellKind {
  if (name.startsWith('rate_') || name === 'target') return 'rate';
  if (name.includes('_ms_')) return 'ms';
  if (name.endsWith('_at')) return 'moment';
  if (DAYS.has(name)) return 'day';
  if (typeof value !== 'number') return 'text';
  return NAMES.has(name) ? 'plain' : 'count';
}

/** Shows the fields of one table to people. */
export class CellWriter {
  readonly #cli: Pick<Cli, 'language' | 'messages'>;
  readonly #format: Format;
  readonly #by: BreakdownKey | null;

  /** @param by - what the rows of a breakdown are. */
  constructor(cli: Pick<Cli, 'language' | 'messages'>, by: BreakdownKey | null) {
    this.#cli = cli;
    this.#format = formatFor(cli);
    this.#by = by;
  }

  title(name: StatsColumn): string {
    const { stats } = this.#cli.messages;
    const isKey = name === 'who' && this.#by !== null;
    return isKey ? stats.keys[this.#by] : stats.columns[name];
  }

  isNumeric(name: StatsColumn, rows: readonly FlatRow[]): boolean {
    if (LEFT_ALIGNED.has(name)) return false;
    if (name === 'documents' || name === 'change' || name.startsWith('time_to_')) return true;
    if (['rate', 'ms'].includes(kindOf(name, null))) return true;
    return rows.some((row) => typeof row[name] === 'number');
  }

  /** A field, or several of them put together. */
  text(name: StatsColumn, row: FlatRow): string {
    switch (name) {
      case 'who':
        return this.#who(row);
      case 'documents':
        return this.#format.count(number(row, 'E') + number(row, 'EP') + number(row, 'P'));
      case 'change':
        return this.#change(row);
      case 'time_to_01':
      case 'time_to_03':
      case 'time_to_06':
        return this.#times(row, name);
      case 'code_number':
        return `${row['number']}/${row['notation']}`;
      case 'document':
        return `${row['number']}/${row['notation']} ${this.value('issued_on', row['issued_on'] ?? null)}`;
      case 'sender':
        return joined(row['from'], row['from_name']);
      case 'recipient':
        return joined(row['to'], row['to_name']);
      case 'numbers':
        return this.#numbers(row);
      case 'rate_electronic':
      case 'rate_any':
        // A share with missing records is at least this much: the mark says so in every language.
        return typeof row[name] === 'number' && row['lower_bound'] === true
          ? `≥ ${this.value(name, row[name])}`
          : this.value(name, row[name] ?? null);
      default:
        return this.value(name, row[name] ?? null);
    }
  }

  /** The words or digits of one field. */
  value(name: string, value: FlatValue): string {
    const { stats } = this.#cli.messages;
    const kind = kindOf(name, value);
    if (value === null) return kind === 'text' || kind === 'moment' ? '' : stats.none;
    if (typeof value === 'boolean') return value ? stats.yes : stats.no;
    if (typeof value === 'number') {
      if (kind === 'rate') return this.#format.rate(value);
      if (kind === 'ms') return this.#format.duration(value);
      return kind === 'plain' ? String(value) : this.#format.count(value);
    }
    if (kind === 'day') return formatDay(value);
    if (kind === 'moment') return formatTime(new Date(value));
    return this.#word(name, value);
  }

  #word(name: string, value: string): string {
    const { stats, text } = this.#cli.messages;
    const by = name === 'key' ? this.#by : name;
    if (by === 'tier') return isTierName(value) ? text.tiers[value] : value;
    if (by === 'type' && value === OTHER_DOCUMENT_TYPES) return stats.otherTypes;
    if (by === 'urgency') return wordOf(stats.urgencies, value);
    if (by === 'state') return wordOf(stats.states, value);
    if (by === 'standing') return wordOf(stats.standings, value);
    if (by === 'kind') return wordOf(stats.gapKinds, value);
    // The sum has no key.
    if (name === 'key' && isTimeKey(by) && value !== '')
      return describePeriod(this.#cli, { text: value });
    return value;
  }

  #who(row: FlatRow): string {
    if (this.#by === null) return joined(row['agency'] ?? row['code'], row['name']);
    return joined(this.value('key', row['key'] ?? null), row['name']);
  }

  #change(row: FlatRow): string {
    const { rate_electronic: now, rate_electronic_before: before } = row;
    if (typeof now !== 'number' || typeof before !== 'number') return this.#cli.messages.stats.none;
    return this.#format.points(now - before);
  }

  #times(row: FlatRow, name: string): string {
    const [median, p95] = [row[`${name}_ms_median`], row[`${name}_ms_p95`]];
    if (typeof median !== 'number' || typeof p95 !== 'number') {
      return this.#cli.messages.stats.none;
    }
    return `${this.#format.duration(median)} / ${this.#format.duration(p95)}`;
  }

  #numbers({ first, last, year }: FlatRow): string {
    const span = first === last ? `${first}` : `${first}–${last}`;
    return typeof year === 'number' ? `${span}/${year}` : span;
  }
}

export function isTimeKey(by: string | null): boolean {
  return by !== null && ['day', 'week', 'month', 'quarter', 'year'].includes(by);
}

function number(row: FlatRow, name: string): number {
  const value = row[name];
  return typeof value === 'number' ? value : 0;
}

function joined(code: FlatValue | undefined, name: FlatValue | undefined): string {
  return [code, name].filter((one) => typeof one === 'string' && one !== '').join(' ');
}

function wordOf(words: Readonly<Record<string, string>>, value: string): string {
  return Object.hasOwn(words, value) ? (words[value] ?? value) : value;
}

import type { Figures } from './types.ts';

/** What stands in one field of a table: nothing is nested any more. */
export type FlatValue = string | number | boolean | null;
export type FlatRow = Readonly<Record<string, FlatValue>>;

/** Tables of figures that leave the relay as files. */
export type FlatTable =
  | 'breakdown'
  | 'deliveries'
  | 'gaps'
  | 'agencies'
  | 'alerts'
  | 'register'
  | 'contradictions'
  | 'late'
  | 'rejected';

const TIMES = ['time_to_01_ms', 'time_to_03_ms', 'time_to_06_ms'] as const;

/** In the order of {@link Figures}; programs rely on the names and on their order. */
const FIGURE_COLUMNS = [
  'E',
  'EP',
  'P',
  'signed',
  'rate_electronic',
  'rate_any',
  'rate_signed',
  'undelivered',
  'void_numbers',
  'missing_numbers',
  'lower_bound',
  'deliveries',
  'paper_recipients',
  'receipted',
  'open',
  'overdue',
  'late',
  'receipted_01',
  'receipted_03',
  'receipted_06',
  'refused',
  'recalled',
  'withdrawn',
  'contradictions',
  'duplicates',
] as const satisfies readonly (keyof Figures)[];

/** The columns of each table, in the API's names. A table without rows has them all the same. */
export const FLAT_COLUMNS: Readonly<Record<FlatTable, readonly string[]>> = {
  breakdown: [
    'key',
    'name',
    'tier',
    ...FIGURE_COLUMNS,
    ...TIMES.flatMap((time) => [`${time}_median`, `${time}_p95`]),
    'rate_electronic_before',
    'target',
    'agencies',
    'agencies_silent',
    'has_children',
  ],
  deliveries: [
    'from',
    'from_name',
    'to',
    'to_name',
    'document_id',
    'business_type',
    'document_version',
    'number',
    'notation',
    'issued_on',
    'document_type',
    'abstract',
    'urgency',
    'state',
    'dispatched_at',
    'first_receipt_at',
    'overdue',
  ],
  gaps: ['agency', 'name', 'kind', 'year', 'first', 'last', 'after', 'before'],
  agencies: [
    'code',
    'name',
    'tier',
    'parent',
    'site',
    'standing',
    'last_report_at',
    'missing_reports',
    'contradictions',
    'contradictions_further',
  ],
  alerts: [
    'id',
    'code',
    'key',
    'agency',
    'severity',
    'since',
    'until',
    'detail_vi',
    'detail_en',
    'action_vi',
    'action_en',
  ],
  register: [
    'agency',
    'year',
    'number',
    'notation',
    'counted_as',
    'day',
    'document_type',
    'abstract',
    'signed',
    'reason',
    'paper_to',
    'document_id',
    'reported_at',
  ],
  contradictions: ['id', 'kind', 'agency', 'report_number', 'payload_hash', 'detail', 'found_at'],
  late: ['id', 'agency', 'report_number', 'stated_at', 'stored_at'],
  rejected: [
    'id',
    'subject',
    'claimed_from',
    'site',
    'stored_at',
    'rejected_at',
    'finding',
    'detail',
    'bytes',
  ],
};

/** A row of an answer with its nested figures under their own names; what it lacks is `null`. */
export function flattenRow(table: FlatTable, row: object): FlatRow {
  const found = new Map<string, unknown>();
  collect(found, Object.entries(row), '');
  return Object.fromEntries(
    FLAT_COLUMNS[table].map((column) => [column, flatValue(found.get(column))]),
  );
}

function collect(found: Map<string, unknown>, entries: [string, unknown][], prefix: string): void {
  for (const [name, value] of entries) {
    if (Array.isArray(value)) {
      found.set(`${prefix}${name}`, value.join('; '));
    } else if (!isObject(value)) {
      found.set(`${prefix}${name}`, value);
    } else if (name === 'figures') {
      collect(found, Object.entries(value), '');
    } else if (name === 'before') {
      found.set('rate_electronic_before', Reflect.get(value, 'rate_electronic'));
    } else {
      collect(found, Object.entries(value), `${prefix}${name}_`);
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function flatValue(value: unknown): FlatValue {
  const isPlain =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isPlain ? value : null;
}

import { badRequest } from './period.ts';

/** The figures that lists are sorted by. */
export interface SortCounters {
  readonly rate: number | null;
  readonly deliveries: number;
  readonly overdue: number;
  readonly missing: number;
  readonly documents: number;
}

export interface Sortable {
  readonly key: string;
  readonly sortName: string;
  /** Where the name stands in the order of all names, when that is known beforehand. */
  readonly nameRank?: number | undefined;
  readonly counters: SortCounters;
}

export type SortKey =
  'key' | 'name' | 'rate_electronic' | 'deliveries' | 'overdue' | 'missing_numbers' | 'documents';

const SORT_KEYS: readonly string[] = [
  'key',
  'name',
  'rate_electronic',
  'deliveries',
  'overdue',
  'missing_numbers',
  'documents',
] satisfies SortKey[];

const byName = new Intl.Collator('vi');

/** @throws BusError `BUS_RELAY_REQUEST_INVALID`. */
export function readSort(text: string): { key: SortKey; isDescending: boolean } {
  const isDescending = text.startsWith('-');
  const key = isDescending ? text.slice(1) : text;
  if (!isSortKey(key)) throw badRequest('sort', `it is one of ${SORT_KEYS.join(', ')}`);
  return { key, isDescending };
}

function isSortKey(text: string): text is SortKey {
  return SORT_KEYS.includes(text);
}

/** Rows without the figure stand last, in both directions; equals go by their key. */
export function compareRows(
  a: Sortable,
  b: Sortable,
  { key, isDescending }: { readonly key: SortKey; readonly isDescending: boolean },
): number {
  const sign = isDescending ? -1 : 1;
  if (key === 'key') return sign * compareText(a.key, b.key);
  if (key === 'name') {
    const order =
      a.nameRank === undefined || b.nameRank === undefined
        ? byName.compare(a.sortName, b.sortName)
        : a.nameRank - b.nameRank;
    return sign * order || compareText(a.key, b.key);
  }
  const [first, second] = [valueOf(a.counters, key), valueOf(b.counters, key)];
  if (first === null || second === null) {
    if (first !== second) return first === null ? 1 : -1;
    return compareText(a.key, b.key);
  }
  return sign * (first - second) || compareText(a.key, b.key);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function valueOf(counters: SortCounters, key: Exclude<SortKey, 'key' | 'name'>): number | null {
  if (key === 'rate_electronic') return counters.rate;
  if (key === 'missing_numbers') return counters.missing;
  return counters[key];
}

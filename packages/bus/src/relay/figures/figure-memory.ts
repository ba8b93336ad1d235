import type { FigureQueries, ListRow, MissingReports } from '../storage/figure-queries.ts';
import {
  ALL_CHANGED,
  DIRECTORY_CHANGED,
  GAPS_CHANGED,
  type UrgencyCode,
} from '../storage/figure-store.ts';
import { AgencyIndex } from './agency-index.ts';
import { GapNumbers } from './gap-numbers.ts';
import { Ordinals } from './ordinals.ts';

/** E, EP, P, deliveries, overdue, and how many rows they come from. */
export const LIST_WIDTH = 6;
/** Of days, months and years, of one type and urgency each: some 400 KB for 15,000 agencies. */
const MAX_KEPT_BYTES = 96 * 1024 * 1024;
/** However small they are: each change is held against each of them. */
const MAX_KEPT = 1_000;
/** After more than these it is quicker to read everything again. */
const MAX_CHANGES_FOLLOWED = 20_000;
const MAX_PATCHED_SHARE = 0.2;
const MAX_PATCHED_AGENCIES = 2_000;

interface Kept {
  readonly bucket: string;
  readonly width: number;
  /** By the number of an agency; it grows. */
  columns: Int32Array;
  /** Agencies to read again before the columns are used. */
  readonly changed: Set<string>;
  readonly readAll: () => Iterable<readonly [string, ...number[]]>;
  readonly readOne: (agency: string) => Iterable<readonly [string, ...number[]]>;
}

/**
 * The counters of agencies that lists need, and the directory, in memory from one question to the next.
 *
 * {@link follow} reads from the database which of them changed since, and only those are read again: so
 * what is kept is always what the snapshot of the question holds, and costs what changed, not what
 * there is. Everything is bounded; what was not used for longest goes.
 */
export class FigureMemory {
  readonly gaps: GapNumbers;
  readonly #queries: FigureQueries;
  readonly #ordinals = new Ordinals();
  readonly #kept = new Map<string, Kept>();
  readonly #changedCodes = new Set<string>();
  #upTo: number | undefined;
  #index: AgencyIndex | undefined;
  #missing: { readonly record: number; readonly reports: readonly MissingReports[] } | undefined;

  constructor(queries: FigureQueries) {
    this.#queries = queries;
    this.gaps = new GapNumbers(queries);
  }

  /** Takes notice of what changed; the first step within the snapshot of a question. */
  follow(): void {
    const { first, last } = this.#queries.changeRange();
    const upTo = this.#upTo ?? last;
    this.#upTo = last;
    if (last === upTo) return;
    if (last < upTo || first > upTo + 1 || last - upTo > MAX_CHANGES_FOLLOWED) {
      this.#forget();
      return;
    }
    for (const [bucket, agency] of this.#queries.changesAfter(upTo)) {
      if (bucket === ALL_CHANGED) this.#forget();
      else if (bucket === DIRECTORY_CHANGED) this.#changedCodes.add(agency);
      else if (bucket === GAPS_CHANGED) this.gaps.changed(agency);
      else {
        for (const kept of this.#kept.values()) {
          if (kept.bucket === bucket) kept.changed.add(agency);
        }
      }
    }
  }

  /** The agencies of the directory. */
  index(): AgencyIndex {
    const known = this.#index;
    if (known === undefined || this.#changedCodes.size > MAX_PATCHED_AGENCIES) {
      this.#index = AgencyIndex.read(this.#queries, this.#ordinals);
    } else if (this.#changedCodes.size > 0) {
      this.#index = known.readAgain(this.#changedCodes, this.#queries);
    }
    this.#changedCodes.clear();
    return (this.#index ??= AgencyIndex.read(this.#queries, this.#ordinals));
  }

  /** {@link LIST_WIDTH} counters for each agency in a year, month or day, by its number. */
  counters(bucket: string, documentType: string | null, urgency: UrgencyCode | null): Int32Array {
    const queries = this.#queries;
    return this.#columns({
      key: countersKey(bucket, documentType, urgency),
      bucket,
      width: LIST_WIDTH,
      readAll: () => queries.list(bucket, documentType, urgency, null).map(countRow),
      readOne: (agency) => queries.list(bucket, documentType, urgency, agency).map(countRow),
    });
  }

  /** Whether {@link counters} has them. */
  hasCounters(bucket: string, documentType: string | null, urgency: UrgencyCode | null): boolean {
    return this.#kept.has(countersKey(bucket, documentType, urgency));
  }

  /** In which days of a month or months of a year each agency was heard of, as bits. */
  heard(bucket: string): Int32Array {
    return this.#columns({
      key: `heard ${bucket}`,
      bucket,
      width: 1,
      readAll: () => this.#queries.heard(bucket),
      readOne: (agency) => this.#queries.heardOf(bucket, agency),
    });
  }

  /** Reports of chains that are missing, as they were after a report. */
  missingReports(record: number): readonly MissingReports[] {
    if (this.#missing?.record !== record) {
      this.#missing = { record, reports: this.#queries.missingReports() };
    }
    return this.#missing.reports;
  }

  #columns(wanted: Omit<Kept, 'columns' | 'changed'> & { readonly key: string }): Int32Array {
    const { key, ...rest } = wanted;
    let kept = this.#kept.get(key);
    this.#kept.delete(key);
    const isFar = kept !== undefined && kept.changed.size > MAX_PATCHED_SHARE * this.#ordinals.size;
    const isNew = kept === undefined || isFar;
    if (kept === undefined || isFar) {
      kept = { ...rest, columns: new Int32Array(0), changed: new Set() };
      this.#add(kept, kept.readAll());
    }
    this.#kept.set(key, kept);
    if (isNew || kept.changed.size > 0) this.#dropOldest();
    for (const agency of kept.changed) {
      const start = this.#ordinals.of(agency) * kept.width;
      kept.columns.fill(0, start, start + kept.width);
      this.#add(kept, kept.readOne(agency));
    }
    kept.changed.clear();
    return kept.columns;
  }

  /** All but the last, which is in use. */
  #dropOldest(): void {
    let bytes = 0;
    for (const { columns } of this.#kept.values()) bytes += columns.byteLength;
    for (const [key, { columns }] of this.#kept) {
      const isFull = bytes > MAX_KEPT_BYTES || this.#kept.size > MAX_KEPT;
      if (!isFull || this.#kept.size === 1) return;
      bytes -= columns.byteLength;
      this.#kept.delete(key);
    }
  }

  #add(kept: Kept, rows: Iterable<readonly [string, ...number[]]>): void {
    const { width } = kept;
    for (const row of rows) {
      const start = this.#ordinals.of(row[0]) * width;
      if (start + width > kept.columns.length) {
        const grown = new Int32Array(this.#ordinals.room * width);
        grown.set(kept.columns);
        kept.columns = grown;
      }
      for (let at = 0; at < width; at += 1) {
        const amount = row[at + 1];
        if (typeof amount === 'number') {
          kept.columns[start + at] = (kept.columns[start + at] ?? 0) + amount;
        }
      }
    }
  }

  #forget(): void {
    this.#kept.clear();
    this.gaps.forget();
    this.#changedCodes.clear();
    this.#index = undefined;
  }
}

function countersKey(
  bucket: string,
  documentType: string | null,
  urgency: UrgencyCode | null,
): string {
  return `${bucket} ${urgency ?? ''} ${documentType ?? ''}`;
}

function countRow(row: ListRow): readonly [string, ...number[]] {
  return [...row, 1];
}

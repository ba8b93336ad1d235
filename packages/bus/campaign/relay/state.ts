import { createHash } from 'node:crypto';

import { homePaths } from '../../src/relay/home.ts';
import { type Db, openDatabaseForReading } from '../../src/relay/storage/database.ts';

/** The rows of a table or view, without what the order of arrival decides: how many, and their digest. */
export type RelayState = Readonly<Record<string, string>>;

/**
 * What differs between two relays that know the same: order of arrival, which copy of a repeated record
 * came first, their own times and words.
 */
const IGNORED_COLUMNS = new Set([
  'after_report',
  'basis',
  'base',
  'contradiction',
  'directory_revision',
  'document',
  'found_ms',
  'id',
  'rejected_ms',
  'report',
  'revision',
  'signer',
  'stored_ms',
  'watermark_published_ms',
  'watermark_revision',
]);
const IGNORED_TABLES =
  /^(sqlite_|alert|arrival_hash|publication|validation_|figure_change|figure_directory_change|figure_rebuild|stored_report$)/;

/** Everything that a relay's database says, table by table. */
export function readState(home: string): RelayState {
  const db = openDatabaseForReading(homePaths(home).database);
  try {
    return Object.fromEntries(tablesOf(db).map((table) => [table, describeTable(db, table)]));
  } finally {
    db.close();
  }
}

/** The bytes of every report that a relay has, by agency and number. */
export function readRecords(home: string): ReadonlyMap<string, Uint8Array> {
  const db = openDatabaseForReading(homePaths(home).database);
  try {
    const rows = db
      .prepare<[], { agency: string; number: number; record: Uint8Array }>(
        'SELECT agency, number, record FROM report',
      )
      .all();
    return new Map(rows.map(({ agency, number, record }) => [`${agency} ${number}`, record]));
  } finally {
    db.close();
  }
}

function tablesOf(db: Db): string[] {
  const names = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name",
    )
    .pluck()
    .all();
  return names.filter((name) => !IGNORED_TABLES.test(name));
}

/** A sum that came back to nothing stays as a row where the numbers came out of order. */
const COUNTED_ROWS: Readonly<Record<string, string>> = {
  figure_gap_sum: 'WHERE began <> 0 OR ended <> 0',
};

function describeTable(db: Db, table: string): string {
  const columns = db
    .prepare<[string], string>('SELECT name FROM pragma_table_info(?)')
    .pluck()
    .all(table)
    .filter((name) => !IGNORED_COLUMNS.has(name));
  if (columns.length === 0) return 'nothing to compare';
  const rows = db
    .prepare<[], unknown[]>(
      `SELECT ${columns.map((name) => `"${name}"`).join(', ')} FROM "${table}" ${COUNTED_ROWS[table] ?? ''}`,
    )
    .raw()
    .all()
    .map((row) => JSON.stringify(row.map(readable)))
    .toSorted();
  const digest = createHash('sha256').update(rows.join('\n')).digest('hex').slice(0, 16);
  return `${rows.length} rows, ${digest}`;
}

function readable(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import Database from 'better-sqlite3';

import { BusError } from '../errors.ts';

export type Db = Database.Database;

/** The numbered files `0001_name.sql` … of one kind of database. */
export interface Schema {
  /** The folder of the files, with a slash at its end. */
  readonly migrations: URL;
  /** Adds the functions that its views call. */
  readonly addFunctions?: (db: Db) => void;
}

/** How long one process waits while another writes the same file. */
const BUSY_TIMEOUT_MS = 10_000;
/** What one rush of work touches stays in memory. */
const CACHE_KIB = 16 * 1024;
/** 16 MiB: the default of 4 MiB would flush the file for every 80 packages. */
const CHECKPOINT_PAGES = 4_096;

/**
 * Opens a SQLite file that agent or relay owns, and brings its schema up to date.
 *
 * WAL, so that others read and a clerk's command writes beside the owner; `synchronous=FULL`, so that
 * what was committed survives a power cut.
 *
 * @throws {@link BusError} `BUS_DATABASE_NEWER` when a later version has written the file.
 */
export function openMigrated(file: string, schema: Schema): Db {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    schema.addFunctions?.(db);
    migrate(db, file, schema);
    keepUndoInMemory(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * The pages that an open savepoint would put back stay in memory. They would be written to a file of the
 * system's temporary folder, page by page: more than the WAL gets, and outside the owner's folder.
 * Only once migrated: an index over a large table is sorted on the disk.
 */
function keepUndoInMemory(db: Db): void {
  db.pragma('temp_store = MEMORY');
}

/**
 * Opens such a file read-only, whether or not its owner runs.
 *
 * @returns `undefined` when there is no such file.
 * @throws {@link BusError} `BUS_DATABASE_NEWER`, or `BUS_DATABASE_OLDER` when its owner must run
 *   once first.
 */
export function openForReading(file: string, schema: Schema): Db | undefined {
  if (!existsSync(file)) return undefined;
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const version = schemaVersion(db);
    const known = numberOf(listMigrations(schema).at(-1));
    if (version > known) throw newer(file, version, known);
    schema.addFunctions?.(db);
    if (version === known) return db;
    throw new BusError(
      'BUS_DATABASE_OLDER',
      `${file} has schema ${version}, this version reads ${known}; run its owner once to bring it up to date`,
      { details: { file, version } },
    );
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * A full disk, a damaged file, a lock that nobody gave back: what fails now would fail for anything
 * else. A broken constraint is the fault of what was to be stored.
 */
export function isStorageFailure(error: unknown): boolean {
  return error instanceof Database.SqliteError && !error.code.startsWith('SQLITE_CONSTRAINT');
}

function migrate(db: Db, file: string, schema: Schema): void {
  const names = listMigrations(schema);
  const known = numberOf(names.at(-1));
  // Whoever only reads waits for no writer.
  if (schemaVersion(db) === known) return;
  const apply = db.transaction(() => {
    const version = schemaVersion(db);
    if (version > known) throw newer(file, version, known);
    for (const name of names.filter((one) => numberOf(one) > version)) {
      db.exec(readFileSync(new URL(name, schema.migrations), 'utf8'));
      db.pragma(`user_version = ${numberOf(name)}`);
    }
  });
  apply.immediate();
}

function listMigrations(schema: Schema): string[] {
  return readdirSync(fileURLToPath(schema.migrations))
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .toSorted();
}

/** The number at the front of a migration's name; numbers may be left out. */
function numberOf(name: string | undefined): number {
  return Number(name?.slice(0, 4) ?? 0);
}

function schemaVersion(db: Db): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function newer(file: string, version: number, known: number): BusError {
  return new BusError(
    'BUS_DATABASE_NEWER',
    `${file} has schema ${version}, this version knows ${known}`,
    { details: { file, version } },
  );
}

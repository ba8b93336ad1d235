import { type Db, type Schema, openMigrated } from '@congvan/bus/sqlite';
import Database from 'better-sqlite3';

export type { Db } from '@congvan/bus/sqlite';

const SCHEMA: Schema = { migrations: new URL('../../migrations/', import.meta.url) };

/** Opens an agency's SQLite file, also beside other processes. Errors as `openMigrated`. */
export function openDatabase(file: string): Db {
  return openMigrated(file, SCHEMA);
}

/** A full disk, a damaged file, a lock that nobody gave back: not the fault of what was to be stored. */
export function isStorageFailure(error: unknown): boolean {
  return error instanceof Database.SqliteError && !error.code.startsWith('SQLITE_CONSTRAINT');
}

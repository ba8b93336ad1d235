import { type Db, type Schema, openMigrated } from '@congvan/bus/sqlite';

export { type Db, isStorageFailure } from '@congvan/bus/sqlite';

const SCHEMA: Schema = { migrations: new URL('../../migrations/', import.meta.url) };

/** Opens an agency's SQLite file, also beside other processes. Errors as `openMigrated`. */
export function openDatabase(file: string): Db {
  return openMigrated(file, SCHEMA);
}

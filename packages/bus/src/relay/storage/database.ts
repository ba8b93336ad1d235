import { BusError } from '../../errors.ts';
import { type Db, type Schema, openForReading, openMigrated } from '../../sqlite/index.ts';

export { type Db, isStorageFailure } from '../../sqlite/index.ts';

const SCHEMA: Schema = { migrations: new URL('../../../migrations/relay/', import.meta.url) };

/** Opens the relay's SQLite file for its one writer. Errors as `openMigrated`. */
export function openDatabase(file: string): Db {
  return openMigrated(file, SCHEMA);
}

/**
 * Opens the relay's SQLite file for reading. Errors as `openForReading`.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID` when it is not there.
 */
export function openDatabaseForReading(file: string): Db {
  const db = openForReading(file, SCHEMA);
  if (db !== undefined) return db;
  throw new BusError('BUS_RELAY_HOME_INVALID', `there is no relay database ${file}`, {
    details: { file },
  });
}

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import Database from 'better-sqlite3';

import { BusError } from '../../errors.ts';

export type Db = Database.Database;

const MIGRATIONS = fileURLToPath(new URL('../../../migrations/relay/', import.meta.url));
/** How long a reader waits for a checkpoint of the running relay. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Opens the relay's SQLite file for its one writer and brings the schema up to date.
 *
 * WAL so that auditors read beside it; `synchronous=FULL` so that what was acknowledged to the
 * broker survives a power cut.
 *
 * @throws {@link BusError} `BUS_RELAY_DATABASE_NEWER` when a later version has written the file.
 */
export function openDatabase(file: string): Db {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    migrate(db, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Opens the relay's SQLite file for reading, whether or not a relay runs.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID` when it is not there or was never filled,
 *   `BUS_RELAY_DATABASE_NEWER`, or `BUS_RELAY_DATABASE_OLDER` when the relay must run once first.
 */
export function openDatabaseForReading(file: string): Db {
  if (!existsSync(file)) {
    throw new BusError('BUS_RELAY_HOME_INVALID', `there is no relay database ${file}`, {
      details: { file },
    });
  }
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const version = schemaVersion(db);
    const known = listMigrations().length;
    if (version > known) throw newerDatabase(file, version, known);
    if (version < known) {
      throw new BusError(
        'BUS_RELAY_DATABASE_OLDER',
        `${file} has schema ${version}, this version reads ${known}; run the relay once to bring it up to date`,
        { details: { file, version } },
      );
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: Db, file: string): void {
  const names = listMigrations();
  const apply = db.transaction(() => {
    const version = schemaVersion(db);
    if (version > names.length) throw newerDatabase(file, version, names.length);
    for (const name of names.slice(version)) {
      db.exec(readFileSync(`${MIGRATIONS}${name}`, 'utf8'));
      db.pragma(`user_version = ${Number(name.slice(0, 4))}`);
    }
  });
  apply.immediate();
}

function listMigrations(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .toSorted();
}

function schemaVersion(db: Db): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function newerDatabase(file: string, version: number, known: number): BusError {
  return new BusError(
    'BUS_RELAY_DATABASE_NEWER',
    `${file} has schema ${version}, this version knows ${known}`,
    { details: { file, version } },
  );
}

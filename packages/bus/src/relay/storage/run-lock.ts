import Database from 'better-sqlite3';

import { BusError } from '../../errors.ts';

/** Held by the one process that runs a relay's folder; the kernel frees it even after a kill -9. */
export interface RunLock {
  release(): void;
}

/**
 * Takes the lock of a relay's folder.
 *
 * SQLite's own file lock is used: it works on every system this runs on and needs no clean-up.
 *
 * @throws {@link BusError} `BUS_RELAY_ALREADY_RUNNING`.
 */
export function takeRunLock(file: string): RunLock {
  const db = tryLock(file);
  if (db === undefined) {
    throw new BusError('BUS_RELAY_ALREADY_RUNNING', `another process runs the relay of ${file}`, {
      details: { file },
    });
  }
  return { release: () => db.close() };
}

/** Whether some process holds the lock at this moment. */
export function isRunLockHeld(file: string): boolean {
  const db = tryLock(file);
  db?.close();
  return db === undefined;
}

function tryLock(file: string): Database.Database | undefined {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      return undefined;
    }
    throw error;
  }
}

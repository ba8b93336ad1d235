import Database from 'better-sqlite3';

/** An asker reads the file for an instant; whoever takes the lock waits that long for it. */
const READER_PATIENCE_MS = 500;

/** Held by the one process that runs a folder; the kernel frees it even after a kill -9. */
export interface RunLock {
  release(): void;
}

/**
 * Takes the lock of a folder that one process at a time may run.
 *
 * SQLite's own file lock is used: it works on every system this runs on and needs no clean-up.
 *
 * @returns `undefined` when another process holds it.
 */
export function takeRunLock(file: string): RunLock | undefined {
  const db = new Database(file, { timeout: READER_PATIENCE_MS });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** Whether some process holds the lock at this moment; askers do not disturb each other. */
export function isRunLockHeld(file: string): boolean {
  const db = new Database(file, { timeout: 0 });
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    db.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

import Database from 'better-sqlite3';

import { AgentError } from '../errors.ts';

/** An asker reads the file for an instant; whoever takes the lock waits that long for it. */
const READER_PATIENCE_MS = 500;

/** Held by the one process that runs an agency's agent; the kernel frees it even after a kill -9. */
export interface RunLock {
  release(): void;
}

/**
 * Takes the lock of an agency's folder.
 *
 * SQLite's own file lock is used, since it works on every system this runs on and needs no clean-up.
 *
 * @throws {@link AgentError} `AGENT_ALREADY_RUNNING`.
 */
export function takeRunLock(file: string): RunLock {
  const db = new Database(file, { timeout: READER_PATIENCE_MS });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    throw new AgentError('AGENT_ALREADY_RUNNING', `another process holds ${file}`, {
      details: { file },
    });
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

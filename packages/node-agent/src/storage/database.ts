import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import Database from 'better-sqlite3';

import { AgentError } from '../errors.ts';

export type Db = Database.Database;

const MIGRATIONS = fileURLToPath(new URL('../../migrations/', import.meta.url));
/** How long one process waits while another (a clerk's command, the agent) writes. */
const BUSY_TIMEOUT_MS = 10_000;

/** Packages of one rush stay in memory until they are published and receipted. */
const CACHE_KIB = 16 * 1024;
/** 16 MiB: the default of 4 MiB would flush the file for every 80 packages. */
const CHECKPOINT_PAGES = 4_096;

/**
 * Opens an agency's SQLite file and brings its schema up to date.
 *
 * WAL so that a clerk's command and the running agent work side by side; `synchronous=FULL` so that
 * what was committed survives a power cut (DESIGN rules 1 and 2).
 *
 * @throws {@link AgentError} `AGENT_DATABASE_NEWER` when a later version has written the file.
 */
export function openDatabase(file: string): Db {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    migrate(db, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: Db, file: string): void {
  const names = readdirSync(MIGRATIONS)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .toSorted();
  const apply = db.transaction(() => {
    const version = Number(db.pragma('user_version', { simple: true }));
    if (version > names.length) {
      throw new AgentError(
        'AGENT_DATABASE_NEWER',
        `${file} has schema ${version}, this version knows ${names.length}`,
        { details: { file, version } },
      );
    }
    for (const name of names.slice(version)) {
      db.exec(readFileSync(`${MIGRATIONS}${name}`, 'utf8'));
      db.pragma(`user_version = ${Number(name.slice(0, 4))}`);
    }
  });
  apply.immediate();
}

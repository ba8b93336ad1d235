import { statSync } from 'node:fs';

import { type Db, type Schema, openMigrated } from '@congvan/bus/sqlite';

import { AgentError } from '../errors.ts';

export type { Db } from '@congvan/bus/sqlite';

const SCHEMA: Schema = { migrations: new URL('../../migrations/', import.meta.url) };

/** Makes the SQLite file of a new agency. Errors as `openMigrated`. */
export function createDatabase(file: string): Db {
  return openMigrated(file, SCHEMA);
}

/**
 * Opens an agency's SQLite file, also beside other processes. Errors as `openMigrated`.
 *
 * @throws {@link AgentError} `AGENT_HOME_INVALID` when it is missing or empty: made anew, the register
 *   would give out numbers that are used already.
 */
export function openDatabase(file: string): Db {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0) return openMigrated(file, SCHEMA);
  throw new AgentError(
    'AGENT_HOME_INVALID',
    `the register ${file} is missing or empty; restore it from a backup`,
    { details: { file } },
  );
}

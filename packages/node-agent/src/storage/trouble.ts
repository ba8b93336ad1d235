import { statfsSync } from 'node:fs';

import { isStorageFailure } from '@congvan/bus/sqlite';

import { AgentError } from '../errors.ts';
import { AGENT_LIMITS } from '../limits.ts';

/** Why the database, or a file beside it, cannot be written or read at this moment. */
export type StorageTrouble = 'full' | 'locked' | 'failing';

const FULL = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT', 'EFBIG', 'AGENT_DISK_FULL']);

/**
 * @returns `undefined` for what is the fault of the thing stored, or no matter of storage at all.
 */
export function storageTroubleOf(error: unknown): StorageTrouble | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const code = 'code' in current && typeof current.code === 'string' ? current.code : '';
    if (FULL.has(code)) return 'full';
    // What SQLite says when the log beside the database cannot grow.
    if (/^SQLITE_IOERR_(WRITE|SHMSIZE|SHMMAP|TRUNCATE)$/.test(code)) return 'full';
    if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'locked';
    if (code === 'AGENT_DATABASE_LOCKED') return 'locked';
    if (isStorageFailure(current)) return 'failing';
  }
  return undefined;
}

/** What a caller of the library sees; other errors as they are. */
export function toAgentError(error: unknown): unknown {
  if (error instanceof AgentError) return error;
  const trouble = storageTroubleOf(error);
  if (trouble === 'full') {
    return new AgentError('AGENT_DISK_FULL', 'no room on the disk: nothing was stored', {
      cause: error,
    });
  }
  if (trouble === 'locked') {
    const message = `another process holds the database for more than ${AGENT_LIMITS.lockPatienceMs / 1_000} s`;
    return new AgentError('AGENT_DATABASE_LOCKED', message, { cause: error });
  }
  return error;
}

/** Free bytes for an ordinary user; `undefined` where the system does not say. */
export function freeBytesOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/**
 * Before a number is taken: room for the document several times over (package, sealed copy, the
 * database's log), or nothing begins.
 *
 * @throws {@link AgentError} `AGENT_DISK_FULL`.
 */
export function requireRoom(folder: string, documentBytes: number): void {
  const free = freeBytesOf(folder);
  const needed = AGENT_LIMITS.minFreeBytes + 4 * documentBytes;
  if (free === undefined || free >= needed) return;
  throw new AgentError(
    'AGENT_DISK_FULL',
    `${free} bytes are free in ${folder}, this needs ${needed}; no number was taken`,
    { details: { folder, free, needed } },
  );
}

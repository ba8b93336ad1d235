import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { BusError } from '../errors.ts';
import { createFile } from '../disk/atomic-file.ts';
import { GREETING_TIMEOUT_MS, readGreeting } from './loopback.ts';
import { isAlive, mentionsInCommand } from './process.ts';
import { type ServerState, readState } from './settings.ts';

export const CONFIG_FILE = 'nats-server.conf';
/** A server with many documents reads them all before it answers. */
const ANSWER_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/**
 * The server that works on a folder. A state file alone proves nothing, since a kill leaves it
 * behind and the process number may be another program's by now: the process must run with this
 * folder's configuration, and greet with this folder's name.
 *
 * @throws {@link BusError} `BUS_SERVER_RUNNING` when it is there and does not answer.
 */
export async function findRunning(
  folder: string,
): Promise<(ServerState & { version: string }) | undefined> {
  const state = await readState(folder);
  if (state === undefined || !isAlive(state.pid)) return undefined;
  if (!(await mentionsInCommand(state.pid, join(folder, CONFIG_FILE)))) return undefined;
  const deadline = performance.now() + ANSWER_TIMEOUT_MS;
  while (isAlive(state.pid) && performance.now() < deadline) {
    const greeting = await readGreeting(state.port, GREETING_TIMEOUT_MS);
    if (greeting?.serverName === state.serverName) return { ...state, version: greeting.version };
    await delay(POLL_MS);
  }
  if (!isAlive(state.pid)) return undefined;
  throw runningError(folder, state.pid, 'running but does not answer');
}

/**
 * Starting takes a moment: two starts on one folder go one after the other.
 *
 * @returns the function that gives the lock back.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lock = join(folder, 'start.lock');
  const deadline = performance.now() + ANSWER_TIMEOUT_MS;
  while (!(await createFile(lock, `${process.pid}\n`))) {
    const holder = await readLockHolder(lock);
    if (holder !== undefined && !isAlive(holder)) await rm(lock, { force: true });
    else if (performance.now() > deadline)
      throw runningError(folder, holder ?? 0, 'still starting');
    else await delay(POLL_MS);
  }
  return async () => await rm(lock, { force: true });
}

export function runningError(folder: string, pid: number, state = 'already running'): BusError {
  return new BusError(
    'BUS_SERVER_RUNNING',
    `a nats-server of folder "${folder}" is ${state} (process ${pid})`,
    { details: { folder, pid } },
  );
}

async function readLockHolder(lock: string): Promise<number | undefined> {
  const text = await readFile(lock, 'utf8').catch(() => '');
  const pid = Number(text.trim());
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

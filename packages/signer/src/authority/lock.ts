import { randomBytes } from 'node:crypto';
import { link, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { SignerError } from '../errors.ts';
import { hasCode } from '../disk/durable.ts';

/** How long a command waits for another one. */
const WAIT_MS = 15_000;
const POLL_MS = 20;
const LOCK_FILE = /^lock\.(\d{1,15})$/;

/**
 * Runs `work` while no other command works in the folder, in this process or another.
 *
 * Locks are numbered files; the one with the highest number counts. A lock is taken by making the
 * next number (`link` fails when it exists), once the one before is released or its process is gone.
 * The highest number is never removed, so no two can hold the folder, whenever a process dies.
 *
 * @throws {@link SignerError} `SIGNER_AUTHORITY_LOCKED` after 15 s.
 */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const held = await acquire(folder);
  try {
    return await work();
  } finally {
    const temporary = temporaryName(folder);
    await writeFile(temporary, '', { mode: 0o600 });
    await rename(temporary, held);
  }
}

function temporaryName(folder: string): string {
  return path.join(folder, `lock-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

async function acquire(folder: string): Promise<string> {
  const temporary = temporaryName(folder);
  await writeFile(temporary, `${process.pid} ${hostname()}`, { mode: 0o600 });
  try {
    for (const start = performance.now(); ; await sleep(POLL_MS)) {
      const highest = (await lockNumbers(folder)).at(-1) ?? 0;
      const holder = await holderOf(folder, highest);
      if (holder === undefined) {
        const held = await take(folder, temporary, highest + 1);
        if (held !== undefined) return held;
      } else if (performance.now() - start > WAIT_MS) {
        const message = `another command works in '${folder}': process ${holder}, lock.${highest}`;
        throw new SignerError('SIGNER_AUTHORITY_LOCKED', message, { details: { folder } });
      }
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes the lock with the number, unless somebody was quicker. */
async function take(
  folder: string,
  temporary: string,
  number: number,
): Promise<string | undefined> {
  const file = path.join(folder, `lock.${number}`);
  try {
    await link(temporary, file);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return undefined;
    throw error;
  }
  const numbers = await lockNumbers(folder);
  const isHighest = numbers.at(-1) === number;
  const outdated = isHighest ? numbers.filter((other) => other < number) : [number];
  for (const other of outdated) await rm(path.join(folder, `lock.${other}`), { force: true });
  return isHighest ? file : undefined;
}

async function lockNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => LOCK_FILE.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Who holds the lock with the number; `undefined` when it is free or its process is gone. */
async function holderOf(folder: string, number: number): Promise<string | undefined> {
  if (number === 0) return undefined;
  let content: string;
  try {
    content = await readFile(path.join(folder, `lock.${number}`), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'unknown'; // replaced just now: look again
    throw error;
  }
  const [pid = '', host = ''] = content.split(' ');
  if (content === '') return undefined;
  return host === hostname() && !isAlive(Number(pid)) ? undefined : `${pid} on ${host}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}

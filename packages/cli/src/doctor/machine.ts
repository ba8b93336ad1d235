import { access, constants, mkdtemp, rm, statfs, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Cli } from '../context.ts';
import type { HomeLayout } from '../home/layout.ts';
import { type Check, fail, ok, skip, warn } from './check.ts';

const LEAST_NODE: readonly [number, number] = [22, 12];
const LEAST_FREE_BYTES = 256 * 1024 * 1024;
const GOOD_FREE_BYTES = 2 * 1024 * 1024 * 1024;
/** Nobody built this program before: an earlier clock is wrong. */
const EARLIEST_TIME = Date.UTC(2026, 0, 1);
const LATEST_TIME = Date.UTC(2076, 0, 1);
const CLOCK_TOLERANCE_MS = 60_000;

export function checkNode(cli: Cli, version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/u, '').split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  const { doctor } = cli.messages;
  return enough
    ? ok('node', version)
    : fail('node', version, doctor.installNode(`${leastMajor}.${leastMinor}`));
}

/** A machine that only runs an agency's agent needs no server of its own. */
export async function checkNatsServer(cli: Cli, needed: boolean): Promise<Check> {
  const { doctor, failures } = cli.messages;
  const { BusError, findNatsServer } = await import('@congvan/bus');
  try {
    const found = await findNatsServer();
    const { judgeVersion } = await import('@congvan/bus/plan');
    const { state, values } = judgeVersion('bus', 'local', found.version);
    const detail = `${found.version} (${found.path})`;
    if (state === 'ok') return ok('nats-server', detail);
    // Enough for one machine and for tests: a warning there would never go away.
    return ok('nats-server', `${detail}; ${doctor.enoughForOne(String(values['wanted']))}`);
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    if (!needed) return skip('nats-server', doctor.notNeeded);
    return fail('nats-server', error.message.split('\n')[0] ?? '', failures.natsServer.hint);
  }
}

export async function checkHome(cli: Cli, layout: HomeLayout): Promise<Check> {
  const { doctor } = cli.messages;
  const existing = await nearestExisting(layout.root);
  try {
    await access(existing, constants.W_OK);
    if (existing !== layout.root) return ok('home', doctor.homeWillBeMade(layout.root));
    const probe = await mkdtemp(join(layout.root, '.doctor-'));
    await rm(probe, { recursive: true });
    return ok('home', layout.root);
  } catch {
    return fail('home', doctor.homeNotWritable(existing), doctor.chooseHome);
  }
}

export async function checkDisk(cli: Cli, layout: HomeLayout): Promise<Check> {
  const { doctor } = cli.messages;
  const disk = await statfs(await nearestExisting(layout.root));
  const free = disk.bavail * disk.bsize;
  const detail = doctor.freeBytes((free / 1024 ** 3).toFixed(1));
  if (free < LEAST_FREE_BYTES) return fail('disk', detail, doctor.makeRoom);
  return free < GOOD_FREE_BYTES ? warn('disk', detail, doctor.makeRoom) : ok('disk', detail);
}

/**
 * Without a time server the clock is compared with what this machine itself wrote: a file of the
 * home that is newer than now means that the clock was set back.
 */
export async function checkClock(cli: Cli, layout: HomeLayout): Promise<Check> {
  const { doctor } = cli.messages;
  const now = cli.now();
  const detail = now.toISOString();
  if (now.getTime() < EARLIEST_TIME || now.getTime() > LATEST_TIME) {
    return fail('clock', detail, doctor.setClock);
  }
  const newest = await newestFileTime([layout.agents, layout.relay, layout.bus, layout.site]);
  if (newest !== undefined && newest > now.getTime() + CLOCK_TOLERANCE_MS) {
    return warn('clock', doctor.clockBehind(new Date(newest).toISOString()), doctor.setClock);
  }
  return ok('clock', detail);
}

async function newestFileTime(folders: readonly string[]): Promise<number | undefined> {
  const times = await Promise.all(
    folders.map(
      async (folder) =>
        await stat(folder).then(
          (info) => info.mtimeMs,
          () => undefined,
        ),
    ),
  );
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

async function nearestExisting(path: string): Promise<string> {
  for (let current = path; ; current = dirname(current)) {
    const exists = await stat(current).then(
      () => true,
      () => false,
    );
    if (exists || dirname(current) === current) return current;
  }
}

/**
 * An agent at rest: what `congvan agent run` keeps in memory and how much it computes when nothing
 * comes and nothing goes. It is measured as installed, as JavaScript.
 *
 * `npm run bench -- rest [--seconds N] [--json]`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { PASSPHRASE } from '../rig/offices.ts';
import { cpuMsOf } from './chain/measure.ts';
import { foundTown } from './chain/town.ts';
import { buildInstalled } from './rest/built.ts';
import { printResults, readCount } from '../../../bench/report.ts';

const argv = process.argv.slice(2);
const seconds = readCount(argv, 'seconds', 60);
const MAX_RSS_MIB = 110;
/** Connected, directory read, and what starting left behind collected. */
const SETTLE_MS = 30_000;

await using town = await foundTown();
// `CONGVAN_MAIN` names another one.
const main = process.env['CONGVAN_MAIN'] ?? buildInstalled(join(town.folder, 'installed'));
const home = join(town.folder, 'home');
await mkdir(join(home, 'agents'), { recursive: true });
await symlink(town.homeOf('sender'), join(home, 'agents', 'H09-12-034'));
const passphrase = join(town.folder, 'passphrase');
await writeFile(passphrase, PASSPHRASE, { mode: 0o600 });
const agent = spawn(
  process.execPath,
  [main, 'agent', 'run', '--home', home, '--passphrase-file', passphrase],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
try {
  await sleep(SETTLE_MS);
  const before = cpuMsOf(agent.pid ?? 0);
  await sleep(seconds * 1_000);
  const cpuMs = cpuMsOf(agent.pid ?? 0) - before;
  const rss = await mebibytesOf(agent.pid ?? 0, 'VmRSS');
  const peak = await mebibytesOf(agent.pid ?? 0, 'VmHWM');
  printResults(
    'rest',
    [
      {
        name: 'memory of an agent at rest',
        value: rss,
        unit: 'MiB',
        against: `at most ${MAX_RSS_MIB}`,
        ratio: rss / MAX_RSS_MIB,
      },
      { name: 'largest memory since its start', value: peak, unit: 'MiB' },
      { name: 'CPU of an agent at rest', value: (cpuMs / seconds) * 60, unit: 'ms/min' },
    ],
    argv,
  );
} finally {
  agent.kill('SIGTERM');
  await once(agent, 'exit');
}

/** A field of `/proc/PID/status`, in MiB. */
async function mebibytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1024;
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { publishReports, startRelayCountry } from '../../rig/relay-country.ts';
import { openRelayReader } from '../../src/relay/index.ts';
import type { BenchResult } from '../../../../bench/report.ts';

const PROCESS = fileURLToPath(new URL('../../rig/relay-process.ts', import.meta.url));
const AIM_PER_SECOND = 1_000;
const AGENCIES = 120;
const BYTES_PER_RECORD = 2_048;
const MEBIBYTE = 2 ** 20;
const usage = z.object({ cpuMs: z.number(), rssBytes: z.number() });

/**
 * The whole way of signed records: a broker that holds them all, and a relay in a process of its own
 * that has never seen them. The clock runs from its start to the last commit.
 */
export async function measureIngest(options: {
  readonly records: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<BenchResult[]> {
  const { records, seed, tell, signal } = options;
  tell(`enrolling ${AGENCIES} agencies`);
  const reportBytes = Math.max(64 * MEBIBYTE, records * BYTES_PER_RECORD);
  await using country = await startRelayCountry({ agencies: AGENCIES, seed, reportBytes, signal });
  const { home, key, certificate } = await country.addRelay('W01');
  tell(`signing ${records} records`);
  const signing = performance.now();
  const signed = await country.sign(country.traffic(records), records);
  const signedPerSecond = (signed.length * 1_000) / (performance.now() - signing);
  tell('publishing them');
  await publishReports(signed, { atOnce: 512, signal });
  tell('starting the relay');
  const startedMs = performance.now();
  const child = fork(PROCESS, [home, key, certificate], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  try {
    await Promise.race([once(child, 'message'), ended]);
    using reader = openRelayReader(home);
    const taken = () => reader.listChains().reduce((sum, { upTo }) => sum + upTo, 0);
    for (let known = 0; known < signed.length; known = taken()) {
      signal.throwIfAborted();
      if (child.exitCode !== null) throw new Error(`the relay ended with ${child.exitCode}`);
      await sleep(250);
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    child.send('usage');
    const { cpuMs, rssBytes } = usage.parse((await once(child, 'message')).at(0));
    const { rejected, contradictions } = reader.counts();
    if (rejected + contradictions > 0) {
      throw new Error(`${rejected} records rejected, ${contradictions} contradictions`);
    }
    const perSecond = signed.length / seconds;
    return [
      { name: 'records signed beforehand', value: signedPerSecond, unit: 'records/s' },
      {
        name: 'relay ingest records',
        value: perSecond,
        unit: 'records/s',
        against: `aim ${AIM_PER_SECOND}`,
        ratio: perSecond / AIM_PER_SECOND,
      },
      { name: 'processor time a record', value: (cpuMs * 1_000) / signed.length, unit: 'µs' },
      { name: 'relay memory', value: rssBytes / MEBIBYTE, unit: 'MiB' },
    ];
  } finally {
    child.send('close', () => undefined);
    if (child.exitCode === null) await Promise.race([ended, sleep(10_000)]);
    child.kill('SIGKILL');
  }
}

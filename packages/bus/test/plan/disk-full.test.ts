import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectAgency } from '../../src/broker/agency-connection.ts';
import { BusError, messageSubject, parseAgencyCode } from '../../src/index.ts';
import { judgeDisk } from '../../src/plan/health.ts';
import { inspectPlan } from '../../src/plan/inspect.ts';
import { type TestPlan, startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';

const run = promisify(execFile);
const MEBIBYTE = 1024 * 1024;
const DISK_BYTES = 80 * MEBIBYTE;
const STORE_BYTES = 40 * MEBIBYTE;
const TIMEOUT_MS = 60_000;

const A = { code: parseAgencyCode('H09.01'), site: 'H09' };
const B = { code: parseAgencyCode('H09.02'), site: 'H09' };
const SUBJECT = messageSubject({
  tier: 'province',
  lane: 'normal',
  kind: 'doc',
  scope: 'local',
  toSite: 'H09',
  to: B.code,
  fromSite: 'H09',
  from: A.code,
});

/** A disk of its own needs root; elsewhere only the limits of the streams are tested. */
async function mountDisk(folder: string): Promise<boolean> {
  try {
    const size = `size=${DISK_BYTES}`;
    await run('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder]);
    return true;
  } catch {
    return false;
  }
}

describe('a broker without room', () => {
  let disk: string;
  let mounted: boolean;
  let bus: TestPlan;

  beforeAll(async () => {
    disk = await mkdtemp(join(tmpdir(), 'congvan-disk-'));
    mounted = await mountDisk(disk);
    bus = await startPlan({
      plan: 'flat',
      sites: ['H09'],
      centralServers: 1,
      storeBytes: STORE_BYTES,
      parent: disk,
    });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await bus.stop();
    if (mounted) await run('umount', ['-l', disk]);
    await rm(disk, { recursive: true, force: true });
  });

  const inspect = async (): Promise<string[]> => {
    const found = await inspectPlan({
      plan: bus.plan,
      operators: new Map([['bus', bus.operator('bus')]]),
      now: () => new Date(),
      thorough: true,
      timeoutMs: 1_500,
    });
    return found.flatMap(({ findings }) =>
      findings.filter(({ state }) => state === 'fail').map(({ code }) => code),
    );
  };
  const connect = async () => {
    const { credentials } = await bus.addAgency(A);
    await bus.addAgency(B);
    return await connectAgency({ servers: bus.url('H09'), credentials, ...A, name: 'test' });
  };

  it('refuses what does not fit, keeps the rest working, and goes on when there is room', async () => {
    await using sender = await connect();
    const body = new Uint8Array(100_000);
    let stored = 0;
    let refusal: unknown;
    while (refusal === undefined && stored < 1_000) {
      try {
        await sender.publish(SUBJECT, body, { messageId: `full-${stored}` });
        stored += 1;
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toBeInstanceOf(BusError);
    expect(refusal).toMatchObject({ code: 'BUS_PUBLISH_REFUSED' });
    // The limits lie below the disk, so the server itself is well: it writes and reads.
    expect(await inspect()).toEqual(['stream-full']);

    const admin = await bus.admin('bus');
    const state = await admin.streamState('IN_H09');
    expect(state?.messageCount).toBe(stored);
    await admin.purgeStream('IN_H09');
    await sender.publish(SUBJECT, body, { messageId: 'again' });
    expect(await inspect()).toEqual([]);
  });

  it('is named when something else has filled its disk, and has lost nothing afterwards', async (context) => {
    if (!mounted) return context.skip('no right to mount a disk of its own');
    await using sender = await connect();
    const body = new Uint8Array(50_000);
    for (let index = 0; index < 20; index += 1) {
      await sender.publish(SUBJECT, body, { messageId: `kept-${index}` });
    }
    const admin = await bus.admin('bus');
    const before = (await admin.streamState('IN_H09'))?.messageCount ?? 0;
    const { bavail, bsize, blocks } = await statfs(disk);
    const stranger = join(disk, 'stranger');
    await writeFile(stranger, new Uint8Array(bavail * bsize)).catch(() => undefined);
    const finding = judgeDisk('bus', 'n', {
      totalBytes: blocks * bsize,
      freeBytes: 0,
      storeBytes: STORE_BYTES,
      usedByStoreBytes: MEBIBYTE,
    });
    expect(finding.state).toBe('fail');
    await sender
      .publish(SUBJECT, body, { messageId: 'no-room', timeoutMs: 1_000 })
      .catch(() => undefined);
    expect(await inspect()).toContain('probe-failed');

    await rm(stranger);
    // 2.9 stands still for good after that, and does not even end when asked.
    await bus.central[0]?.kill();
    await bus.central[0]?.restart();
    const back = () => sender.status() === 'connected' && admin.status() === 'connected';
    await waitUntil(back, TIMEOUT_MS);
    await sender.publish(SUBJECT, body, { messageId: 'room-again' });
    const after = (await admin.streamState('IN_H09'))?.messageCount ?? 0;
    expect(after).toBeGreaterThanOrEqual(before + 1);
    expect(await inspect()).toEqual([]);
  });
});

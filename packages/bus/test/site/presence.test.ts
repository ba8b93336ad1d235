import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { encodePresence, parsePresenceAnswer } from '../../src/presence/presence.ts';
import { openRegistry, readSitePresence } from '../../src/site/index.ts';
import { createPresenceDesk } from '../../src/site/presence-desk.ts';
import { keepPresenceFile } from '../../src/site/presence-file.ts';
import { aliveSubject } from '../../src/subject/subject.ts';
import { waitUntil } from '../../src/testing/index.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.parse('2026-07-15T03:00:00.000Z');
const here = parseAgencyCode('H09.1');
const away = parseAgencyCode('H09.2');

/** A registry of two agencies, and a clock that the test sets. */
describe('what a site service knows of its agencies', () => {
  let folder: string;
  let nowMs = START_MS;
  const failures: unknown[] = [];
  const now = () => new Date(nowMs);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-presence-'));
    nowMs = START_MS;
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function openDesk() {
    const registry = await openRegistry({
      folder: join(folder, 'directory'),
      registrar: parseAgencyCode('A00'),
      sign: async () => new TextEncoder().encode('signature'),
    });
    for (const code of [here, away]) {
      if (registry.newest(code) !== undefined) continue;
      await registry.append({
        code,
        name: `Agency ${code}`,
        tier: 'district',
        parent: null,
        site: 'H09',
        certificates: [],
        role: 'agency',
        validFrom: '2026-01-01T00:00:00.000Z',
        validTo: null,
        oldCodes: [],
        predecessors: [],
        successors: [],
        natsUserKey: null,
      });
    }
    await registry.refresh();
    const presence = createPresenceDesk(registry, now);
    const stop = keepPresenceFile({
      folder,
      presence,
      sites: async () => ['H09'],
      now,
      onError: (error) => failures.push(error),
      everyMs: 10,
    });
    const tell = (conditions: string[] = []) =>
      presence.answer(
        aliveSubject({ tier: 'district', site: 'H09', code: here }),
        encodePresence({
          atMs: nowMs,
          outbox: { urgent: 0, normal: 0 },
          inbox: 0,
          reports: 1,
          conditions,
        }),
      );
    return { tell, stop };
  }
  const written = async (isRight: (silent: unknown) => boolean) => {
    await waitUntil(async () => {
      const state = await readSitePresence(folder);
      return state?.writtenMs === nowMs && isRight(state.silent);
    });
    return await readSitePresence(folder);
  };
  const count = (wanted: number) => (silent: unknown) =>
    Array.isArray(silent) && silent.length === wanted;

  it('answers with its time and names those that are silent, since when, over a restart too', async () => {
    const first = await openDesk();
    expect(parsePresenceAnswer(first.tell() ?? new Uint8Array())).toEqual({ atMs: START_MS });
    nowMs += 4 * MINUTE_MS;
    first.tell(['DISK_FULL']);
    expect(await written(count(1))).toMatchObject({
      present: 1,
      silent: [{ code: away, sinceMs: null }],
      conditions: { DISK_FULL: 1 },
    });
    const heardMs = nowMs;
    nowMs += 5 * MINUTE_MS;
    expect((await written(count(2)))?.silent).toContainEqual({ code: here, sinceMs: heardMs });
    await first.stop();

    const second = await openDesk();
    nowMs += 4 * MINUTE_MS;
    expect((await written(count(2)))?.silent).toContainEqual({ code: here, sinceMs: heardMs });
    second.tell();
    expect((await written(count(1)))?.silent).toEqual([{ code: away, sinceMs: null }]);
    await second.stop();
    expect(failures).toEqual([]);
  });

  it('says nothing out of a file that is none', async () => {
    expect(await readSitePresence(folder)).toBeUndefined();
    await writeFile(join(folder, 'presence.json'), '{"present":');
    expect(await readSitePresence(folder)).toBeUndefined();
  });
});

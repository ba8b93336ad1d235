import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { DIRECTORY_ENTRY_FILTER } from '../../src/stream/federated.ts';
import { reportSubject } from '../../src/subject/subject.ts';
import { type TestPlan, startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import { type Correspondent, addCorrespondent, texts } from './traffic.ts';

/** Servers of 2.15 come back to a source up to 45 s after they were started again. */
const ARRIVAL_MS = 90_000;
const SITES = ['H09', 'H44', 'H30', 'H31'] as const;

/**
 * What nats-server does by itself when a stream fills from another and the line breaks early: 2.9
 * and 2.10 leave out the first message, and all releases begin at the time of the last message of
 * another source when this one has none stored yet.
 */
describe('what waits at a site that never sent anything', { timeout: 2 * ARRIVAL_MS }, () => {
  let bus: TestPlan;
  const agencies = new Map<string, Correspondent>();
  const agencyOf = (site: (typeof SITES)[number]): Correspondent => {
    const found = agencies.get(site);
    if (found === undefined) throw new Error(`no agency of ${site}`);
    return found;
  };
  /** What of it is not there exactly once when everything should have arrived. */
  const missing = async (to: Correspondent, wanted: readonly string[]): Promise<string[]> => {
    await waitUntil(() => wanted.every((text) => to.arrived.has(text)), ARRIVAL_MS).catch(
      () => undefined,
    );
    return wanted.filter((text) => to.arrived.get(text) !== 1);
  };

  const countAtCentre = async (stream: string, wanted: number): Promise<number> => {
    const admin = await bus.admin('central');
    const count = async () => (await admin.streamState(stream))?.messageCount ?? 0;
    await waitUntil(async () => (await count()) === wanted, ARRIVAL_MS).catch(() => undefined);
    return await count();
  };

  const countEntries = async (place: string, stream: string): Promise<number> =>
    (await (await bus.admin(place)).listHeads(stream, DIRECTORY_ENTRY_FILTER)).length;
  /** Directory entries in the streams of their sites, at the centre, and behind it at one site. */
  const directoryCounts = async (site: string) => {
    let signed = 0;
    for (const one of SITES) signed += await countEntries(one, `DIR_${one}`);
    const atCentre = await countEntries('central', 'DIRX');
    return { signed, atCentre, arrived: await countEntries(site, `DIRIN_${site}`) };
  };

  beforeAll(async () => {
    bus = await startPlan({ plan: 'federated', sites: SITES, centralServers: 1 });
    for (const site of SITES) agencies.set(site, await addCorrespondent(bus, `${site}.01`, site));
  }, ARRIVAL_MS);
  afterAll(async () => {
    for (const one of agencies.values()) await one[Symbol.asyncDispose]();
    await bus?.stop();
  });

  it('crosses whole, the first document, report, chunk and directory entry too, although the line broke before it', async () => {
    const [from, to] = [agencyOf('H09'), agencyOf('H44')];
    bus.cutLink('H09');
    await from.send(to, texts('first', 3));
    const report = reportSubject({
      tier: 'province',
      site: 'H09',
      from: parseAgencyCode('H09.01'),
    });
    for (const one of texts('report', 2)) {
      await from.connection.publish(report, new TextEncoder().encode(one), { messageId: one });
    }
    const entriesBefore = await countEntries('H09', 'DIR_H09');
    await bus.addAgency({ code: 'H09.02', site: 'H09' });
    await waitUntil(async () => (await countEntries('H09', 'DIR_H09')) > entriesBefore, ARRIVAL_MS);
    const data = new Uint8Array(32 * 1024);
    const sha256 = 'a'.repeat(64);
    for (const index of [0, 1]) {
      await from.connection.putChunk({ scope: 'cross', sha256, index, data });
    }
    // The centre asks for the source afresh when it heard nothing for three seconds.
    await delay(4_500);
    bus.healLink('H09');
    expect(await missing(to, texts('first', 3))).toEqual([]);
    expect(await countAtCentre('REPORTS', 2)).toBe(2);
    expect(await countAtCentre('BLOBX', 2)).toBe(2);
    const hasAll = async (): Promise<boolean> => {
      const { signed, atCentre, arrived } = await directoryCounts('H44');
      return atCentre === signed && arrived === signed;
    };
    await waitUntil(hasAll, ARRIVAL_MS).catch(() => undefined);
    const { signed, ...there } = await directoryCounts('H44');
    expect(signed).toBeGreaterThan(entriesBefore);
    expect(there).toEqual({ atCentre: signed, arrived: signed });
  });

  it('crosses whole when the centre and its own server start again before the line is back', async () => {
    const [quiet, other] = [agencyOf('H30'), agencyOf('H31')];
    const [centre] = bus.central;
    if (centre === undefined) throw new Error('no centre');
    bus.cutLink('H30');
    await quiet.send(other, texts('waiting-out', 3));
    await other.send(quiet, texts('waiting-in', 3));
    await other.send(agencyOf('H44'), texts('later', 1));
    expect(await missing(agencyOf('H44'), texts('later', 1))).toEqual([]);
    await quiet.send(quiet, texts('inside', 1));
    await centre.restart();
    await bus.sites['H30']?.restart();
    bus.healLink('H30');
    expect(await missing(other, texts('waiting-out', 3))).toEqual([]);
    expect(await missing(quiet, texts('waiting-in', 3))).toEqual([]);
  });
});

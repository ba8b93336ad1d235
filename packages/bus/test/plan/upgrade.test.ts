import { expect, it } from 'vitest';

import { startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import { serversUnderTest } from '../permission/servers.ts';
import { addCorrespondent, texts } from './traffic.ts';

const COUNT = 20;
const ARRIVAL_MS = 90_000;

const servers = await serversUnderTest();
const [oldest] = servers;
const newest = servers.at(-1);

// As docs/how-to/upgrade-nats-server.md says: sites first, then the centre, one server at a time.
it.skipIf(servers.length < 2)(
  `goes from ${oldest?.version} to ${newest?.version} server by server while documents flow, and each arrives once`,
  { timeout: 6 * ARRIVAL_MS },
  async () => {
    if (oldest === undefined || newest === undefined) throw new Error('no server');
    await using bus = await startPlan({
      plan: 'federated',
      sites: ['H09', 'H44'],
      server: oldest,
    });
    await using a = await addCorrespondent(bus, 'H09.01', 'H09');
    await using b = await addCorrespondent(bus, 'H44.01', 'H44');
    const toA: string[] = [];
    const toB: string[] = [];
    const exchange = async (name: string, meanwhile: () => Promise<void>): Promise<void> => {
      // A text is its message id, too: on 2.9 an exchange stands still at one that it has had.
      const [out, back] = [texts(`${name}-out`, COUNT), texts(`${name}-back`, COUNT)];
      toB.push(...out);
      toA.push(...back);
      await Promise.all([meanwhile(), a.send(b, out), b.send(a, back)]);
      await waitUntil(
        () => out.every((text) => b.arrived.has(text)) && back.every((text) => a.arrived.has(text)),
        ARRIVAL_MS,
      );
    };
    await exchange('before', async () => undefined);
    for (const handle of [bus.sites['H09'], bus.sites['H44'], ...bus.central]) {
      await exchange(handle?.name ?? '', async () => await handle?.restart(newest));
      // As `bus doctor` wants it before the next one.
      await waitUntil(async () => await isWhole(), ARRIVAL_MS);
    }
    await exchange('after', async () => undefined);
    expect(toA.filter((text) => a.arrived.get(text) !== 1)).toEqual([]);
    expect(toB.filter((text) => b.arrived.get(text) !== 1)).toEqual([]);
    expect((await bus.admin('central')).serverVersion()).toBe(newest.version);

    async function isWhole(): Promise<boolean> {
      const admin = await bus.admin('central');
      const states = await Promise.all(
        ['XCH', 'REPORTS', 'BLOBX', 'DIRX'].map(
          async (name) => await admin.streamState(name).catch(() => undefined),
        ),
      );
      return states.every(
        (state) => state?.leader !== null && state?.copies.every(({ isCurrent }) => isCurrent),
      );
    }
  },
);

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type TestPlan, startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import { type Correspondent, addCorrespondent, texts } from './traffic.ts';

const COUNT = 100;
/** Servers of 2.15 took up to 19 s to come back to a source after their leader was killed. */
const RECOVERY_MS = 60_000;

describe('the federated plan on bad days', () => {
  let bus: TestPlan;
  let a: Correspondent;
  let b: Correspondent;
  let c: Correspondent;
  let round = 0;

  beforeAll(async () => {
    bus = await startPlan({ plan: 'federated', sites: ['H09', 'H44'] });
    a = await addCorrespondent(bus, 'H09.01', 'H09');
    b = await addCorrespondent(bus, 'H44.01', 'H44');
    c = await addCorrespondent(bus, 'H09.02', 'H09');
  }, RECOVERY_MS);
  afterAll(async () => {
    await Promise.all([a, b, c].map((one) => one[Symbol.asyncDispose]()));
    await bus.stop();
  });
  beforeEach(() => {
    round += 1;
  });

  const sent = (name: string): string[] => texts(`${round}-${name}`, COUNT);
  const hasAll = (to: Correspondent, wanted: readonly string[]): boolean =>
    wanted.every((text) => to.arrived.has(text));
  const expectOnce = (to: Correspondent, wanted: readonly string[]): void => {
    expect(wanted.filter((text) => to.arrived.get(text) !== 1)).toEqual([]);
  };
  const exchange = async (disturb: () => Promise<void>, restore: () => Promise<void>) => {
    const [out, inward, local] = [sent('out'), sent('in'), sent('local')];
    await disturb();
    const sending = [a.send(b, out), b.send(a, inward)];
    await a.send(c, local);
    await waitUntil(() => hasAll(c, local), RECOVERY_MS);
    const crossed = out.filter((text) => b.arrived.has(text)).length;
    await restore();
    await Promise.all(sending);
    await waitUntil(() => hasAll(b, out) && hasAll(a, inward), RECOVERY_MS);
    expectOnce(b, out);
    expectOnce(a, inward);
    expectOnce(c, local);
    return crossed;
  };

  it(
    'keeps a site working whose line is cut, and brings over what waited',
    { timeout: 2 * RECOVERY_MS },
    async () => {
      const crossed = await exchange(
        async () => bus.cutLink('H09'),
        async () => bus.healLink('H09'),
      );
      expect(crossed).toBe(0);
    },
  );

  it(
    'brings over what waited when a line swallowed everything without a word',
    { timeout: 2 * RECOVERY_MS },
    async () => {
      const crossed = await exchange(
        async () => bus.blackHole('H44'),
        async () => bus.healLink('H44'),
      );
      expect(crossed).toBe(0);
    },
  );

  it(
    'loses nothing when the leader of the exchange is killed, and serves on with two of three',
    { timeout: 2 * RECOVERY_MS },
    async () => {
      const leader = await bus.streamLeader('XCH');
      await exchange(
        async () => await leader.kill(),
        async () => undefined,
      );
      expect((await bus.streamLeader('XCH')).name).not.toBe(leader.name);
      await leader.restart();
    },
  );

  it(
    'loses nothing when the server of a site is killed and started again',
    { timeout: 2 * RECOVERY_MS },
    async () => {
      await exchange(
        async () => undefined,
        async () => {
          await bus.sites['H44']?.kill();
          await bus.sites['H44']?.restart();
        },
      );
      expect(bus.sites['H44']?.pid()).toBeDefined();
    },
  );
});

import { setTimeout as sleep } from 'node:timers/promises';

import type { Chance } from './chance.ts';
import { CENTRE, type Country, PROVINCE } from './country.ts';

/** One thing that goes wrong, and how it is put right. */
export interface Disturbance {
  readonly name: string;
  run(country: Country, chance: Chance): Promise<void>;
}

const SHORT_MS = [500, 2_500] as const;
const LONG_MS = [3_000, 8_000] as const;
/** A connection in a black hole is given up after two pings without an answer. */
const BLACK_HOLE_MS = [10_000, 20_000] as const;

async function pause(chance: Chance, [low, high]: readonly [number, number]): Promise<void> {
  await sleep(chance.between(low, high));
}

const site = (chance: Chance): string => chance.pick([PROVINCE, CENTRE]);

export const DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'the line between a site and the centre is cut',
    run: async ({ plan }, chance) => {
      const victim = site(chance);
      plan.cutLink(victim);
      await pause(chance, LONG_MS);
      plan.healLink(victim);
    },
  },
  {
    name: 'the line between a site and the centre swallows everything',
    run: async ({ plan }, chance) => {
      const victim = site(chance);
      plan.blackHole(victim);
      await pause(chance, BLACK_HOLE_MS);
      plan.healLink(victim);
    },
  },
  {
    name: 'the leader of the exchange is killed',
    run: async ({ plan }, chance) => {
      const leader = await plan.streamLeader('XCH');
      await leader.kill();
      await pause(chance, LONG_MS);
      await leader.restart();
    },
  },
  {
    name: "a site's server is killed",
    run: async ({ plan }, chance) => {
      const server = plan.sites[site(chance)];
      await server?.kill();
      await pause(chance, SHORT_MS);
      await server?.restart();
    },
  },
  {
    name: 'a relay is killed',
    run: async ({ relays }, chance) => {
      const { child } = chance.pick(relays);
      await child.kill();
      await pause(chance, SHORT_MS);
      await child.start();
    },
  },
  {
    name: 'an agent is killed',
    run: async ({ offices }, chance) => {
      const { child } = chance.pick(offices);
      await child.kill();
      await pause(chance, SHORT_MS);
      await child.start();
    },
  },
  {
    name: 'two agents and a relay are killed at once',
    run: async ({ offices, relays }, chance) => {
      const [first, second] = chance.shuffle(offices);
      const victims = [first, second, chance.pick(relays)].flatMap((one) =>
        one === undefined ? [] : [one.child],
      );
      await Promise.all(victims.map(async (child) => await child.kill()));
      await pause(chance, SHORT_MS);
      await Promise.all(victims.map(async (child) => await child.start()));
    },
  },
  {
    name: 'everything is killed and started again',
    run: async ({ plan, offices, relays }, chance) => {
      const children = [...offices, ...relays].map(({ child }) => child);
      await Promise.all(children.map(async (child) => await child.kill()));
      await Promise.all(plan.servers.map(async (server) => await server.kill()));
      await pause(chance, SHORT_MS);
      await Promise.all(plan.servers.map(async (server) => await server.restart()));
      await Promise.all(children.map(async (child) => await child.start()));
    },
  },
];

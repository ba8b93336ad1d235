import { setTimeout as sleep } from 'node:timers/promises';

import type { Chance } from '@congvan/bus/testing';
import { type AgentStep, openAgent } from '@congvan/node-agent';

import { CENTRE, type Country, type OfficeHandle, PROVINCE } from './country.ts';
import type { Load } from './load.ts';

/** What a disturbance works with. */
export interface Scene {
  readonly country: Country;
  readonly load: Load;
  readonly chance: Chance;
  /** It was seen in the files that a kill came in the middle of a transfer. */
  readonly hit: () => void;
  readonly signal: AbortSignal;
}

/** One thing that goes wrong, and how it is put right. */
export interface Disturbance {
  /** For `--only`. */
  readonly name: string;
  /** What happens, for people. */
  readonly text: string;
  /** It has to call `hit` each time. */
  readonly mustHit?: true;
  run(scene: Scene): Promise<void>;
}

const SHORT_MS = [500, 2_500] as const;
const LONG_MS = [3_000, 8_000] as const;
/** A connection in a black hole is given up after two pings without an answer. */
const BLACK_HOLE_MS = [10_000, 20_000] as const;
const TRANSFER_TIMEOUT_MS = 60_000;
const MAX_TRIES_TO_HIT = 3;

async function pause(
  { chance, signal }: Scene,
  [low, high]: readonly [number, number],
): Promise<void> {
  await sleep(chance.between(low, high), undefined, { signal });
}

const site = (chance: Chance): string => chance.pick([PROVINCE, CENTRE]);

export const DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'cut',
    text: 'the line between a site and the centre is cut',
    run: async (scene) => {
      const { plan } = scene.country;
      const victim = site(scene.chance);
      plan.cutLink(victim);
      await pause(scene, LONG_MS);
      plan.healLink(victim);
    },
  },
  {
    name: 'black-hole',
    text: 'the line between a site and the centre swallows everything',
    run: async (scene) => {
      const { plan } = scene.country;
      const victim = site(scene.chance);
      plan.blackHole(victim);
      await pause(scene, BLACK_HOLE_MS);
      plan.healLink(victim);
    },
  },
  {
    name: 'leader',
    text: 'the leader of the exchange is killed',
    run: async (scene) => {
      const leader = await scene.country.plan.streamLeader('XCH');
      await leader.kill();
      await pause(scene, LONG_MS);
      await leader.restart();
    },
  },
  {
    name: 'site-server',
    text: "a site's server is killed",
    run: async (scene) => {
      const server = scene.country.plan.sites[site(scene.chance)];
      await server?.kill();
      await pause(scene, SHORT_MS);
      await server?.restart();
    },
  },
  {
    name: 'relay',
    text: 'a relay is killed',
    run: async (scene) => {
      const { child } = scene.chance.pick(scene.country.relays);
      await child.kill();
      await pause(scene, SHORT_MS);
      await child.start();
    },
  },
  {
    name: 'agent',
    text: 'an agent is killed',
    run: async (scene) => {
      const { child } = scene.chance.pick(scene.country.offices);
      await child.kill();
      await pause(scene, SHORT_MS);
      await child.start();
    },
  },
  {
    name: 'upload',
    text: 'an agent is killed in the middle of an upload',
    mustHit: true,
    run: async (scene) => await killInTransfer(scene, 'up'),
  },
  {
    name: 'download',
    text: 'an agent is killed in the middle of a download',
    mustHit: true,
    run: async (scene) => await killInTransfer(scene, 'down'),
  },
  {
    name: 'three',
    text: 'two agents and a relay are killed at once',
    run: async (scene) => {
      const { offices, relays } = scene.country;
      const [first, second] = scene.chance.shuffle(offices);
      const victims = [first, second, scene.chance.pick(relays)].flatMap((one) =>
        one === undefined ? [] : [one.child],
      );
      await Promise.all(victims.map(async (child) => await child.kill()));
      await pause(scene, SHORT_MS);
      await Promise.all(victims.map(async (child) => await child.start()));
    },
  },
  {
    name: 'everything',
    text: 'everything is killed and started again',
    run: async (scene) => {
      const { plan, offices, relays } = scene.country;
      const children = [...offices, ...relays].map(({ child }) => child);
      await Promise.all(children.map(async (child) => await child.kill()));
      await Promise.all(plan.servers.map(async (server) => await server.kill()));
      await pause(scene, SHORT_MS);
      await Promise.all(plan.servers.map(async (server) => await server.restart()));
      await Promise.all(children.map(async (child) => await child.start()));
    },
  },
];

/**
 * Orders a large document across sites and lets the agent kill itself when its first chunk is
 * there. Then the agent's own tables say whether that was the middle.
 */
async function killInTransfer(scene: Scene, direction: 'up' | 'down'): Promise<void> {
  const { chance, country, load } = scene;
  for (let attempt = 1; attempt <= MAX_TRIES_TO_HIT; attempt += 1) {
    const sender = chance.pick(country.offices);
    const recipient = chance.pick(country.offices.filter((one) => one.site !== sender.site));
    const victim = direction === 'up' ? sender : recipient;
    const killAt: AgentStep =
      direction === 'up' ? 'upload.begun.committed' : 'download.begun.committed';
    victim.child.tell({ killAt });
    load.orderLarge(sender, recipient);
    const came = await victim.child.killedByItself(TRANSFER_TIMEOUT_MS);
    const isHit = came && (await isInTheMiddle(victim, direction));
    await pause(scene, SHORT_MS);
    await victim.child.start();
    if (!isHit) continue;
    scene.hit();
    return;
  }
}

async function isInTheMiddle(victim: OfficeHandle, direction: 'up' | 'down'): Promise<boolean> {
  await using desk = await openAgent({ home: victim.home, mode: 'desk' });
  return desk
    .transfers()
    .some(
      (transfer) =>
        transfer.direction === direction &&
        transfer.doneBytes > 0 &&
        transfer.doneBytes < transfer.totalBytes,
    );
}

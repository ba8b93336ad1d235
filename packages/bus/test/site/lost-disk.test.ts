import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';

const BACK_MS = 30_000;

it('a site service that runs makes streams and inboxes again when the broker comes back without its disk', async () => {
  await using bus = await startPlan({ plan: 'flat', sites: ['H09'], centralServers: 1 });
  for (const code of ['H09.12', 'H09.13']) await bus.addAgency({ code, site: 'H09' });
  const admin = await bus.admin('bus');
  const inboxes = async (): Promise<string[]> => {
    const found = await admin.consumerStates('IN_H09').catch(() => []);
    return found.map(({ name }) => name).toSorted();
  };
  const before = await inboxes();
  expect(before).toHaveLength(4);

  const [server] = bus.central;
  if (server === undefined) throw new Error('no server');
  await server.kill();
  await rm(join(server.folder, 'jetstream'), { recursive: true });
  await server.restart();
  await waitUntil(async () => (await inboxes()).join() === before.join(), BACK_MS);

  // The next one is made beside them, as ever.
  await bus.addAgency({ code: 'H09.14', site: 'H09' });
  expect(await inboxes()).toHaveLength(6);
});

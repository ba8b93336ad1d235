import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CENTRE_CREDENTIALS_FILE, CENTRE_PLAN_FILE } from '@congvan/bus/plan';
import { mintCentreCredentials } from '@congvan/bus/site';
import { startPlan, waitUntil } from '@congvan/bus/testing';
import { expect, it } from 'vitest';

import { createTown } from './town.ts';

it('centre run serves the centre out of the folder that a plan wrote for it, and makes what lacks there', async () => {
  await using bus = await startPlan({ plan: 'federated', sites: ['H09'], centralServers: 1 });
  await using town = await createTown();
  const servers = bus.central.map(({ url }) => url);
  await mkdir(join(town.home, 'bus', 'operator'), { recursive: true });
  await writeFile(
    join(town.home, 'bus', CENTRE_PLAN_FILE),
    JSON.stringify({ version: 1, servers, streams: bus.plan.places[0]?.streams }),
  );
  const credentials = await mintCentreCredentials(bus.operator('central'), new Date());
  await writeFile(join(town.home, 'bus', 'operator', CENTRE_CREDENTIALS_FILE), credentials);

  const admin = await bus.admin('central');
  await admin.deleteStream('REPORTS');

  const centre = await town.start(['centre', 'run'], /centre running/);
  await waitUntil(async () => (await admin.streamState('BLOBX'))?.consumerCount === 1, 10_000);
  // Streams that are gone are made again, with what they fill from.
  const sourcesOfReports = async () =>
    (await admin.streamState('REPORTS'))?.sources.map(({ stream }) => stream).join();
  await waitUntil(async () => (await sourcesOfReports()) === 'REPORT_H09', 10_000);
  expect(await centre.interrupt()).toBe(0);
});

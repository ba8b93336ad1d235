import { cp, readFile, rm } from 'node:fs/promises';

import { connectRelay, parseAgencyCode } from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { expect, it } from 'vitest';

import { createTown } from './town.ts';

it('agency revoke ends the connection of a relay, which has an account of its own', async () => {
  await using town = await createTown();
  await town.run(['ca', 'init', '--organization', 'Tỉnh thử nghiệm', '--relay', 'H09.RELAY']);
  await town.run(['bus', 'up', '--detach', '--site', 'H09']);
  await town.run(['relay', 'init', '--site', 'H09']);
  const { url } = await town.json<{ url: string }>(['bus', 'status']);
  const credentials = await readFile(town.path('relay', 'credentials', 'relay.creds'));
  const relay = { code: parseAgencyCode('H09.RELAY'), site: 'H09' };
  const connect = async () => await connectRelay({ servers: url, credentials, ...relay });
  const connection = await connect();
  const left = new Promise<void>((resolve) => {
    connection.onStatus((status) => {
      if (status !== 'connected') resolve();
    });
  });
  await cp(town.path('bus', 'operator'), town.path('yesterday'), { recursive: true });
  const revoke = ['agency', 'revoke', 'H09.RELAY', '--reason', 'keyCompromise'];
  expect((await town.json<{ brokers: unknown }>(revoke)).brokers).toMatchObject([{ closed: true }]);
  await left;
  await connection.close();
  await expect(connect()).rejects.toMatchObject({ code: 'BUS_CONNECT_FAILED' });

  // Yesterday's keys and a server that has lost its folder: the directory still knows.
  await town.run(['bus', 'down']);
  for (const name of ['operator', 'jwt']) {
    await rm(town.path('bus', name), { recursive: true });
  }
  await cp(town.path('yesterday'), town.path('bus', 'operator'), { recursive: true });
  await town.run(['bus', 'up', '--detach', '--site', 'H09']);
  await (await connect()).close();
  const site = await town.start(['site', 'run'], /site running/);
  await waitUntil(
    async () =>
      await connect().then(
        async (again) => {
          await again.close();
          return false;
        },
        () => true,
      ),
  );
  expect(await site.interrupt()).toBe(0);
});

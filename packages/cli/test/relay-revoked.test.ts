import { readFile } from 'node:fs/promises';

import { connectRelay, parseAgencyCode } from '@congvan/bus';
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
  const revoke = ['agency', 'revoke', 'H09.RELAY', '--reason', 'keyCompromise'];
  expect((await town.json<{ brokers: unknown }>(revoke)).brokers).toMatchObject([{ closed: true }]);
  await left;
  await connection.close();
  await expect(connect()).rejects.toMatchObject({ code: 'BUS_CONNECT_FAILED' });
});

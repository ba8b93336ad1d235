import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { homePaths } from '../../../src/relay/home.ts';
import { openAccounts } from '../../../src/relay/http/accounts.ts';
import { LogIn } from '../../../src/relay/http/log-in.ts';
import { MAX_CONNECTIONS_OF_ADDRESS } from '../../../src/relay/http/server.ts';
import { WebStore, openWebDatabase } from '../../../src/relay/storage/web-store.ts';
import { dispatch, electronic } from '../relay-database.ts';
import { PASSWORD, askRaw, openHttpTown } from './http-town.ts';
import { CHEAP, newWebHome } from './web-home.ts';

it.each(['another password', 'no account'])(
  'a log-in that was begun before there was %s opens no session',
  async (change) => {
    await using web = await newWebHome();
    using accounts = await openAccounts(web.home, () => new Date(), CHEAP);
    await accounts.add({ name: 'mai', role: 'auditor', password: PASSWORD });
    const db = openWebDatabase(homePaths(web.home).web);
    const store = new WebStore(db);
    const logIn = new LogIn(store, () => new Date(), CHEAP);

    const begun = logIn.withPassword('mai', PASSWORD);
    if (change === 'no account') store.removeAccount('mai');
    else store.setPassword('mai', 'another hash');

    await expect(begun).rejects.toMatchObject({ code: 'log-in-failed' });
    db.close();
  },
);

it('an answer that shows a contradiction is another one although no report came', async () => {
  await using town = await openHttpTown({
    fill: (database) => {
      database.addAgency('H09', 'province');
      database.report('H09', dispatch(1, [electronic('G12')]));
    },
  });
  const token = await town.account({ name: 'mai', role: 'auditor' });
  const path = '/api/v1/agencies?period=2026-07&agency=H09';
  const etag = (await town.ask(path, { token })).headers.get('etag') ?? '';
  const same = await town.ask(path, { token, headers: { 'if-none-match': etag } });
  const { intake, reports } = town.database;
  const fork = { agency: 'H09', reportNumber: 1, payloadHash: 'f'.repeat(64), detail: 'x' };
  intake.inTransaction(() =>
    reports.addContradiction({ kind: 'CHAIN_FORK', ...fork, record: null }, 0),
  );

  const after = await town.ask(path, { token, headers: { 'if-none-match': etag } });

  expect([same.status, after.status]).toEqual([304, 200]);
});

it('one machine cannot take all connections from the others', async () => {
  await using town = await openHttpTown();
  const port = Number(new URL(town.side.url).port);
  let refused = 0;
  const sockets = Array.from({ length: 600 }, () => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
    socket.on('error', () => undefined).once('close', () => (refused += 1));
    return socket;
  });
  while (refused < sockets.length - MAX_CONNECTIONS_OF_ADDRESS) await pause(5);

  expect(await askRaw(town.side.url, '/login', {})).toBe(200);
  for (const socket of sockets) socket.destroy();
});

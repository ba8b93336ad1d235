import { mkdir, stat, writeFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

// oxlint-disable-next-line no-restricted-imports -- tests of the bus and of the command share this folder
import { RelayDatabase } from '../../bus/test/relay/relay-database.ts';
import { createTown } from './town.ts';

const PASSWORD = 'một mật khẩu đủ dài';

it('serves pages and API to accounts that the command makes, changes and removes', async () => {
  await using town = await createTown();
  await mkdir(town.path('relay'), { recursive: true });
  await writeFile(
    town.path('relay', 'relay.json'),
    JSON.stringify({
      code: 'G01.99',
      name: 'Trạm',
      site: 'TW',
      servers: ['nats://127.0.0.1:4222'],
    }),
  );
  using database = new RelayDatabase();
  await database.db.backup(town.path('relay', 'relay.sqlite'));
  const short = await town.run(['relay', 'user', 'add', 'lan', '--role', 'auditor'], {
    answers: ['short', 'short'],
  });
  expect([short.code, short.out]).toEqual([8, '']);
  const added = await town.run(['relay', 'user', 'add', 'lan', '--role', 'auditor'], {
    answers: [PASSWORD, PASSWORD],
  });
  expect([added.code, added.out.includes(PASSWORD)]).toEqual([0, false]);
  await writeFile(town.path('password'), `${PASSWORD}\n`, { mode: 0o600 });
  const file = ['--password-file', town.path('password')];
  const agency = ['relay', 'user', 'add', 'xa', '--role', 'agency'];
  expect((await town.run([...agency, ...file])).code).toBe(2);
  expect((await town.run([...agency, '--scope', 'H09.12', ...file])).code).toBe(0);
  expect((await town.run([...agency, '--scope', 'H09.12', ...file])).code).toBe(6);
  const { accounts } = await town.json<{ accounts: { name: string }[] }>(['relay', 'user', 'list']);
  expect(accounts.map(({ name }) => name)).toEqual(['lan', 'xa']);
  const { token } = await town.json<{ token: string }>(['relay', 'user', 'token', 'lan']);

  const part = await town.start(['relay', 'serve', '--http', '0'], /url=/);
  const url = /url=(\S+)/.exec(part.output())?.[1] ?? '';
  const ask = async (path: string): Promise<number> =>
    (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await ask('/api/v1/me')).toBe(200);
  expect(await ask('/api/v1/figures?period=2026-10')).toBe(200);
  expect((await town.run(['relay', 'user', 'remove', 'lan'])).code).toBe(0);
  expect(await ask('/api/v1/me')).toBe(401);
  expect((await town.run(['relay', 'user', 'remove', 'lan'])).code).toBe(5);
  expect((await town.run(['relay', 'alerts'])).out).not.toBe('');
  expect(await part.interrupt()).toBe(0);
  expect((await stat(town.path('relay', 'web.sqlite'))).mode & 0o777).toBe(0o600);

  const open = await town.run(['relay', 'serve', '--http', '0.0.0.0:0']);
  expect([open.code, open.err]).toEqual([2, expect.stringContaining('certificate')]);
});

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { backupRelay } from '../../../src/relay/backup.ts';
import { NOT_RUNNING } from '../../../src/relay/http/link.ts';
import { openHttpSide } from '../../../src/relay/http/open.ts';
import { RelayDatabase } from '../relay-database.ts';
import { PASSWORD, openHttpTown } from './http-town.ts';
import { CHEAP, newWebHome } from './web-home.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-backup-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

async function logIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ name: 'lan', password: PASSWORD, next: '/' }),
  });
  return answer.headers.getSetCookie().join('; ').split(';', 1)[0] ?? '';
}

async function me(url: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${url}/api/v1/me`, { headers })).status;
}

it('a backup of a relay that serves brings its accounts and tokens back, and nobody is logged in', async () => {
  const restored = join(folder, 'restored');
  let token = '';
  let cookie = '';
  {
    await using town = await openHttpTown();
    token = await town.account({ name: 'lan', role: 'auditor', scope: 'H09' });
    cookie = await logIn(town.side.url);
    expect(await me(town.side.url, { cookie })).toBe(200);
    await fetch(`${town.side.url}/login`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ name: 'lan', password: 'wrong', next: '/' }),
    });
    await backupRelay({ home: town.home, to: join(folder, 'copy') });
    const file = join(folder, 'copy', 'web.sqlite');
    expect(statSync(file).mode & 0o077).toBe(0);
    await rename(join(folder, 'copy'), restored);
  }
  const now = () => new Date('2026-11-22T02:10:00Z');
  await using side = await openHttpSide({
    home: restored,
    address: '127.0.0.1:0',
    state: async () => NOT_RUNNING,
    log: () => undefined,
    now,
    passwordCost: CHEAP,
  });
  expect(await me(side.url, { authorization: `Bearer ${token}` })).toBe(200);
  expect(await me(side.url, { cookie })).toBe(401);
  expect(await me(side.url, { cookie: await logIn(side.url) })).toBe(200);
});

it('secrets that relay.json names are in a backup with keys alone, those outside the folder in none', async () => {
  const webhooks = ['secrets/hook', '../outside', '/etc/hostname'].map((secretFile) => {
    return { url: 'https://example.org/', secretFile, privateNetwork: false };
  });
  const http = { certificate: 'tls/chain.pem', key: 'tls/key.pem' };
  using database = new RelayDatabase();
  await using web = await newWebHome({ http, webhooks }, database.folder);
  for (const [part, name] of [
    ['tls', 'chain.pem'],
    ['tls', 'key.pem'],
    ['tls', 'other.pem'],
    ['secrets', 'hook'],
    ['keys', 'node.p12'],
  ] as const) {
    await mkdir(join(web.home, part), { recursive: true });
    await writeFile(join(web.home, part, name), `content of ${name}`);
  }
  const read = async (withKeys: boolean): Promise<string[]> => {
    const to = join(folder, `keys-${withKeys}`);
    await backupRelay({ home: web.home, to, withKeys });
    expect(readFileSync(join(to, 'tls', 'chain.pem'), 'utf8')).toBe('content of chain.pem');
    return readdirSync(to, { recursive: true, encoding: 'utf8' }).toSorted();
  };
  const without = await read(false);
  expect(without).toEqual(expect.arrayContaining(['relay.json', 'relay.sqlite', 'tls']));
  for (const secret of ['keys', 'secrets', 'tls/key.pem']) expect(without).not.toContain(secret);
  const added = (await read(true)).filter((name) => !without.includes(name));
  expect(added).toEqual(['keys', 'keys/node.p12', 'secrets', 'secrets/hook', 'tls/key.pem']);
});

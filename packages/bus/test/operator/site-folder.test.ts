import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { composeCredentials, readCredentials } from '../../src/broker/jwt.ts';
import { createNatsKey } from '../../src/broker/keys.ts';
import { type LocalOperator, openOperator } from '../../src/operator/operator.ts';
import { exportSiteKeys, openSiteKeys } from '../../src/operator/site-folder.ts';
import { mintAgencyJwt, mintRelayCredentials } from '../../src/site/credentials.ts';

const NOW = new Date('2026-11-01T08:00:00.000Z');
const code = parseAgencyCode('H09.01');

let folder: string;
let centre: LocalOperator;
let province: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-keys-'));
  centre = await openOperator(join(folder, 'centre'));
  await centre.addSite('H09');
  await centre.addSite('H44');
  province = await mkdtemp(join(folder, 'province-'));
  for (const { name, content } of (await exportSiteKeys(centre, 'H09', NOW)).service) {
    await writeFile(join(province, name), content, { mode: 0o600 });
  }
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

it('a province lets its own agencies in, for 90 days, into the account of the site', async () => {
  const keys = await openSiteKeys(province);
  expect(await keys.sites()).toEqual(['H09']);
  const user = createNatsKey('user');
  const signer = await keys.siteSigner('H09');
  const jwt = await mintAgencyJwt(signer, { code, userPublicKey: user.publicKey }, NOW);
  const info = await readCredentials(composeCredentials(jwt, user));
  expect(info).toMatchObject({
    name: 'H09-01',
    userPublicKey: user.publicKey,
    accountPublicKey: (await centre.agencyAccountJwt('H09')).publicKey,
    expiresAt: new Date('2027-01-30T08:00:00.000Z'),
  });
});

it('a province has credentials for its service and none of the other keys', async () => {
  const keys = await openSiteKeys(province);
  const info = await readCredentials(await keys.serviceCredentials(NOW));
  expect(info).toMatchObject({
    name: 'site service H09',
    accountPublicKey: centre.storeAccountPublicKey(),
  });
  await expect(keys.siteSigner('H44')).rejects.toMatchObject({ code: 'BUS_SITE_INVALID' });
  const relay = mintRelayCredentials(keys, { code, site: 'H09' }, NOW);
  await expect(relay).rejects.toMatchObject({ code: 'BUS_KEY_NOT_HELD' });
  expect((await readdir(province)).toSorted()).toEqual([
    'AGENCY_H09.signer.json',
    'site-service.creds',
  ]);
});

it('nobody makes a second operator in the folder of a province', async () => {
  await expect(openOperator(province)).rejects.toMatchObject({ code: 'BUS_KEY_NOT_HELD' });
  expect(await readdir(province)).not.toContain('operator.seed');
});

it('the folder of the operator works as that of every site', async () => {
  const keys = await openSiteKeys(centre.folder);
  expect(await keys.sites()).toEqual(['H09', 'H44']);
  const relay = await mintRelayCredentials(keys, { code, site: 'H44' }, NOW);
  expect(await readCredentials(relay)).toMatchObject({ name: 'relay H09.01' });
});

it('no name that is not a site reaches an account, a key or a file', async () => {
  for (const bad of ['*', '>', 'H09.12', 'h09', '', '../x', 'H09 ']) {
    await expect(centre.addSite(bad)).rejects.toMatchObject({ code: 'BUS_SITE_INVALID' });
    await expect(centre.siteSigner(bad)).rejects.toMatchObject({ code: 'BUS_SITE_INVALID' });
    const revoked = centre.revokeUser(bad, createNatsKey('user').publicKey);
    await expect(revoked).rejects.toMatchObject({ code: 'BUS_SITE_INVALID' });
  }
  await expect(centre.siteSigner('H99')).rejects.toMatchObject({ code: 'BUS_SITE_INVALID' });
});

it('what is no user key is never revoked, and so never becomes a file', async () => {
  for (const bad of ['*', '../x', '', createNatsKey('account').publicKey]) {
    const revoked = centre.revokeUser('H09', bad);
    await expect(revoked).rejects.toMatchObject({ code: 'BUS_CREDENTIALS_INVALID' });
  }
  expect(await centre.revokedUsers('H09')).toEqual([]);
});

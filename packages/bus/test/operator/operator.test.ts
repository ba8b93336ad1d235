import { cp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type NatsConnection, connect, credsAuthenticator, errors } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { composeCredentials, readCredentials, signScopedUserJwt } from '../../src/broker/jwt.ts';
import { connectSite } from '../../src/broker/site-connection.ts';
import { type NatsKey, createNatsKey, readNatsKey } from '../../src/broker/keys.ts';
import { startLocalServer, type LocalServer } from '../../src/local-server/start.ts';
import { openOperator } from '../../src/operator/operator.ts';
import {
  CLAIMS_VALID_MS,
  mintClaimsCredentials,
  pushAccount,
  replaceSiteSigner,
  revokeServiceUser,
  revokeUser,
} from '../../src/operator/push.ts';
import { type SiteSigner, openSiteSigner } from '../../src/operator/site-signer.ts';
import { replaceFile } from '../../src/disk/atomic-file.ts';
import { MAX_AGENCY_PAYLOAD_BYTES, MAX_AGENCY_SUBSCRIPTIONS } from '../../src/permission/user.ts';
import { mintAgencyJwt } from '../../src/site/credentials.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';

const code = parseAgencyCode('H09.12.034');
const DAY_MS = 86_400_000;
const neighbour = parseAgencyCode('H09.12.035');

let folder: string;
let server: LocalServer;
const connections: NatsConnection[] = [];
const refusals = new Map<NatsConnection, string[]>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-operator-'));
  server = await start();
});

afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await server?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function start(port?: number): Promise<LocalServer> {
  const fixed = port === undefined ? {} : { port };
  return await startLocalServer({
    folder: join(folder, 'broker'),
    sites: ['H09', 'H44'],
    maxStoreBytes: 64 * 1024 * 1024,
    ...fixed,
  });
}

/** A province: nothing but the file of its signing key, as it gets it from the centre. */
async function province(site: string): Promise<SiteSigner> {
  const file = join(folder, `${site}.signer.json`);
  await replaceFile(file, await server.operator.siteSignerFile(site), 0o600);
  return await openSiteSigner(file);
}

async function open(jwt: string, user: NatsKey, name: string): Promise<NatsConnection> {
  const connection = await connect({
    servers: server.url,
    authenticator: credsAuthenticator(composeCredentials(jwt, user)),
    inboxPrefix: `_INBOX.${name}`,
    reconnectTimeWait: 50,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  });
  connections.push(connection);
  const heard: string[] = [];
  refusals.set(connection, heard);
  void (async () => {
    for await (const event of connection.status()) {
      if (event.type === 'error') heard.push(event.error.message);
    }
  })();
  return connection;
}

/** Whether the server takes a message on this subject from this user. */
async function may(connection: NatsConnection, subject: string): Promise<boolean> {
  connection.publish(subject, '');
  // The refusal comes before the answer to what follows.
  await connection.flush();
  await connection.flush();
  return !(refusals.get(connection) ?? []).some((message) => message.includes(`"${subject}"`));
}

async function isRefused(jwt: string, user: NatsKey, name = 'x'): Promise<boolean> {
  const options = { servers: server.url, reconnect: false, noAsyncTraces: true };
  const authenticator = credsAuthenticator(composeCredentials(jwt, user));
  try {
    const connection = await connect({ ...options, authenticator, inboxPrefix: `_INBOX.${name}` });
    await connection.close();
    return false;
  } catch (error) {
    if (error instanceof errors.AuthorizationError) return true;
    throw error;
  }
}

describe('the signing key of a site', () => {
  it('lets an agency in with a key that never left the agency, as itself only', async () => {
    const user = createNatsKey('user');
    const jwt = await mintAgencyJwt(
      await province('H09'),
      { code, userPublicKey: user.publicKey },
      new Date(),
    );
    const agency = await open(jwt, user, 'H09-12-034');
    expect(await may(agency, 'vb.renew.H09.H09-12-034')).toBe(true);
    expect(await may(agency, '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-12-034_u')).toBe(true);
    expect(await may(agency, '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-12-034_n')).toBe(true);
    expect(await may(agency, '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-12-035_n')).toBe(false);
    expect(await may(agency, 'vb.renew.H09.H09-12-035')).toBe(false);
    expect(await may(agency, 'vb.renew.H44.H09-12-034')).toBe(false);
  });

  it('is one file that names the site, and opens nothing else of the centre', async () => {
    const content = await server.operator.siteSignerFile('H09');
    const seed = /"seed": "(SA[A-Z2-7]+)"/.exec(content)?.[1] ?? '';
    const folderOfKeys = join(folder, 'broker', 'operator');
    for (const file of await readdir(folderOfKeys)) {
      if (!file.endsWith('.seed')) continue;
      expect(await readFile(join(folderOfKeys, file), 'utf8')).not.toContain(seed);
      expect((await stat(join(folderOfKeys, file))).mode & 0o777).toBe(0o600);
    }
    const signer = join(folderOfKeys, 'AGENCY_H09.signer.json');
    expect((await stat(signer)).mode & 0o777).toBe(0o600);
  });

  it('in the wrong hands lets in agencies of its own site, whatever name it is used for', async () => {
    const signer = await province('H09');
    const stolen = readNatsKey('account', await seedOf('H09'));
    for (const [name, tags] of [
      ['*', ['inbox:*']],
      ['>', ['inbox:>']],
      ['H44-01', ['inbox:H44-01_n']],
    ] as const) {
      const user = createNatsKey('user');
      const jwt = await signScopedUserJwt(scoped(signer.account, user, name, tags), stolen);
      if (name === '>' && (await isRefused(jwt, user))) continue;
      const agency = await open(jwt, user, 'H09-12-034');
      for (const subject of [
        'vb.msg.province.normal.doc.cross.TW.G01.H44.H44-01',
        'vb.report.province.H44.H44-01',
        `vb.blob.local.H44.H44-01.${'a'.repeat(64)}.0`,
        'vb.alive.province.H44.H44-01',
        'vb.renew.H44.H44-01',
        `vb.file.drop.H44.H44-01.${'a'.repeat(64)}`,
        '$JS.API.CONSUMER.MSG.NEXT.IN_H44.H44-01_n',
        '$JS.ACK.IN_H44.H44-01_n.1.1.1.1.1',
        '$JS.API.STREAM.PURGE.IN_H09',
        '$JS.API.CONSUMER.DELETE.IN_H09.H09-12-034_n',
        '$SYS.REQ.CLAIMS.UPDATE',
      ]) {
        expect(await may(agency, subject), `${name}: ${subject}`).toBe(false);
      }
    }
  });

  it('cannot give a user rights of its own, or let one into another account', async () => {
    const stolen = readNatsKey('account', await seedOf('H09'));
    const other = await server.operator.siteSigner('H44');
    const user = createNatsKey('user');
    const { encodeUser } = await import('@nats-io/jwt');
    const { fromPublic, fromSeed } = await import('@nats-io/nkeys');
    const own = await province('H09');
    const wide = await encodeUser(
      'H09-01',
      fromPublic(user.publicKey),
      fromSeed(stolen.seed),
      { issuer_account: own.account, pub: { allow: ['>'] }, subs: -1, data: -1, payload: -1 },
      { scopedUser: true },
    );
    expect(await isRefused(wide, user)).toBe(true);
    for (const account of [other.account, server.operator.storeAccountPublicKey()]) {
      const jwt = await signScopedUserJwt(scoped(account, user, 'H09-01', []), stolen);
      expect(await isRefused(jwt, user)).toBe(true);
    }
    const system = server.operator.systemAccountPublicKey();
    const jwt = await signScopedUserJwt(scoped(system, user, 'H09-01', []), stolen);
    expect(await isRefused(jwt, user)).toBe(true);
  });

  it('never signs what is no code or no user key', async () => {
    const signer = await province('H09');
    const { publicKey } = createNatsKey('user');
    for (const bad of ['*', '>', 'H09.*', 'H09.>', 'H09 12', '', 'h09', 'H09-12', '{{name()}}']) {
      const attempt = mintAgencyJwt(
        signer,
        { code: bad as never, userPublicKey: publicKey },
        new Date(),
      );
      await expect(attempt).rejects.toMatchObject({ code: 'BUS_AGENCY_CODE_INVALID' });
    }
    const seed = Buffer.from(createNatsKey('user').seed).toString();
    const account = createNatsKey('account').publicKey;
    const wrongSum = `${publicKey.slice(0, -1)}${publicKey.endsWith('A') ? 'B' : 'A'}`;
    for (const bad of ['', '../x', seed, account, wrongSum, `${publicKey}\n`]) {
      const attempt = mintAgencyJwt(signer, { code, userPublicKey: bad }, new Date());
      const failure = await attempt.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ code: 'BUS_CREDENTIALS_INVALID' });
      expect(String(failure)).not.toContain(seed);
    }
  });

  it('is refused when its file is damaged, and the message keeps the secret', async () => {
    const file = join(folder, 'damaged.json');
    const content = await server.operator.siteSignerFile('H09');
    const seed = await seedOf('H09');
    for (const bad of ['', content.slice(0, -20), content.replace('H09', '*'), seed]) {
      await replaceFile(file, bad, 0o600);
      const failure = await openSiteSigner(file).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ name: 'BusError' });
      expect(String(failure)).not.toContain(seed.slice(0, 10));
    }
  });
});

describe('a user that is revoked', () => {
  it('is out within a second, alone, and for good: restart, new JWT, later changes', async () => {
    const signer = await server.operator.siteSigner('H09');
    const bad = createNatsKey('user');
    const good = createNatsKey('user');
    const badJwt = await mintAgencyJwt(signer, { code, userPublicKey: bad.publicKey }, new Date());
    const goodJwt = await mintAgencyJwt(
      signer,
      { code: neighbour, userPublicKey: good.publicKey },
      new Date(),
    );
    const revoked = await open(badJwt, bad, 'H09-12-034');
    const other = await open(goodJwt, good, 'H09-12-035');
    let wentAt = 0;
    let otherWent = false;
    void (async () => {
      for await (const { type } of revoked.status()) {
        if (type === 'disconnect' && wentAt === 0) wentAt = performance.now();
      }
    })();
    void (async () => {
      for await (const { type } of other.status()) if (type === 'disconnect') otherWent = true;
    })();

    const beganAt = performance.now();
    const results = await revokeUser(
      server.operator,
      { site: 'H09', userPublicKey: bad.publicKey },
      { servers: [server.url] },
    );
    expect(results).toEqual([{ server: server.url }]);
    await waitUntil(() => wentAt > 0);
    expect(wentAt - beganAt).toBeLessThan(1_000 + ACCOUNT_PAUSE_MS);
    await revoked.close();
    expect(await isRefused(badJwt, bad)).toBe(true);
    await other.flush();
    expect(otherWent).toBe(false);

    // A JWT made later for the same key, by a province that knows of nothing.
    const later = await mintAgencyJwt(
      await province('H09'),
      { code, userPublicKey: bad.publicKey },
      new Date(),
    );
    expect(await isRefused(later, bad)).toBe(true);
    const again = mintAgencyJwt(signer, { code, userPublicKey: bad.publicKey }, new Date());
    await expect(again).rejects.toMatchObject({ code: 'BUS_USER_KEY_REVOKED' });

    // Killed, not stopped: what the server was told stands on its disk.
    process.kill(server.pid, 'SIGKILL');
    await server.exited();
    server = await start(server.port);
    expect(await isRefused(later, bad)).toBe(true);
    await waitUntil(
      async () =>
        await other.flush().then(
          () => true,
          () => false,
        ),
      10_000,
    );

    // The next one revoked does not let the first one in again, nor does a new copy of the keys.
    const second = createNatsKey('user');
    await revokeUser(
      server.operator,
      { site: 'H09', userPublicKey: second.publicKey },
      { servers: [server.url] },
    );
    expect(await isRefused(later, bad)).toBe(true);
    const reopened = await openOperator(server.operator.folder);
    expect(await reopened.revokedUsers('H09')).toEqual(
      [bad.publicKey, second.publicKey].toSorted(),
    );
    await pushAccount(reopened, await reopened.agencyAccountJwt('H09'), { servers: [server.url] });
    expect(await isRefused(later, bad)).toBe(true);
  });

  it('is let in again by whoever may hand accounts over, so that nobody keeps that right', async () => {
    const signer = await server.operator.siteSigner('H09');
    const bad = createNatsKey('user');
    const jwt = await mintAgencyJwt(signer, { code, userPublicKey: bad.publicKey }, new Date());
    const before = await server.operator.agencyAccountJwt('H09');
    const targets = { servers: [server.url] };
    expect(await isRefused(jwt, bad)).toBe(false);
    await revokeUser(server.operator, { site: 'H09', userPublicKey: bad.publicKey }, targets);
    expect(await isRefused(jwt, bad)).toBe(true);
    // The server takes an older account as well, such as one out of its own configuration.
    await pushAccount(server.operator, before, targets);
    expect(await isRefused(jwt, bad)).toBe(false);
    await pushAccount(server.operator, await server.operator.agencyAccountJwt('H09'), targets);
    expect(await isRefused(jwt, bad)).toBe(true);

    const now = new Date();
    const { expiresAt } = await readCredentials(await mintClaimsCredentials(server.operator, now));
    expect(Number(expiresAt) - Number(now)).toBeLessThanOrEqual(CLAIMS_VALID_MS);
  });

  it('is told server by server when one cannot be reached', async () => {
    const { publicKey } = createNatsKey('user');
    const results = await revokeUser(
      server.operator,
      { site: 'H44', userPublicKey: publicKey },
      { servers: ['nats://127.0.0.1:1', server.url] },
    );
    expect(results).toMatchObject([
      { server: 'nats://127.0.0.1:1', error: { code: 'BUS_CONNECT_FAILED' } },
      { server: server.url },
    ]);
    expect(results[1]).not.toHaveProperty('error');
  });
});

it('a signing key that was lost is replaced, and whoever came in by it is out', async () => {
  const old = await province('H44');
  const user = createNatsKey('user');
  const thief = createNatsKey('user');
  const ofH44 = parseAgencyCode('H44.01');
  const jwt = await mintAgencyJwt(old, { code: ofH44, userPublicKey: user.publicKey }, new Date());
  const agency = await open(jwt, user, 'H44-01');
  const gone = new Promise<void>((resolve) => {
    void (async () => {
      for await (const { type } of agency.status()) if (type === 'disconnect') resolve();
    })();
  });
  await replaceSiteSigner(server.operator, 'H44', { servers: [server.url] });
  await gone;
  await agency.close();
  expect(await isRefused(jwt, user)).toBe(true);
  const stolen = await mintAgencyJwt(
    old,
    { code: ofH44, userPublicKey: thief.publicKey },
    new Date(),
  );
  expect(await isRefused(stolen, thief)).toBe(true);
  const fresh = await province('H44');
  const renewed = await mintAgencyJwt(
    fresh,
    { code: ofH44, userPublicKey: user.publicKey },
    new Date(),
  );
  expect(await may(await open(renewed, user, 'H44-01'), 'vb.renew.H44.H44-01')).toBe(true);
});

describe('the limits of an agency', () => {
  it('hold although its JWT names none: subscriptions and message size', async () => {
    const user = createNatsKey('user');
    const { publicKey: userPublicKey } = user;
    const signer = await province('H09');
    const jwt = await mintAgencyJwt(signer, { code, userPublicKey }, new Date());
    const agency = await open(jwt, user, 'H09-12-034');
    for (let count = 0; count <= MAX_AGENCY_SUBSCRIPTIONS; count += 1) {
      agency.subscribe(`_INBOX.H09-12-034.${count}`, { callback: () => undefined });
    }
    await waitUntil(() => /maximum subscriptions/i.test((refusals.get(agency) ?? []).join(' ')));
    // What the server tells a client is the limit that it applies to it.
    expect(agency.info?.max_payload).toBe(MAX_AGENCY_PAYLOAD_BYTES);
    await agency.close();
  });

  it('end with its JWT, and begin five minutes before it was made', async () => {
    const user = createNatsKey('user');
    const { publicKey: userPublicKey } = user;
    const signer = await province('H09');
    const at = async (offsetMs: number) =>
      await mintAgencyJwt(signer, { code, userPublicKey }, new Date(Date.now() + offsetMs));
    expect(await isRefused(await at(-90 * DAY_MS - 1_000), user)).toBe(true);
    expect(await isRefused(await at(-89 * DAY_MS), user)).toBe(false);
    expect(await isRefused(await at(4 * 60_000), user)).toBe(false);
    expect(await isRefused(await at(6 * 60_000), user)).toBe(true);
  });
});

it('a site that is tied to networks lets its agencies in from these only', async () => {
  const { operator } = server;
  const targets = { servers: [server.url] };
  const user = createNatsKey('user');
  const signer = await operator.siteSigner('H09');
  const jwt = await mintAgencyJwt(signer, { code, userPublicKey: user.publicKey }, new Date());
  await pushAccount(operator, await operator.setSiteNetworks('H09', ['10.0.0.0/8']), targets);
  expect(await isRefused(jwt, user)).toBe(true);
  const local = await operator.setSiteNetworks('H09', ['10.0.0.0/8', '127.0.0.0/8']);
  await pushAccount(operator, local, targets);
  expect(await isRefused(jwt, user)).toBe(false);
  for (const bad of [
    '*',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '300.0.0.0/8',
    'fe80::%1/64',
  ]) {
    const attempt = operator.setSiteNetworks('H09', [bad]);
    await expect(attempt).rejects.toMatchObject({ code: 'BUS_NETWORK_INVALID' });
  }
  await pushAccount(operator, await operator.setSiteNetworks('H09', []), targets);
});

it('an account is signed again only when it changed, and never twice in one second', async () => {
  const { operator } = server;
  const first = await operator.agencyAccountJwt('H44');
  expect(await operator.agencyAccountJwt('H44')).toEqual(first);
  const second = await operator.revokeUser('H44', createNatsKey('user').publicKey);
  const third = await operator.revokeUser('H44', createNatsKey('user').publicKey);
  const issued = [first, second, third].map(({ jwt }) => iat(jwt));
  expect(new Set(issued).size).toBe(3);
  expect(issued.toSorted((a, b) => a - b)).toEqual(issued);
});

/** The pause between two JWTs of one account. */
const ACCOUNT_PAUSE_MS = 1_000;

async function seedOf(site: string): Promise<string> {
  const content = await server.operator.siteSignerFile(site);
  return /"seed": "(SA[A-Z2-7]+)"/.exec(content)?.[1] ?? '';
}

function scoped(accountPublicKey: string, user: NatsKey, name: string, tags: readonly string[]) {
  const now = new Date();
  const expiresAt = new Date(now.getTime() + 60_000);
  return { name, tags, userPublicKey: user.publicKey, accountPublicKey, expiresAt, now };
}

function iat(jwt: string): number {
  const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  return typeof claims === 'object' && claims !== null && 'iat' in claims ? Number(claims.iat) : 0;
}

it('lets a service sign on that works for every province', async () => {
  const sites = Array.from({ length: 64 }, (_, index) => `H${String(index).padStart(2, '0')}`);
  const many = join(folder, 'provinces');
  const wide = await startLocalServer({ folder: many, sites, maxStoreBytes: 64 * 1024 * 1024 });
  try {
    const credentials = await wide.operator.serviceCredentials(new Date());
    await using connection = await connectSite({ servers: wide.url, credentials });
    expect(connection.status()).toBe('connected');
  } finally {
    await wide.stop();
  }
});

describe('keys that were put back from an older copy', () => {
  it('let nobody in whom the server refuses, whatever account is handed over next', async () => {
    const copy = join(folder, 'yesterday');
    await cp(server.operator.folder, copy, { recursive: true });
    const signer = await server.operator.siteSigner('H09');
    const bad = createNatsKey('user');
    const jwt = await mintAgencyJwt(signer, { code, userPublicKey: bad.publicKey }, new Date());
    const targets = { servers: [server.url] };
    await revokeUser(server.operator, { site: 'H09', userPublicKey: bad.publicKey }, targets);
    const relay = createNatsKey('user').publicKey;
    await revokeServiceUser(server.operator, { account: 'RELAY', userPublicKey: relay }, targets);

    const old = await openOperator(copy);
    expect(await old.revokedUsers('H09')).not.toContain(bad.publicKey);
    const other = createNatsKey('user').publicKey;
    const results = await revokeUser(old, { site: 'H09', userPublicKey: other }, targets);
    expect(results).toEqual([{ server: server.url }]);
    expect(await isRefused(jwt, bad)).toBe(true);
    expect(await old.revokedUsers('H09')).toEqual(expect.arrayContaining([bad.publicKey, other]));
    await pushAccount(old, await old.serviceAccountJwt('RELAY'), targets);
    expect(await old.writeDownRevoked('RELAY', [relay])).toEqual([]);
  });

  it('learn from what the resolver kept when the server starts on them', async () => {
    const own = await startLocalServer({ folder: join(folder, 'restored'), sites: ['H09'] });
    const targets = { servers: [own.url] };
    const copy = join(folder, 'restored-keys');
    await cp(own.operator.folder, copy, { recursive: true });
    const bad = createNatsKey('user').publicKey;
    await revokeUser(own.operator, { site: 'H09', userPublicKey: bad }, targets);
    await own.stop();
    await rm(own.operator.folder, { recursive: true });
    await cp(copy, own.operator.folder, { recursive: true });
    await using again = await startLocalServer({ folder: own.folder, sites: ['H09'] });
    expect(await again.operator.revokedUsers('H09')).toEqual([bad]);
  });

  it('believe no account that another operator signed, nor one that was changed', async () => {
    const strange = await openOperator(join(folder, 'strange'));
    await strange.addSite('H09');
    const { jwt } = await strange.revokeUser('H09', createNatsKey('user').publicKey);
    expect(await server.operator.takeBackRevocations(jwt)).toEqual([]);
    const own = await server.operator.revokeUser('H44', createNatsKey('user').publicKey);
    const [head = '', body = '', signature = ''] = own.jwt.split('.');
    const claims = Buffer.from(body, 'base64url').toString();
    const key = createNatsKey('user').publicKey;
    const forged = claims.replace(/U[A-Z2-7]{55}/, key);
    expect(forged).not.toBe(claims);
    const text = `${head}.${Buffer.from(forged).toString('base64url')}.${signature}`;
    expect(await server.operator.takeBackRevocations(text)).toEqual([]);
    expect(await server.operator.takeBackRevocations('no jwt')).toEqual([]);
    expect(await server.operator.revokedUsers('H44')).not.toContain(key);
  });
});

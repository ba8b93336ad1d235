import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { encodePem, writePkcs12 } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { type AgencyConnection, connectAgency } from '../../src/broker/agency-connection.ts';
import type { TlsMaterial } from '../../src/broker/tls-material.ts';
import { tlsFaultOf } from '../../src/broker/tls-fault.ts';
import { BusError, type BusErrorDetails } from '../../src/errors.ts';
import { findNatsServer } from '../../src/local-server/find.ts';
import { chooseQuietPorts } from '../../src/local-server/loopback.ts';
import { sendSignal, spawnServer } from '../../src/local-server/process.ts';
import { type LocalOperator, openOperator } from '../../src/operator/operator.ts';
import { revokeUser } from '../../src/operator/push.ts';
import { renderServerConfig } from '../../src/plan/server-config.ts';
import { mintAgencyCredentials } from '../../src/site/credentials.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';

const CODE = parseAgencyCode('H09.12');
const PASSPHRASE = 'mật khẩu thử nghiệm';
const WAIT_MS = 40_000;
const DAY_MS = 86_400_000;

interface Life {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** As seen by a clock that is 300 days behind. */
const future = (): Life => ({ notBefore: inDays(300), notAfter: inDays(600) });
const past = (): Life => ({ notBefore: inDays(-400), notAfter: inDays(-1) });

describe('a broker that asks for certificates', () => {
  let folder: string;
  let pki: TestPki;
  let operator: LocalOperator;
  let credentials: Uint8Array;
  let server: ChildProcess | undefined;
  let url: string;
  let start: () => Promise<void>;
  /** Puts another certificate into the server's files; it counts from the next start. */
  let certify: (life?: Life, from?: TestPki) => Promise<void>;

  const kill = async (): Promise<void> => {
    if (server?.pid === undefined || server.signalCode !== null) return;
    sendSignal(server.pid, 'SIGKILL');
    await once(server, 'exit');
  };
  const connect = async (tls?: TlsMaterial, timeoutMs = 5_000): Promise<AgencyConnection> =>
    await connectAgency({
      servers: url,
      credentials,
      code: CODE,
      site: 'H09',
      name: 'test',
      connectTimeoutMs: timeoutMs,
      ...(tls === undefined ? {} : { tls }),
    });
  const client = async (from = pki, notAfter?: Date): Promise<TlsMaterial> => {
    const subject = { commonName: 'Sở Nội vụ', use: 'client' as const };
    const issued = await from.issue(notAfter === undefined ? subject : { ...subject, notAfter });
    return { ca: [rootOf(pki)], client: { p12: p12(issued), passphrase: PASSPHRASE } };
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-tls-'));
    pki = await createTestPki();
    operator = await openOperator(join(folder, 'operator'));
    await operator.addSite('H09');
    credentials = await mintAgencyCredentials(operator, { code: CODE, site: 'H09' }, new Date());
    const files = {
      ca: join(folder, 'ca.pem'),
      cert: join(folder, 'a.pem'),
      key: join(folder, 'k.pem'),
    };
    await writeFile(files.ca, rootOf(pki));
    certify = async (life = {}, from = pki) => {
      const own = await from.issue({ commonName: '127.0.0.1', use: 'tls', ...life });
      await writeFile(files.cert, pemOf([own.certificate, ...own.chain]));
      const key = own.keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
      await writeFile(files.key, key, { mode: 0o600 });
    };
    await certify();
    const [clientPort = 0, monitorPort = 0] = await chooseQuietPorts(2);
    url = `tls://localhost:${clientPort}`;
    await mkdir(join(folder, 'jwt'));
    const config = renderServerConfig({
      name: 'tls',
      listenHost: '127.0.0.1',
      clientPort,
      monitorPort,
      operatorJwt: await operator.operatorJwt(),
      systemAccount: operator.systemAccountPublicKey(),
      accounts: await operator.accountJwts(),
      resolverFolder: join(folder, 'jwt'),
      storeFolder: join(folder, 'store'),
      domain: null,
      maxStoreBytes: 64 * 1024 * 1024,
      syncAlways: false,
      cluster: null,
      leafHub: null,
      leafRemote: null,
      tls: files,
      logFile: null,
      pidFile: null,
    });
    await writeFile(join(folder, 'nats.conf'), config);
    const { path } = await findNatsServer();
    start = async () => {
      server = spawnServer(path, ['-c', join(folder, 'nats.conf')], join(folder, 'log'), false);
      await waitUntil(async () => {
        try {
          await (await connect(await client())).close();
          return true;
        } catch (error) {
          // Refused credentials and refused certificates are answers: the server is there.
          return !/refused$|ECONNREFUSED/u.test(String(error));
        }
      });
    };
    await start();
  });
  afterEach(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });

  it('takes an agency with a certificate of its authority, and no other', async () => {
    await using connection = await connect(await client());
    expect(connection.status()).toBe('connected');
    await expect(connect()).rejects.toMatchObject({ code: 'BUS_CONNECT_FAILED' });
    // Servers of before Go 1.22 call every such certificate a bad one.
    const refusedFor = async (reason: string, tls: TlsMaterial): Promise<void> => {
      const details = await detailsOf(connect(tls, 800));
      expect(details).toMatchObject({ refused: 0, tlsFault: 'client-refused' });
      expect([reason, 'BAD_CERTIFICATE']).toContain(details['tlsReason']);
    };
    await refusedFor('CERTIFICATE_REQUIRED', { ca: [rootOf(pki)] });
    await refusedFor('UNKNOWN_CA', await client(await createTestPki()));
    await refusedFor('CERTIFICATE_EXPIRED', await client(pki, inDays(-1)));
  });

  it('shows that its certificate does not hold now, and at what time it would', async () => {
    const tls = await client();
    const life = future();
    await kill();
    await certify(life);
    await start();
    const early = await detailsOf(connect(tls));
    expect(early).toMatchObject({ refused: 0, tlsFault: 'server-not-yet-valid' });
    expect(tlsFaultOf(early)).toEqual({
      kind: 'server-not-yet-valid',
      atMs: Math.floor(Number(life.notBefore) / 1_000) * 1_000,
    });
    await kill();
    await certify(past());
    await start();
    expect(await detailsOf(connect(tls))).toMatchObject({ tlsFault: 'server-expired' });
  });

  it('says nothing about the time when a stranger answers in its place', async () => {
    const tls = await client();
    const stranger = await createTestPki();
    for (const life of [future(), past()]) {
      await kill();
      await certify(life, stranger);
      await start();
      const untrusted = { tlsFault: 'server-untrusted', tlsReason: 'UNKNOWN_AUTHORITY' };
      expect(await detailsOf(connect(tls))).toMatchObject(untrusted);
    }
  });

  it('is found with a certificate that has ended by an agency that was connected', async () => {
    await using connection = await connect(await client());
    await kill();
    await certify(past());
    await start();
    await waitUntil(() => connection.trouble()?.kind === 'certificate', WAIT_MS);
    expect(connection.trouble()?.fault).toMatchObject({ kind: 'server-expired' });
    await kill();
    await certify();
    await start();
    await waitUntil(() => connection.status() === 'connected', WAIT_MS);
    expect(connection.trouble()).toBeUndefined();
  });

  it('is found away, and nothing else, while it is killed', async () => {
    const tls = await client();
    await kill();
    const details = await detailsOf(connect(tls));
    expect(tlsFaultOf(details)).toBeUndefined();
    expect(details).toMatchObject({ refused: 0 });
  });

  it('is not believed when its own certificate comes from elsewhere', async () => {
    const stranger = await createTestPki();
    const tls = { ...(await client()), ca: [rootOf(stranger)] };
    const details = { tlsFault: 'server-untrusted', tlsReason: 'UNABLE_TO_GET_ISSUER_CERT' };
    await expect(connect(tls)).rejects.toMatchObject({ code: 'BUS_CONNECT_FAILED', details });
  });

  it('does not look at revocation lists: the broker rights shut an agency out', async () => {
    const revoked = await pki.issue({ commonName: 'Sở Nội vụ', use: 'client' });
    await pki.revoke(revoked.certificate);
    const tls = { ca: [rootOf(pki)], client: { p12: p12(revoked), passphrase: PASSPHRASE } };
    await using connection = await connect(tls);
    expect(connection.status()).toBe('connected');

    const { readCredentials } = await import('../../src/broker/jwt.ts');
    const { userPublicKey } = await readCredentials(credentials);
    const startedMs = performance.now();
    const targets = { servers: [url], tls: await client() };
    const results = await revokeUser(operator, { site: 'H09', userPublicKey }, targets);
    expect(results).toEqual([{ server: url }]);
    await waitUntil(() => connection.status() === 'disconnected');
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await expect(connect(await client())).rejects.toMatchObject({ details: { refused: 1 } });

    await kill();
    await start();
    await expect(connect(await client())).rejects.toMatchObject({ details: { refused: 1 } });
  });
});

function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

async function detailsOf(connecting: Promise<AgencyConnection>): Promise<BusErrorDetails> {
  try {
    await (await connecting).close();
  } catch (error) {
    if (error instanceof BusError) return error.details;
    throw error;
  }
  throw new Error('connected, though it should not have been');
}

function p12({ certificate, chain, keys }: TestSigner): Uint8Array {
  const { privateKey } = keys;
  const content = { privateKey, certificate, chain, friendlyName: 'tls', passphrase: PASSPHRASE };
  return writePkcs12({ ...content, iterations: 2_048 });
}

function pemOf(certificates: readonly { readonly der: Uint8Array }[]): string {
  return certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
}

function rootOf(pki: TestPki): string {
  return pemOf([pki.root]);
}

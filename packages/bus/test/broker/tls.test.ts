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
import type { TlsMaterial } from '../../src/broker/connection.ts';
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
const DAY_MS = 86_400_000;

describe('a broker that asks for certificates', () => {
  let folder: string;
  let pki: TestPki;
  let operator: LocalOperator;
  let credentials: Uint8Array;
  let server: ChildProcess | undefined;
  let url: string;
  let start: () => Promise<void>;

  const kill = async (): Promise<void> => {
    if (server?.pid === undefined || server.exitCode !== null) return;
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
    const own = await pki.issue({ commonName: '127.0.0.1', use: 'tls' });
    const files = {
      ca: join(folder, 'ca.pem'),
      cert: join(folder, 'a.pem'),
      key: join(folder, 'k.pem'),
    };
    await writeFile(files.ca, rootOf(pki));
    await writeFile(files.cert, pemOf([own.certificate, ...own.chain]));
    const key = own.keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeFile(files.key, key, { mode: 0o600 });
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
    // In TLS 1.3 a refused certificate shows as a server that says nothing more.
    const refused = { code: 'BUS_CONNECT_FAILED' };
    await expect(connect()).rejects.toMatchObject(refused);
    await expect(connect({ ca: [rootOf(pki)] }, 800)).rejects.toMatchObject(refused);
    const stranger = await createTestPki();
    await expect(connect(await client(stranger), 800)).rejects.toMatchObject(refused);
    const expired = await client(pki, new Date(Date.now() - DAY_MS));
    await expect(connect(expired, 800)).rejects.toMatchObject(refused);
  });

  it('is not believed when its own certificate comes from elsewhere', async () => {
    const stranger = await createTestPki();
    const tls = { ...(await client()), ca: [rootOf(stranger)] };
    await expect(connect(tls)).rejects.toMatchObject({ code: 'BUS_CONNECT_FAILED' });
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

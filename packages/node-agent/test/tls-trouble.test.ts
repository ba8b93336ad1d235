import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

import { findNatsServer } from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { encodePem, writePkcs12 } from '@congvan/signer';
import { type TestPki, createTestPki } from '@congvan/signer/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Agent, type Condition, layoutOf } from '../src/index.ts';
import { PASSPHRASE } from './support/passphrase.ts';
import { type Office, type Town, TEST_ITERATIONS, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 30_000;
const DAY_MS = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

interface Life {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const ENDED: Life = { notBefore: inDays(-400), notAfter: inDays(-1) };

describe('an agent whose broker asks for certificates', () => {
  let town: Town;
  let office: Office;
  let neighbour: Office;
  let port: number;
  let server: ChildProcess | undefined;
  let agent: Agent | undefined;

  const kill = async (): Promise<void> => {
    if (server === undefined) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
    server = undefined;
  };
  /** A server of its own, where this agency's folder points now. */
  const serve = async (life: Life, from: TestPki = town.pki): Promise<void> => {
    await kill();
    const file = (name: string): string => join(town.folder, name);
    const own = await from.issue({ commonName: '127.0.0.1', use: 'tls', ...life });
    await writeFile(file('ca.pem'), pemOf([town.pki.root]));
    await writeFile(file('server.pem'), pemOf([own.certificate, ...own.chain]));
    const key = own.keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeFile(file('server.key'), key, { mode: 0o600 });
    const tls = `ca_file: "${file('ca.pem')}", cert_file: "${file('server.pem')}", key_file: "${file('server.key')}"`;
    const config = `listen: "127.0.0.1:${port}"\ntls { ${tls}, verify: true }\n`;
    await writeFile(file('tls.conf'), config);
    const { path } = await findNatsServer();
    server = spawn(path, ['-c', file('tls.conf')], { stdio: 'ignore' });
    await waitUntil(async () => await listens(port), WAIT_MS);
  };
  const putOwn = async (life: Life): Promise<void> => {
    const own = await town.pki.issue({ commonName: 'Sở Nội vụ', use: 'client', ...life });
    const { certificate, chain, keys } = own;
    const content = { privateKey: keys.privateKey, certificate, chain, friendlyName: 'tls' };
    const p12 = writePkcs12({ ...content, passphrase: PASSPHRASE, iterations: TEST_ITERATIONS });
    await writeFile(layoutOf(office.home).tlsKey, p12);
  };
  const conditionOf = (code: string): Condition | undefined =>
    agent?.status().conditions.find((one) => one.code === code);
  const untilStands = async (code: string, stands = true): Promise<void> =>
    await waitUntil(() => (conditionOf(code) !== undefined) === stands, WAIT_MS);

  beforeEach(async () => {
    town = await foundTown();
    office = await town.addOffice({ code: 'H09.12', tier: 'province', site: 'H09' });
    neighbour = await town.addOffice({ code: 'H09.13', tier: 'province', site: 'H09' });
    const first = await office.open();
    await waitUntil(() => first.status().directoryEntries >= 3, WAIT_MS);
    await first.close();
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const address = free.address();
    port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    free.close();
    await once(free, 'close');
    const { config } = layoutOf(office.home);
    const settings = await readFile(config, 'utf8');
    const moved = settings.replace(town.bus.url, `tls://localhost:${port}`);
    await writeFile(config, moved.replace('{', '{"tls":{"anchors":"trust/anchors"},'));
    await putOwn({});
  });

  afterEach(async () => {
    await agent?.close();
    agent = undefined;
    await kill();
    await town[Symbol.asyncDispose]();
  });

  it('numbers nothing while its clock is before the beginning of the server certificate', async () => {
    await serve({ notBefore: inDays(300), notAfter: inDays(600) });
    agent = await office.open();
    await untilStands('CLOCK_WRONG');
    const { facts, action, detail } = conditionOf('CLOCK_WRONG') ?? {};
    expect(Number(facts?.['offsetSeconds'])).toBeGreaterThan((299 * DAY_MS) / 1_000);
    expect(detail).toContain(String(facts?.['certificateFrom']));
    expect(action).toContain('NTP');
    expect(conditionOf('BROKER_UNREACHABLE')).toBeUndefined();
    const pdf = await makePdf('dong ho sai');
    const request = {
      to: [neighbour.code],
      document: { name: 'van-ban.pdf', pdf },
      abstract: 'Văn bản khi đồng hồ sai',
      documentType: 'Công văn',
    };
    await expect(agent.send(request)).rejects.toMatchObject({ code: 'AGENT_CLOCK_WRONG' });
    expect(agent.listRegister()).toEqual([]);
    await serve({});
    await untilStands('CLOCK_WRONG', false);
    await waitUntil(() => agent?.status().broker === 'connected', WAIT_MS);
    await agent.send(request);
  });

  it('says that the certificate of the server has ended, and whom to tell', async () => {
    await serve(ENDED);
    agent = await office.open();
    await untilStands('BROKER_CERTIFICATE_EXPIRED');
    expect(conditionOf('BROKER_CERTIFICATE_EXPIRED')).toMatchObject({
      severity: 'error',
      action: expect.stringContaining('operator') as unknown,
    });
    expect(conditionOf('BROKER_UNREACHABLE')).toBeUndefined();
    // A certificate that has ended may be the server's fault alone.
    expect(conditionOf('CLOCK_WRONG')).toBeUndefined();
    // Who runs beside it sees the same.
    await using desk = await office.open({ mode: 'desk' });
    expect(desk.status().conditions.map(({ code }) => code)).toContain(
      'BROKER_CERTIFICATE_EXPIRED',
    );
    await kill();
    await untilStands('BROKER_UNREACHABLE');
    await untilStands('BROKER_CERTIFICATE_EXPIRED', false);
  });

  it('does not believe the time of a stranger', async () => {
    await serve({ notBefore: inDays(300), notAfter: inDays(600) }, await createTestPki());
    agent = await office.open();
    await untilStands('BROKER_UNTRUSTED');
    expect(conditionOf('CLOCK_WRONG')).toBeUndefined();
  });

  it('says that its own certificate is refused, and takes a new one by itself', async () => {
    await serve({});
    await putOwn(ENDED);
    agent = await office.open();
    await untilStands('CERTIFICATE_EXPIRING');
    expect(conditionOf('CERTIFICATE_EXPIRING')?.facts).toMatchObject({ use: 'tls' });
    await untilStands('CERTIFICATE_REFUSED');
    const { detail } = conditionOf('CERTIFICATE_REFUSED') ?? {};
    expect(detail).toContain(
      new Date(Math.floor(Number(ENDED.notAfter) / 1_000) * 1_000).toISOString(),
    );
    await putOwn({});
    await untilStands('CERTIFICATE_REFUSED', false);
    await waitUntil(() => agent?.status().broker === 'connected', WAIT_MS);
  });
});

function pemOf(certificates: readonly { readonly der: Uint8Array }[]): string {
  return certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

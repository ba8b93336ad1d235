import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { connectAgency } from '../../src/broker/agency-connection.ts';
import { readCredentials } from '../../src/broker/jwt.ts';
import { BusError } from '../../src/errors.ts';
import { findNatsServer } from '../../src/local-server/find.ts';
import {
  GREETING_TIMEOUT_MS,
  chooseQuietPorts,
  readGreeting,
} from '../../src/local-server/loopback.ts';
import { revokeUser } from '../../src/operator/push.ts';
import { openPlan, writePlan, writeServerConfigs } from '../../src/plan/write-plan.ts';
import { mintAgencyCredentials } from '../../src/site/credentials.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';

let folder: string;
let client: number;
let server: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-lost-server-'));
});
afterAll(async () => {
  server?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

it('a server that lost its disk starts from the written file and lets nobody in who was shut out', async () => {
  const out = join(folder, 'bus');
  await writePlan(await describeBus(), 'bus.yaml', out, { now: new Date() });
  const opened = { folder: out, ...(await openPlan(out)) };
  const operator = opened.operators.get('bus');
  if (operator === undefined) throw new Error('no keys');
  await startServer(out);
  const thief = await agency('H09.12.034');
  const neighbour = await agency('H09.12.035');
  expect([await thief.isLetIn(), await neighbour.isLetIn()]).toEqual([true, true]);

  const user = { site: 'H09', userPublicKey: thief.userPublicKey };
  await revokeUser(operator, user, { servers: [`nats://127.0.0.1:${client}`] });
  expect(await writeServerConfigs(opened, ['bus'])).toEqual(['servers/n1/nats-server.conf']);
  expect(await writeServerConfigs(opened, ['bus'])).toEqual([]);
  expect([await thief.isLetIn(), await neighbour.isLetIn()]).toEqual([false, true]);

  await stopServer();
  await rm(join(folder, 'data'), { recursive: true });
  await startServer(out);
  expect([await thief.isLetIn(), await neighbour.isLetIn()]).toEqual([false, true]);

  async function agency(text: string) {
    const code = parseAgencyCode(text);
    if (operator === undefined) throw new Error('no keys');
    const credentials = await mintAgencyCredentials(operator, { code, site: 'H09' }, new Date());
    const { userPublicKey } = await readCredentials(credentials);
    const isLetIn = async (): Promise<boolean> => {
      const servers = `nats://127.0.0.1:${client}`;
      try {
        await (
          await connectAgency({ servers, credentials, code, site: 'H09', name: 'test' })
        ).close();
        return true;
      } catch (error) {
        if (error instanceof BusError && error.code === 'BUS_CONNECT_FAILED') return false;
        throw error;
      }
    };
    return { userPublicKey, isLetIn };
  }
});

async function describeBus(): Promise<string> {
  const ports = await chooseQuietPorts(4);
  const [own = 0, cluster = 0, leaf = 0, monitor = 0] = ports;
  client = own;
  const { version } = await findNatsServer();
  return `name: tinh
plan: flat
server: ${version}
servers:
  - { name: n1, host: 127.0.0.1, client: ${own}, cluster: ${cluster}, leaf: ${leaf}, monitor: ${monitor}, data: ${folder}/data, disk: 10GB }
sites: [{ code: H09 }]
`;
}

async function startServer(out: string): Promise<void> {
  const { path } = await findNatsServer();
  const config = join(out, 'servers/n1/nats-server.conf');
  server = spawn(path, ['-c', config], { stdio: 'ignore' });
  await waitUntil(async () => (await readGreeting(client, GREETING_TIMEOUT_MS)) !== undefined);
}

async function stopServer(): Promise<void> {
  if (server === undefined) return;
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { isAlive } from '../../src/local-server/process.ts';
import {
  findLocalServer,
  startLocalServer,
  stopLocalServer,
} from '../../src/local-server/start.ts';
import { waitUntil } from '../../src/testing/index.ts';

const STORE_BYTES = 2 * 1024 ** 3;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-server-'));
});

afterEach(async () => {
  await stopLocalServer(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const options = () => ({ folder, sites: ['H09'], maxStoreBytes: STORE_BYTES });

/** Another process that starts a server on the same folder and then waits. */
async function startElsewhere(how: 'child' | 'detached'): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'start-elsewhere.ts');
  const child = fork(script, [folder, how], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const message: unknown = (await once(child, 'message')).at(0);
  expect(message).toBe('started');
  return child;
}

describe('a local server', () => {
  it('keeps its port, keys and sites from one start to the next', async () => {
    const first = await startLocalServer(options());
    const { port } = first;
    const keys = await readFile(join(folder, 'operator', 'operator.seed'), 'utf8');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await startLocalServer({ ...options(), sites: ['TW'] });
    expect(second).toMatchObject({ port, adopted: false });
    expect(second.pid).not.toBe(first.pid);
    expect(await second.operator.sites()).toEqual(['H09', 'TW']);
    expect(await readFile(join(folder, 'operator', 'operator.seed'), 'utf8')).toBe(keys);
    await second.stop();
  });

  it('lets nobody else read its keys', async () => {
    await using _server = await startLocalServer(options());
    const operator = join(folder, 'operator');
    expect((await stat(operator)).mode & 0o777).toBe(0o700);
    const entries = await readdir(operator, { withFileTypes: true });
    expect(entries.map(({ name }) => name).toSorted()).toEqual([
      'AGENCY_H09.seed',
      'AGENCY_H09.signer.json',
      'RELAY.seed',
      'STORE.seed',
      'SYS.seed',
      'jwt',
      'operator.seed',
    ]);
    for (const entry of entries.filter((one) => one.isFile())) {
      expect((await stat(join(operator, entry.name))).mode & 0o777).toBe(0o600);
    }
  });

  it('waits longer than two seconds for those that sign on while all return at once', async () => {
    await using server = await startLocalServer(options());
    const socket = connect(server.port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
    await sleep(2_500);
    socket.write('CONNECT {"verbose":false}\r\nPING\r\n');
    await once(socket, 'close');
    expect(heard).toContain('Authorization Violation');
    expect(heard).not.toContain('Timeout');
  });

  it('takes another port when its own is taken meanwhile', async () => {
    const first = await startLocalServer(options());
    await first.stop();
    const thief = createServer().listen(first.port, '127.0.0.1');
    await once(thief, 'listening');
    await using second = await startLocalServer(options());
    expect(second.port).not.toBe(first.port);
    thief.close();
  });

  it('says what the server said when it does not start', async () => {
    const thief = createServer().listen(0, '127.0.0.1');
    await once(thief, 'listening');
    const address = thief.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startLocalServer({ ...options(), port })).rejects.toMatchObject({
      code: 'BUS_SERVER_START_FAILED',
      message: expect.stringMatching(/address already in use/) as unknown,
    });
    thief.close();
    expect(await findLocalServer(folder)).toBeUndefined();
  });

  it('is adopted by a second start, or the second is refused', async () => {
    await using first = await startLocalServer(options());
    const second = await startLocalServer({ ...options(), sites: ['H09', 'H44'] });
    expect(second).toMatchObject({ pid: first.pid, port: first.port, adopted: true });
    expect(await second.operator.sites()).toEqual(['H09', 'H44']);
    await second.stop();
    expect(isAlive(first.pid)).toBe(true);
    await expect(startLocalServer({ ...options(), whenRunning: 'refuse' })).rejects.toMatchObject({
      code: 'BUS_SERVER_RUNNING',
      details: { pid: first.pid },
    });
  });

  it('starts once when two start at the same moment', async () => {
    const [first, second] = await Promise.all([
      startLocalServer(options()),
      startLocalServer(options()),
    ]);
    expect(first.pid).toBe(second.pid);
    expect([first, second].filter(({ adopted }) => adopted)).toHaveLength(1);
  });

  it('goes on when its starter is killed, and the next start adopts it', async () => {
    const elsewhere = await startElsewhere('child');
    elsewhere.kill('SIGKILL');
    await once(elsewhere, 'exit');
    const server = await startLocalServer(options());
    expect(server.adopted).toBe(true);
    expect(await stopLocalServer(folder)).toBe(true);
    expect(isAlive(server.pid)).toBe(false);
    expect(await stopLocalServer(folder)).toBe(false);
  });

  it('ends with its starter when that ends by itself', async () => {
    const elsewhere = await startElsewhere('child');
    const running = await findLocalServer(folder);
    expect(running).toBeDefined();
    elsewhere.send('exit');
    await once(elsewhere, 'exit');
    await waitUntil(() => !isAlive(running?.pid ?? 0));
    expect(await findLocalServer(folder)).toBeUndefined();
  });

  it('outlives its starter when it was started detached', async () => {
    const elsewhere = await startElsewhere('detached');
    elsewhere.send('exit');
    await once(elsewhere, 'exit');
    const running = await findLocalServer(folder);
    expect(isAlive(running?.pid ?? 0)).toBe(true);
    expect(await stopLocalServer(folder)).toBe(true);
  });

  it('replaces what a killed server left behind', async () => {
    const first = await startLocalServer(options());
    process.kill(first.pid, 'SIGKILL');
    await first.exited();
    expect(await findLocalServer(folder)).toBeUndefined();
    await using second = await startLocalServer(options());
    expect(second).toMatchObject({ adopted: false, port: first.port });
  });

  it('is not mistaken for another process that has its number by now', async () => {
    const state = { pid: process.pid, port: 1, serverName: 'congvan_gone' };
    await writeFile(join(folder, 'server.json'), JSON.stringify(state));
    expect(await findLocalServer(folder)).toBeUndefined();
    await using server = await startLocalServer(options());
    expect(server.adopted).toBe(false);
  });

  it('hosts a new site while it runs, and still after a restart', async () => {
    const first = await startLocalServer(options());
    await first.addSite('H44');
    await first.stop();
    await using second = await startLocalServer(options());
    expect(await second.operator.sites()).toEqual(['H09', 'H44']);
  });
});

import { createServer } from 'node:net';

import { waitUntil } from '@congvan/bus/testing';
import { expect, it } from 'vitest';

import { execCli } from './run-cli.ts';
import { createTown } from './town.ts';

interface Status {
  readonly url: string;
  readonly pid: number;
  readonly sites: readonly string[];
}

it('runs in the foreground until Ctrl-C, and cleans up', async () => {
  await using town = await createTown();
  const bus = await town.start(['bus', 'up', '--site', 'H09'], /nats:\/\/127\.0\.0\.1:\d+/);
  const status = await town.json<Status>(['bus', 'status']);
  expect(status.sites).toEqual(['H09']);
  const second = await town.run(['bus', 'up']);
  expect(second).toMatchObject({ code: 6 });
  expect(second.err).toContain('BUS_SERVER_RUNNING');
  expect(await bus.interrupt()).toBe(0);
  expect((await town.run(['bus', 'status'])).code).toBe(7);
});

it('goes on in the background, takes a further site, and keeps its port', async () => {
  await using town = await createTown();
  expect(await town.run(['bus', 'up', '--detach'])).toMatchObject({ code: 0 });
  const first = await town.json<Status>(['bus', 'up', '--detach', '--site', 'H45']);
  expect(first).toMatchObject({ adopted: true, sites: ['H45', 'TW'] });
  // The program, not only the function: it must not stay to watch a server that is not its own.
  expect(await execCli(['--home', town.home, 'bus', 'up', '--detach'])).toMatchObject({ code: 0 });
  expect(await town.run(['bus', 'down'])).toMatchObject({ code: 0 });
  expect(await town.run(['bus', 'down'])).toMatchObject({ code: 0, out: 'not running\n' });
  const again = await town.json<Status>(['bus', 'up', '--detach']);
  expect(again).toMatchObject({ url: first.url, sites: ['H45', 'TW'] });
});

it('keeps its port when a start on another one fails', async () => {
  await using town = await createTown();
  const first = await town.json<Status>(['bus', 'up', '--detach']);
  await town.run(['bus', 'down']);
  const other = createServer();
  await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready));
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  expect((await town.run(['bus', 'up', '--detach', '--port', port])).code).toBe(7);
  await new Promise((closed) => other.close(closed));
  const again = await town.json<Status>(['bus', 'up', '--detach']);
  expect(again.url).toBe(first.url);
});

it('ends with 7 when the server dies under it', async () => {
  await using town = await createTown();
  const bus = await town.start(['bus', 'up'], /nats:\/\/127\.0\.0\.1:\d+/);
  const { pid } = await town.json<Status>(['bus', 'status']);
  process.kill(pid, 'SIGKILL');
  await waitUntil(() => bus.process.exitCode !== null);
  expect(bus.process.exitCode).toBe(7);
  expect(bus.output()).toContain('nats-server.log');
});

it('refuses a site that is none', async () => {
  await using town = await createTown();
  expect((await town.run(['bus', 'up', '--site', 'bình-dương'])).code).toBe(2);
});

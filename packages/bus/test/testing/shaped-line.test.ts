import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';

import { startShapedLine, waitUntil } from '../../src/testing/index.ts';

/** Echoes what it gets. */
async function startEcho(): Promise<{ target: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    target: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function dial(port: number): Promise<Socket & { readonly got: () => Buffer }> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (data) => parts.push(data));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return Object.assign(socket, { got: () => Buffer.concat(parts) });
}

it('carries bytes unchanged, and no faster than its rate', async () => {
  await using echo = await startEcho();
  await using line = await startShapedLine({ target: echo.target, bitsPerSecond: 4_000_000 });
  const socket = await dial(line.port);
  const sent = Buffer.from(Array.from({ length: 250_000 }, (_, index) => (index * 7) % 251));
  const startedMs = performance.now();
  socket.write(sent);
  await waitUntil(() => socket.got().length === sent.length);
  const tookMs = performance.now() - startedMs;
  expect(socket.got().equals(sent)).toBe(true);
  expect(line.bytesUp()).toBe(sent.length);
  expect(line.bytesDown()).toBe(sent.length);
  expect(tookMs).toBeGreaterThan(470); // 250,000 bytes at 4 Mb/s take half a second
  socket.destroy();
});

it('adds its latency once each way', async () => {
  await using echo = await startEcho();
  await using line = await startShapedLine({ target: echo.target, latencyMs: 40 });
  const socket = await dial(line.port);
  const startedMs = performance.now();
  socket.write('ping');
  await waitUntil(() => socket.got().length === 4);
  expect(performance.now() - startedMs).toBeGreaterThan(79);
  socket.destroy();
});

it('swallows everything in a black hole, and goes on where it stood', async () => {
  await using echo = await startEcho();
  await using line = await startShapedLine({ target: echo.target });
  const socket = await dial(line.port);
  socket.write('before');
  await waitUntil(() => socket.got().toString() === 'before');
  line.blackHole();
  socket.write(' and after');
  const other = await dial(line.port);
  other.write('newcomer');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(socket.got().toString()).toBe('before');
  line.heal();
  await waitUntil(() => socket.got().toString() === 'before and after');
  await waitUntil(() => other.got().toString() === 'newcomer');
  socket.destroy();
  other.destroy();
});

it('ends connections when it is cut, and takes new ones when it is healed', async () => {
  await using echo = await startEcho();
  await using line = await startShapedLine({ target: echo.target });
  const socket = await dial(line.port);
  socket.write('x');
  await waitUntil(() => socket.got().length === 1);
  line.cut();
  await waitUntil(() => socket.closed);
  const refused = await dial(line.port).catch(() => undefined);
  await waitUntil(() => refused === undefined || refused.closed);
  line.heal();
  const again = await dial(line.port);
  again.write('y');
  await waitUntil(() => again.got().length === 1);
  again.destroy();
});

it('holds a fast sender back instead of keeping its bytes', async () => {
  await using echo = await startEcho();
  await using line = await startShapedLine({ target: echo.target, bitsPerSecond: 1_000_000 });
  const socket = await dial(line.port);
  for (let index = 0; index < 400; index += 1) socket.write(Buffer.alloc(64 * 1024));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(socket.writableLength).toBeGreaterThan(10 * 1024 * 1024);
  socket.destroy();
});

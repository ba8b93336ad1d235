import { once } from 'node:events';
import { type Server, connect, createServer } from 'node:net';

/** The first line that a NATS server says to every client. */
export interface ServerGreeting {
  readonly serverName: string;
  readonly version: string;
}

export const GREETING_TIMEOUT_MS = 2_000;
const MAX_GREETING_BYTES = 64 * 1024;

/** @returns who listens on a loopback port, `undefined` when nobody does or it is no NATS server. */
export async function readGreeting(
  port: number,
  timeoutMs: number,
): Promise<ServerGreeting | undefined> {
  return await new Promise((resolve) => {
    let received = '';
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (greeting: ServerGreeting | undefined) => {
      socket.destroy();
      resolve(greeting);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => finish(undefined));
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
    socket.on('data', (chunk: string) => {
      received += chunk;
      const end = received.indexOf('\r\n');
      if (end !== -1) finish(parseGreeting(received.slice(0, end)));
      else if (received.length > MAX_GREETING_BYTES) finish(undefined);
    });
  });
}

/** A port that is free now; it may be taken before it is used, so starting must be ready to retry. */
export async function chooseFreePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** As many different ports as asked for, all free now. */
export async function chooseFreePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const server = createServer();
      held.push(server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (typeof address === 'object' && address !== null) ports.push(address.port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((done) => server.close(done))));
  }
}

export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function parseGreeting(line: string): ServerGreeting | undefined {
  if (!line.startsWith('INFO ')) return undefined;
  try {
    const info: unknown = JSON.parse(line.slice('INFO '.length));
    if (typeof info !== 'object' || info === null) return undefined;
    const { server_name: serverName, version }: { server_name?: unknown; version?: unknown } = info;
    if (typeof serverName !== 'string' || typeof version !== 'string') return undefined;
    return { serverName, version };
  } catch {
    return undefined;
  }
}

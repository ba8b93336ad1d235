import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

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

/** Below the ports that systems hand out for outgoing connections: nobody takes one by accident. */
const FIRST_QUIET_PORT = 12_000;
const LAST_QUIET_PORT = 32_000;

/** As many different ports as asked for, free now and likely to stay so until they are used. */
export async function chooseQuietPorts(count: number): Promise<number[]> {
  const chosen = new Set<number>();
  while (chosen.size < count) {
    const port = randomInt(FIRST_QUIET_PORT, LAST_QUIET_PORT);
    if (!chosen.has(port) && (await isPortFree(port))) chosen.add(port);
  }
  return [...chosen];
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

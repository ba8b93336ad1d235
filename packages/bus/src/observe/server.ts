import { isIPv6 } from 'node:net';

import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';

import { BusError } from '../errors.ts';
import type { Part, Sample } from './metric-table.ts';
import { PartMetrics } from './registry.ts';

/** Something that keeps a part from its work now, as `/readyz` shows it. */
export interface Unreadiness {
  readonly code: string;
  readonly since: string;
  readonly detail: string;
  /** A warning does not make the part unready. */
  readonly severity: 'warning' | 'error';
}

/** What a part tells of itself; it may have to ask another thread. */
export interface Observed {
  readonly part: Part;
  readonly samples: () => readonly Sample[] | Promise<readonly Sample[]>;
  readonly conditions: () => readonly Unreadiness[] | Promise<readonly Unreadiness[]>;
}

export interface ObserveOptions extends Observed {
  /** `127.0.0.1:9464`; port 0 takes a free one. Only loopback: there is no password. */
  readonly address: string;
}

/** The HTTP side of a running part: `/metrics`, `/healthz` and `/readyz`. */
export interface ObserveServer extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 32;

/**
 * Starts it.
 *
 * `/healthz` answers 200 as long as the process turns; `/readyz` 503 while an error stands, with the
 * conditions as JSON; `/metrics` the Prometheus text format.
 *
 * @throws {@link BusError} `BUS_OBSERVE_FAILED` for an address that is not loopback or is taken.
 */
export async function startObserveServer(options: ObserveOptions): Promise<ObserveServer> {
  const { host, port } = parseLoopback(options.address);
  const server = fastify({ bodyLimit: 1, requestTimeout: REQUEST_TIMEOUT_MS });
  server.server.maxConnections = MAX_CONNECTIONS;
  addObserveRoutes(server, options);
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    throw failed(options.address, 'cannot be listened on', cause);
  }
  const bound = server.server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  const close = async (): Promise<void> => {
    server.server.closeAllConnections();
    await server.close();
  };
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${boundPort}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * `/healthz`, `/readyz` and `/metrics` of a part.
 *
 * @param guard - throws for who may not see the last two, where others than programs of this machine
 *   can ask.
 */
export function addObserveRoutes(
  server: FastifyInstance,
  observed: Observed,
  guard: (request: FastifyRequest) => void = () => undefined,
): void {
  const { part } = observed;
  const metrics = new PartMetrics(part);
  const schema = { hide: true };
  server.get('/healthz', { schema }, () => ({ status: 'live', part }));
  server.get('/readyz', { schema }, async (request, reply) => {
    guard(request);
    const conditions = await observed.conditions();
    const ready = !conditions.some(({ severity }) => severity === 'error');
    return await reply.code(ready ? 200 : 503).send({ ready, part, conditions });
  });
  server.get('/metrics', { schema }, async (request, reply) => {
    guard(request);
    const text = await metrics.render(await observed.samples());
    return await reply.header('content-type', metrics.contentType).send(text);
  });
}

function parseLoopback(address: string): { host: string; port: number } {
  const match = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\]):(\d{1,5})$/.exec(address);
  const [, host = '', portText = ''] = match ?? [];
  const port = Number(portText);
  if (match === null || port > 65_535) throw failed(address, 'is no loopback address with a port');
  return { host: host.replaceAll(/[[\]]/g, ''), port };
}

function failed(address: string, why: string, cause?: unknown): BusError {
  return new BusError('BUS_OBSERVE_FAILED', `"${address}" ${why}`, { cause, details: { address } });
}

import { isIPv6 } from 'node:net';

import { fastify } from 'fastify';

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

export interface ObserveOptions {
  readonly part: Part;
  /** `127.0.0.1:9464`; port 0 takes a free one. Only loopback: there is no password. */
  readonly address: string;
  readonly samples: () => readonly Sample[];
  readonly conditions: () => readonly Unreadiness[];
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
  const metrics = new PartMetrics(options.part);
  const server = fastify({ bodyLimit: 1, requestTimeout: REQUEST_TIMEOUT_MS });
  server.server.maxConnections = MAX_CONNECTIONS;
  server.get('/healthz', () => ({ status: 'live', part: options.part }));
  server.get('/readyz', (_request, reply) => {
    const conditions = options.conditions();
    const ready = !conditions.some(({ severity }) => severity === 'error');
    return reply.code(ready ? 200 : 503).send({ ready, part: options.part, conditions });
  });
  server.get('/metrics', async (_request, reply) => {
    const text = await metrics.render(options.samples());
    return await reply.header('content-type', metrics.contentType).send(text);
  });
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

import rateLimit from '@fastify/rate-limit';
import fastify from 'fastify';

import { ENROLMENT_PATH, MAX_ENROLMENT_REQUEST_BYTES } from '../../enrolment/protocol.ts';
import { BusError } from '../../errors.ts';
import type { EnrolmentDesk } from './desk.ts';

/** Requests of one address in a minute; an office that types a token wrong needs far fewer. */
const MAX_REQUESTS_PER_MINUTE = 30;
const MAX_CONNECTIONS = 200;
const REQUEST_TIMEOUT_MS = 60_000;
const CONNECTION_TIMEOUT_MS = 90_000;

export interface EnrolmentHttpOptions {
  readonly desk: EnrolmentDesk;
  readonly host: string;
  readonly port: number;
  /** PEM of the desk's certificate with its issuers, and of its key, which is in the clear in memory alone. */
  readonly tls: { readonly certificates: string; readonly key: string };
  readonly onError?: (error: Error) => void;
  readonly maxRequestsPerMinute?: number;
}

export interface EnrolmentHttp extends AsyncDisposable {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the desk over HTTPS: one path, small bodies, few requests. */
export async function serveEnrolmentDesk(options: EnrolmentHttpOptions): Promise<EnrolmentHttp> {
  const { desk, tls } = options;
  const server = fastify({
    https: {
      cert: tls.certificates,
      key: tls.key,
      minVersion: 'TLSv1.3' as const,
    },
    bodyLimit: MAX_ENROLMENT_REQUEST_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  await server.register(rateLimit, {
    max: options.maxRequestsPerMinute ?? MAX_REQUESTS_PER_MINUTE,
    timeWindow: 60_000,
  });
  server.setErrorHandler(async (error, _request, reply) => {
    const { status, body } = toRefusal(error);
    if (status === 500 && error instanceof Error) options.onError?.(error);
    await reply.code(status).send(body);
  });
  server.post(ENROLMENT_PATH, async ({ body }) => await desk.enrol(body));
  await server.listen({ host: options.host, port: options.port });
  const address = server.server.address();
  const close = async (): Promise<void> => await server.close();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What a caller is told. Faults of the desk itself stay here: their texts may name files. */
function toRefusal(error: unknown): { status: number; body: object } {
  if (error instanceof BusError && error.code === 'BUS_ENROLMENT_REFUSED') {
    const reason = String(error.details['reason'] ?? 'request');
    return { status: 403, body: { refused: reason, detail: error.message } };
  }
  if (error instanceof BusError && error.code === 'BUS_PAYLOAD_INVALID') {
    return { status: 400, body: { refused: 'request', detail: error.message } };
  }
  if (error instanceof BusError && error.code === 'BUS_DIRECTORY_CATCHING_UP') {
    return { status: 503, body: { detail: 'the site is being restored: try again later' } };
  }
  const status = statusOf(error);
  if (status !== undefined && status >= 400 && status < 500) {
    const body = { refused: 'request', detail: `HTTP ${status}` };
    return { status, body: status === 429 ? { detail: 'too many requests' } : body };
  }
  return { status: 500, body: { detail: 'the desk has failed; its log says why' } };
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

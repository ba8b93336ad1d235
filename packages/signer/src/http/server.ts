import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a handler gets: the body of a POST, empty for a GET. */
export interface ServiceRequest {
  readonly method: 'GET' | 'POST';
  /** Path below the route's prefix, still percent-encoded, without the query. */
  readonly rest: string;
  readonly mediaType: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface ServiceResponse {
  readonly status?: number;
  readonly mediaType: string;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export type ServiceHandler = (request: ServiceRequest) => Promise<ServiceResponse>;

/** A running service; disposing it closes the socket and all connections. */
export interface RunningService extends AsyncDisposable {
  /** `http://host:port`, without a trailing slash. */
  readonly url: string;
}

export interface ServiceOptions {
  /** Path prefix (`/tsa`, `/ocsp`, `/crl`) to handler; the longest that fits is asked. */
  readonly routes: ReadonlyMap<string, ServiceHandler>;
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  readonly maxBodyBytes?: number;
  /** Hears of what a handler threw; the client gets a bare 500. */
  readonly onError?: (error: unknown) => void;
}

/** No request of RFC 3161, RFC 6960 or a signing service is longer. */
const MAX_BODY_BYTES = 256 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** Starts a small HTTP service for TSA, OCSP, CRLs and certificates. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { host = '127.0.0.1', port = 0 } = options;
  // Loaded here: whoever only signs and verifies does without it, and 7 MB less are in use.
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.onError?.(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shownHost}:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServiceOptions,
): Promise<void> {
  const { method } = request;
  if (method !== 'GET' && method !== 'POST') {
    response.writeHead(405, { allow: 'GET, POST' }).end();
    return;
  }
  const pathname = (request.url ?? '/').split('?')[0] ?? '/';
  const prefix = [...options.routes.keys()]
    .filter((route) => pathname === route || pathname.startsWith(`${route}/`))
    .toSorted((a, b) => b.length - a.length)[0];
  const handler = prefix === undefined ? undefined : options.routes.get(prefix);
  if (handler === undefined || prefix === undefined) {
    response.writeHead(404).end();
    return;
  }
  const body = await readBody(request, options.maxBodyBytes ?? MAX_BODY_BYTES);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0] ?? '';
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  );
  const rest = pathname.slice(prefix.length);
  const result = await handler({ method, rest, mediaType: mediaType.trim(), headers, body });
  response.writeHead(result.status ?? 200, {
    'content-type': result.mediaType,
    'content-length': result.body.length,
    ...result.headers,
  });
  response.end(result.body);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk = Buffer.from(part as Uint8Array);
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

import { STATUS_CODES, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';

import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import formBody from '@fastify/formbody';
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  validatorCompiler,
} from 'fastify-type-provider-zod';

import { type RelayLog, describeError } from '../log.ts';
import { networkOf } from './address.ts';
import { problemOf, sendProblem } from './answer-error.ts';
import { registerApi } from './api.ts';
import {
  identifyCallers,
  registerLogIn,
  safeNext,
  sessionCookie,
  wantsPage,
} from './authenticate.ts';
import type { EntityTags } from './entity-tag.ts';
import type { LogIn } from './log-in.ts';
import { Problem, notFound } from './problem.ts';
import type { FiguresSource } from './source.ts';

export interface HttpServerOptions {
  readonly source: FiguresSource;
  readonly tags: EntityTags;
  readonly logIn: LogIn;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Browsers reach it over TLS: its own, or that of a proxy. */
  readonly secure: boolean;
  readonly publicOrigin: string | undefined;
  readonly trustedProxies: readonly string[];
  readonly log: RelayLog;
  /** Shows people what is wrong; without it they get what programs get. */
  readonly renderProblem?: (request: FastifyRequest, problem: Problem) => string;
  /** Adds pages, metrics and other log-ins. */
  readonly extend?: (app: FastifyInstance) => Promise<void> | void;
}

export const MIN_TLS = 'TLSv1.2';
const MAX_BODY_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_URL_LENGTH = 4_096;
const MAX_PARAM_LENGTH = 1_000;
const MAX_CONNECTIONS = 512;
/** So that one machine cannot take all; a whole office may stand behind one address. */
export const MAX_CONNECTIONS_OF_ADDRESS = 128;
const REQUEST_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 10_000;
/** Of one account, or of one address for those who have none. */
export const REQUESTS_PER_MINUTE = 600;
const MAX_COUNTED_CALLERS = 10_000;
const COMPRESS_FROM_BYTES = 1_024;
const MAX_LOGGED_PATH = 500;
const BROKEN: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** The server with everything but its socket: API, log-in, limits and headers. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const app = createFastify(options);
  app.setValidatorCompiler(validatorCompiler);
  // Tests hold what is sent to the schemas; checking each row again here would only cost.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  answerFaults(app, options);
  await app.register(cookie);
  await app.register(formBody, { bodyLimit: MAX_BODY_BYTES });
  await app.register(helmet, headersOf(options.secure));
  await app.register(compress, { threshold: COMPRESS_FROM_BYTES, encodings: ['br', 'gzip'] });
  logAccess(app, options.log);
  app.addHook('onRequest', async (request) => {
    if (request.url.length <= MAX_URL_LENGTH) return;
    throw new Problem('address-too-long', `at most ${MAX_URL_LENGTH} characters`);
  });
  identifyCallers(app, options);
  await app.register(rateLimit, {
    max: REQUESTS_PER_MINUTE,
    timeWindow: '1 minute',
    cache: MAX_COUNTED_CALLERS,
    keyGenerator: ({ viewer, ip }) => (viewer === null ? networkOf(ip) : `account ${viewer.name}`),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, () => {
    throw notFound();
  });
  await describeApi(app, options.secure);
  await app.register(
    async (scope) => {
      refuseOtherMethods(scope);
      registerApi(scope, options);
      scope.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
    },
    { prefix: '/api/v1' },
  );
  await app.register(async (scope) => {
    registerLogIn(scope, options);
    await options.extend?.(scope);
  });
  return app;
}

function createFastify({ tls, trustedProxies }: HttpServerOptions): FastifyInstance {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  return fastify({
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    serverFactory: (handler) => {
      const server: Server =
        tls === undefined
          ? createServer(limits, handler)
          : createTlsServer({ ...limits, ...tls, minVersion: MIN_TLS }, handler);
      server.maxConnections = MAX_CONNECTIONS;
      // Behind a proxy all come from one address, and the proxy has limits of its own.
      if (trustedProxies.length === 0) limitAddresses(server);
      server.on('clientError', answerBrokenRequest);
      return server;
    },
  });
}

/** Whoever has too many connections already gets no further one. */
function limitAddresses(server: Server): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = networkOf(socket.remoteAddress ?? '');
    const count = open.get(address) ?? 0;
    if (count >= MAX_CONNECTIONS_OF_ADDRESS) return void socket.destroy();
    open.set(address, count + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

/** Nothing from elsewhere, no frame, no script that is not a file of ours. */
function headersOf(secure: boolean): FastifyHelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        scriptSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Without any, browsers would send `Origin: null` with our own forms.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: secure
      ? { maxAge: 365 * 24 * 60 * 60, includeSubDomains: false }
      : false,
    xFrameOptions: { action: 'deny' },
  };
}

async function describeApi(app: FastifyInstance, secure: boolean): Promise<void> {
  const session = { type: 'apiKey', in: 'cookie', name: sessionCookie(secure) } as const;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Congvan relay',
        version: '1',
        description: 'Figures and lists out of verified records. Read-only.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' }, session } },
      security: [{ token: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
}

/** What is only read answers anything but GET and HEAD with 405 and says so. */
function refuseOtherMethods(scope: FastifyInstance): void {
  scope.addHook('onRoute', ({ method, path, schema, prefix }) => {
    if (method !== 'GET' || schema === undefined) return;
    scope.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE'],
      url: path.slice(prefix.length),
      schema: { hide: true },
      handler: async (_request, reply) => {
        void reply.header('allow', 'GET, HEAD');
        throw new Problem('method-not-allowed', 'only GET and HEAD are allowed here');
      },
    });
  });
}

function answerFaults(app: FastifyInstance, { log, renderProblem }: HttpServerOptions): void {
  app.setErrorHandler(async (error, request, reply) => {
    const known = problemOf(error);
    if (known === undefined) {
      // What went wrong inside is for the operator's eyes.
      log('error', 'request failed', { path: pathOf(request), ...describeError(error) });
    }
    const problem = known ?? new Problem('internal', 'the server failed; its log says why');
    // It was set for the answer that did not come about.
    void reply.removeHeader('etag');
    if (renderProblem === undefined || !wantsPage(request) || request.url.startsWith('/api/')) {
      return await sendProblem(request, reply, problem);
    }
    if (problem.code === 'not-logged-in') {
      return await reply.redirect(`/login?next=${encodeURIComponent(safeNext(request.url))}`, 303);
    }
    void reply.code(problem.status).header('cache-control', 'no-store');
    return await reply.type('text/html; charset=utf-8').send(renderProblem(request, problem));
  });
}

/** One line for each request: what was asked by whom, never what was sent or shown. */
function logAccess(app: FastifyInstance, log: RelayLog): void {
  app.addHook('onResponse', async (request, reply) => {
    log('info', 'request', {
      method: request.method,
      path: pathOf(request),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      from: request.ip,
      ...(request.viewer === null ? {} : { account: request.viewer.name }),
    });
  });
}

/** Without the query: the identity provider sends its codes there. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]?.slice(0, MAX_LOGGED_PATH) ?? '';
}

/** What is no HTTP, too large or too slow never becomes a request. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = BROKEN[error.code ?? ''] ?? 400;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}

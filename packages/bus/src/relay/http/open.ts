import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Server as TlsServer } from 'node:tls';

import type { FastifyInstance, FastifyRequest } from 'fastify';

import { addObserveRoutes } from '../../observe/server.ts';
import { listAlerts } from '../alerts/ledger.ts';
import { type RelayConfig, homePaths, readRelayConfig } from '../home.ts';
import type { RelayLog } from '../log.ts';
import { type Pages, registerPages } from '../pages/plugin.ts';
import { openRelayReader } from '../reader.ts';
import { AlertStore } from '../storage/alert-store.ts';
import { openDatabaseForReading } from '../storage/database.ts';
import { WebDirectory } from '../storage/web-directory.ts';
import { WebStore, openWebDatabase } from '../storage/web-store.ts';
import {
  type ListenAddress,
  httpFailed,
  isLoopback,
  parseListenAddress,
  urlOf,
} from './address.ts';
import {
  type CertificateFiles,
  type ServerCertificate,
  readCertificate,
  watchCertificate,
} from './certificate-files.ts';
import { EntityTags } from './entity-tag.ts';
import type { HttpPlace, MakeEvidence, RelayState } from './link.ts';
import { LogIn } from './log-in.ts';
import type { PasswordCost } from './password.ts';
import { PROVIDER_LOG_IN, registerProviderLogIn } from './oidc.ts';
import { notFound } from './problem.ts';
import { type HttpServerOptions, MIN_TLS, createHttpServer } from './server.ts';
import { requireViewer } from './session.ts';
import type { OidcSettings } from './settings.ts';
import type { FiguresSource } from './source.ts';
import { createFiguresSource } from './viewer-source.ts';

export interface OpenHttpOptions extends HttpPlace {
  /** How the relay's process is now. */
  readonly state: () => Promise<RelayState>;
  /** Left out: nobody here has the relay's key. */
  readonly evidence?: MakeEvidence | undefined;
  readonly log: RelayLog;
  readonly now?: () => Date;
  /** For tests. */
  readonly passwordCost?: PasswordCost;
  /** How often the files of the certificate are looked at; left out, every few seconds. */
  readonly certificateCheckMs?: number;
}

export interface HttpSide extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens pages and API over a relay's folder, whether the relay runs or not.
 *
 * @throws {@link BusError} `BUS_HTTP_FAILED`, `BUS_RELAY_HOME_INVALID`, `BUS_DATABASE_NEWER`,
 *   `BUS_DATABASE_OLDER`.
 */
export async function openHttpSide(options: OpenHttpOptions): Promise<HttpSide> {
  const config = await readRelayConfig(options.home);
  const address = parseListenAddress(options.address);
  const files = findCertificate(options, config, address);
  const tls = files === undefined ? undefined : await readCertificate(files);
  const oidc = await readOidc(options.home, config);
  const closers: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    const parts = openParts(options, closers);
    const app = await compose(options, config, { ...parts, tls, oidc });
    closers.push(async () => {
      app.server.closeAllConnections();
      await app.close();
    });
    const url = await listen(app, address, tls !== undefined);
    if (files !== undefined && tls !== undefined) {
      closers.push(followCertificate(app.server, files, tls, options));
    }
    return { url, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly source: FiguresSource;
  readonly tags: EntityTags;
  readonly store: WebStore;
}

/** The relay's figures for reading only, and the file of accounts. */
function openParts({ home, state, evidence }: OpenHttpOptions, closers: (() => void)[]): Parts {
  const paths = homePaths(home);
  const db = openDatabaseForReading(paths.database);
  closers.push(() => void db.close());
  const reader = openRelayReader(home);
  closers.push(() => reader.close());
  reader.readAhead();
  const webDb = openWebDatabase(paths.web);
  closers.push(() => void webDb.close());
  const directory = new WebDirectory(db);
  const alerts = new AlertStore(db);
  const source = createFiguresSource({
    figures: reader,
    queries: reader,
    hierarchy: directory,
    alerts: (request, maySee) => listAlerts(alerts, reader.asOf(), request, maySee),
    health: async () => (await state()).health,
    evidence,
  });
  const tags = new EntityTags(() => JSON.stringify([reader.asOf(), directory.version()]));
  return { source, tags, store: new WebStore(webDb) };
}

interface Composed extends Parts {
  readonly tls: HttpServerOptions['tls'];
  readonly oidc: ProviderSettings | undefined;
}

async function compose(
  options: OpenHttpOptions,
  { http }: RelayConfig,
  { source, tags, store, tls, oidc }: Composed,
): Promise<FastifyInstance> {
  const { log, state, now = () => new Date() } = options;
  const publicOrigin = http?.publicUrl === undefined ? undefined : new URL(http.publicUrl).origin;
  const secure = tls !== undefined || publicOrigin?.startsWith('https:') === true;
  const logIn = new LogIn(store, now, options.passwordCost);
  let pages: Pages | undefined;
  return await createHttpServer({
    source,
    tags,
    logIn,
    tls,
    secure,
    publicOrigin,
    trustedProxies: http?.trustedProxies ?? [],
    log,
    renderProblem: (request, problem) => pages?.renderProblem(request, problem) ?? problem.message,
    extend: (scope) => {
      const observed = {
        part: 'relay',
        samples: async () => (await state()).samples,
        conditions: async () => (await state()).conditions,
      } as const;
      addObserveRoutes(scope, observed, requireOperator);
      if (oidc !== undefined) {
        const shared = { store, logIn, secure, publicOrigin, log, now };
        registerProviderLogIn(scope, { ...oidc, ...shared });
      }
      const identityProvider = oidc === undefined ? undefined : PROVIDER_LOG_IN;
      pages = registerPages(scope, {
        source,
        secure,
        now,
        identityProvider,
        publications: (viewer) => source.for(viewer).publications(),
      });
    },
  });
}

function requireOperator(request: FastifyRequest): void {
  if (requireViewer(request).role !== 'operator') throw notFound();
}

async function listen(
  app: FastifyInstance,
  { host, port }: ListenAddress,
  tls: boolean,
): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw httpFailed(`"${host}:${port}" cannot be listened on: ${why}`, cause);
  }
  const bound = app.server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return urlOf(tls ? 'https' : 'http', host, boundPort);
}

/** Both files or none; none only where nobody else can listen in. */
function findCertificate(
  { home, certificate, key }: OpenHttpOptions,
  { http }: RelayConfig,
  { host, loopback }: ListenAddress,
): CertificateFiles | undefined {
  const certFile = certificate ?? inHome(home, http?.certificate);
  const keyFile = key ?? inHome(home, http?.key);
  if (certFile === undefined && keyFile === undefined) {
    if (loopback || isLoopback(host)) return undefined;
    throw httpFailed(
      `${host} can be reached from outside: a certificate and its key are needed (http in relay.json)`,
    );
  }
  if (certFile === undefined || keyFile === undefined) {
    throw httpFailed('certificate and key are needed together');
  }
  return { certificate: certFile, key: keyFile };
}

/** New connections get the renewed certificate; those that stand go on. */
function followCertificate(
  server: FastifyInstance['server'],
  files: CertificateFiles,
  served: ServerCertificate,
  { log, certificateCheckMs }: OpenHttpOptions,
): () => void {
  const apply = (pem: ServerCertificate): void => {
    if (server instanceof TlsServer) server.setSecureContext({ ...pem, minVersion: MIN_TLS });
  };
  const everyMs = certificateCheckMs === undefined ? {} : { everyMs: certificateCheckMs };
  return watchCertificate(files, served, apply, { log, ...everyMs });
}

interface ProviderSettings {
  readonly settings: OidcSettings;
  readonly clientSecret: string;
}

async function readOidc(
  home: string,
  { oidc: settings }: RelayConfig,
): Promise<ProviderSettings | undefined> {
  if (settings === undefined) return undefined;
  const file = resolve(home, settings.secretFile);
  const [clientSecret = ''] = (await readText(file)).split(/\r?\n/, 1);
  if (clientSecret === '') throw httpFailed(`${file} holds no secret in its first line`);
  return { settings, clientSecret };
}

function inHome(home: string, file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(home, file);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw httpFailed(`cannot read ${file}`, cause);
  }
}

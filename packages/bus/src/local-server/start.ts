import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type Site, parseSite } from '../agency/tier.ts';
import { pushAccountClaims } from '../broker/claims.ts';
import { BusError } from '../errors.ts';
import { replaceFile } from '../disk/atomic-file.ts';
import { renderServerConfig } from './config.ts';
import { type FoundServer, findNatsServer } from './find.ts';
import { GREETING_TIMEOUT_MS, chooseFreePort, isPortFree, readGreeting } from './loopback.ts';
import { type LocalOperator, openOperator } from '../operator/operator.ts';
import { mintClaimsCredentials } from '../operator/push.ts';
import { endProcess, readLogTail, sendSignal, spawnServer, waitForEnd } from './process.ts';
import { CONFIG_FILE, findRunning, lockFolder, runningError } from './running.ts';
import {
  type ServerSettings,
  type ServerState,
  readSettings,
  readState,
  statePath,
  writeSettings,
  writeState,
} from './settings.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const START_ATTEMPTS = 3;
const POLL_MS = 20;
/** What the server's resolver keeps of an account. */
const ACCOUNT_FILE = /^A[A-Z2-7]{55}\.jwt$/;

export interface LocalServerOptions {
  /** Everything the server owns: keys, streams, log. One server at a time works on it. */
  readonly folder: string;
  /** Sites that must be hosted; those from earlier starts stay. */
  readonly sites: readonly Site[];
  /** A fixed port; the default is a free one, chosen once and kept in the folder. */
  readonly port?: number;
  /** The program; the default is what {@link findNatsServer} finds. */
  readonly server?: FoundServer;
  /** What the streams may take of the disk; the default is chosen at the first start. */
  readonly maxStoreBytes?: number;
  /** True: the server goes on when this process ends. */
  readonly detached?: boolean;
  /** When a server already works on the folder: use it (the default) or refuse. */
  readonly whenRunning?: 'adopt' | 'refuse';
  readonly announce?: (line: string) => void;
}

export interface LocalServer extends AsyncDisposable {
  readonly folder: string;
  /** `nats://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  /** True when the server was already running: `stop` then leaves it. */
  readonly adopted: boolean;
  readonly operator: LocalOperator;
  /** Hosts one more site, without a restart. */
  addSite(site: Site): Promise<void>;
  /** Settles when the process has ended, for whatever reason. */
  exited(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a nats-server on the loopback address, with JetStream and operator keys in one folder.
 *
 * The server keeps its port, so clients find it again. After a crash of ours it goes on, and the
 * next call on the same folder finds and adopts it; what a killed server left behind is replaced.
 *
 * @throws {@link BusError} `BUS_SERVER_RUNNING`, `BUS_SERVER_START_FAILED`, `BUS_SERVER_NOT_FOUND`.
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const release = await lockFolder(folder);
  try {
    const operator = await openOperator(join(folder, 'operator'));
    const running = await findRunning(folder);
    if (running !== undefined) {
      if (options.whenRunning === 'refuse') throw runningError(folder, running.pid);
      const server = describe(folder, operator, running, running.version, true);
      const hosted = new Set(await operator.sites());
      for (const site of options.sites) if (!hosted.has(site)) await server.addSite(site);
      return server;
    }
    for (const site of options.sites) await operator.addSite(parseSite(site));
    return await launch(folder, operator, options);
  } finally {
    await release();
  }
}

/**
 * Stops the server of a folder, whoever started it.
 *
 * @returns false when none was running.
 */
export async function stopLocalServer(folder: string): Promise<boolean> {
  const running = await findRunning(resolve(folder));
  if (running === undefined) return false;
  await endProcess(running.pid, STOP_TIMEOUT_MS);
  await rm(statePath(resolve(folder)), { force: true });
  return true;
}

/** The server that works on a folder now, if any. */
export async function findLocalServer(
  folder: string,
): Promise<{ url: string; pid: number; version: string } | undefined> {
  const running = await findRunning(resolve(folder));
  if (running === undefined) return undefined;
  return { url: urlOf(running.port), pid: running.pid, version: running.version };
}

async function launch(
  folder: string,
  operator: LocalOperator,
  options: LocalServerOptions,
): Promise<LocalServer> {
  const announce = options.announce;
  const found =
    options.server ?? (await findNatsServer(announce === undefined ? {} : { announce }));
  let settings = await readSettings(folder, options.maxStoreBytes);
  let failure: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    const port = await choosePort(options.port, settings.port);
    settings = { ...settings, port };
    // A port that was asked for is kept only when it worked: clients know the one before.
    if (options.port === undefined) await writeSettings(folder, settings);
    const configFile = await prepareFiles(folder, operator, settings, port);
    const started = await tryStart(folder, found, configFile, settings, port, options);
    if (started.ok) {
      await writeSettings(folder, settings);
      return describe(folder, operator, started.state, found.version, false, started);
    }
    failure = started.error;
    // Somebody may have taken the port between our look and the server's.
    if (await isPortFree(port)) break;
    if (options.port !== undefined) break;
  }
  throw failure;
}

type Started =
  | {
      readonly ok: true;
      readonly state: ServerState;
      readonly exited: Promise<void>;
      readonly detached: boolean;
    }
  | { readonly ok: false; readonly error: BusError };

async function tryStart(
  folder: string,
  found: FoundServer,
  configFile: string,
  settings: ServerSettings,
  port: number,
  options: LocalServerOptions,
): Promise<Started> {
  const logFile = logPath(folder);
  const detached = options.detached === true;
  const child = spawnServer(found.path, ['-c', configFile], logFile, detached);
  let ended = false;
  const exited = new Promise<void>((settle) => {
    child.once('exit', () => settle());
    child.once('error', () => settle());
  }).then(() => {
    ended = true;
  });
  const { pid } = child;
  const state = { pid: pid ?? 0, port, serverName: settings.serverName };
  if (pid !== undefined) await writeState(folder, state);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!ended && performance.now() < deadline) {
    const greeting = await readGreeting(port, GREETING_TIMEOUT_MS);
    if (greeting?.serverName === settings.serverName) return { ok: true, state, exited, detached };
    await delay(POLL_MS);
  }
  if (pid !== undefined && !ended) await endProcess(pid, STOP_TIMEOUT_MS);
  await rm(statePath(folder), { force: true });
  const said = await readLogTail(logFile);
  const why = ended ? 'ended at once' : `did not answer within ${START_TIMEOUT_MS} ms`;
  const error = new BusError(
    'BUS_SERVER_START_FAILED',
    `${found.path} (${found.version}) ${why}: ${said}`,
    { details: { path: found.path, version: found.version, port, logFile } },
  );
  return { ok: false, error };
}

function describe(
  folder: string,
  operator: LocalOperator,
  state: ServerState,
  version: string,
  adopted: boolean,
  own?: { readonly exited: Promise<void>; readonly detached: boolean },
): LocalServer {
  const { pid, port } = state;
  const url = urlOf(port);
  const killOnExit = () => sendSignal(pid, 'SIGTERM');
  const tied = own !== undefined && !own.detached;
  if (tied) process.once('exit', killOnExit);
  // Of an adopted server only for who asks: the wait would keep this process alive.
  const exited = async (): Promise<void> => {
    if (own !== undefined) await own.exited;
    else await waitForEnd(pid, Number.POSITIVE_INFINITY);
  };
  if (tied) void exited().then(() => process.removeListener('exit', killOnExit));

  const stop = async (): Promise<void> => {
    if (adopted) return;
    process.removeListener('exit', killOnExit);
    sendSignal(pid, 'SIGTERM');
    const graceful = await Promise.race([
      exited().then(() => true),
      delay(STOP_TIMEOUT_MS, false, { ref: false }),
    ]);
    if (!graceful) sendSignal(pid, 'SIGKILL');
    await exited();
    const current = await readState(folder);
    if (current?.pid === pid) await rm(statePath(folder), { force: true });
  };
  const addSite = async (site: Site): Promise<void> => {
    await operator.addSite(parseSite(site));
    const account = await operator.agencyAccountJwt(site);
    const credentials = await mintClaimsCredentials(operator, new Date());
    await pushAccountClaims({ servers: url, credentials, ...account });
  };
  return {
    folder,
    url,
    port,
    pid,
    version,
    adopted,
    operator,
    addSite,
    exited,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Writes the configuration, and every account where the resolver looks it up at the start. */
async function prepareFiles(
  folder: string,
  operator: LocalOperator,
  settings: ServerSettings,
  port: number,
): Promise<string> {
  const resolverFolder = join(folder, 'jwt');
  await mkdir(resolverFolder, { recursive: true, mode: 0o700 });
  // The keys may have been put back from a copy that is older than what the server was told.
  for (const name of await readdir(resolverFolder)) {
    if (!ACCOUNT_FILE.test(name)) continue;
    await operator.takeBackRevocations(await readFile(join(resolverFolder, name), 'utf8'));
  }
  const accounts = await operator.accountJwts();
  for (const { publicKey, jwt } of accounts) {
    await replaceFile(join(resolverFolder, `${publicKey}.jwt`), jwt, 0o600);
  }
  const systemKey = operator.systemAccountPublicKey();
  const system = accounts.find(({ publicKey }) => publicKey === systemKey);
  const config = renderServerConfig({
    name: settings.serverName,
    port,
    operatorJwt: await operator.operatorJwt(),
    systemAccount: { publicKey: systemKey, jwt: system?.jwt ?? '' },
    resolverFolder,
    storeFolder: join(folder, 'jetstream'),
    maxStoreBytes: settings.maxStoreBytes,
    logFile: logPath(folder),
  });
  const configFile = join(folder, CONFIG_FILE);
  await replaceFile(configFile, config, 0o600);
  return configFile;
}

async function choosePort(fixed: number | undefined, kept: number | null): Promise<number> {
  if (fixed !== undefined) return fixed;
  if (kept !== null && (await isPortFree(kept))) return kept;
  return await chooseFreePort();
}

function urlOf(port: number): string {
  return `nats://127.0.0.1:${port}`;
}

function logPath(folder: string): string {
  return join(folder, 'nats-server.log');
}

import { setTimeout as delay } from 'node:timers/promises';

import { type NatsConnection, type Status, connect } from '@nats-io/transport-node';

import { BusError } from '../errors.ts';
import { type ConnectionTrouble, TroubleTracker } from './connection-trouble.ts';
import { readCredentials } from './jwt.ts';
import { isRefusal, signOn } from './sign-on.ts';
import { type TlsFault, describeFault, detailsOfFault, findTlsFault } from './tls-fault.ts';
import { type TlsMaterial, tlsOptions } from './tls-material.ts';
import { guardTransport } from './transport-guard.ts';

export type ConnectionStatus = 'connected' | 'disconnected';
export type StatusListener = (status: ConnectionStatus) => void;

export interface ConnectOptions {
  /** `nats://host:port`, one or several of the same broker. */
  readonly servers: string | readonly string[];
  /** A credentials file; a function is asked at each connection, so renewed rights are picked up. */
  readonly credentials: Uint8Array | (() => Uint8Array);
  /** With it the connection is refused unless it is TLS; a function is asked at each connection. */
  readonly tls?: TlsMaterial | (() => TlsMaterial);
  readonly connectTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const FLUSH_TIMEOUT_MS = 1_000;
const PING_INTERVAL_MS = 30_000;

/** A connection that comes back for ever, and tells who asks whether it is there now. */
export interface Connection {
  readonly nats: NatsConnection;
  /** Every answer to this connection arrives below it. */
  readonly inboxPrefix: string;
  status(): ConnectionStatus;
  /** Why there is no connection now; `undefined` while there is one. */
  trouble(): ConnectionTrouble | undefined;
  /** @returns a function that ends the listening. */
  onStatus(listener: StatusListener): () => void;
  /** What must happen while there is still a connection. @returns a function that takes it back. */
  beforeClose(action: () => Promise<void>): () => void;
  /** Connects anew, so that new credentials count; what waits for an answer is asked again. */
  reconnect(): Promise<void>;
  /** Ends what waits for an answer; nothing arrives any more. */
  close(): Promise<void>;
}

/**
 * Connects once; from then on a lost server is looked for again until `close`.
 *
 * @throws {@link BusError} `BUS_CREDENTIALS_INVALID`, or `BUS_CONNECT_FAILED` when no server answers, or the
 *   credentials or a certificate are refused ({@link tlsFaultOf} reads which from its details).
 */
export async function openConnection(
  options: ConnectOptions,
  name: string,
  inboxPrefix: string,
): Promise<Connection> {
  const servers = typeof options.servers === 'string' ? [options.servers] : [...options.servers];
  const tracker = new TroubleTracker();
  const nats = await dial(options, servers, name, inboxPrefix, tracker);
  guardTransport(nats);
  const listeners = new Set<StatusListener>();
  const actions = new Set<() => Promise<void>>();
  let current: ConnectionStatus = 'connected';
  const change = (next: ConnectionStatus) => {
    if (next === current) return;
    current = next;
    for (const listener of listeners) listener(next);
  };
  const lookForFault = async (): Promise<TlsFault | undefined> => await findFault(options, servers);
  void followStatus(nats, tracker, change, lookForFault);
  void nats.closed().then(() => change('disconnected'));
  return {
    nats,
    inboxPrefix,
    status: () => current,
    trouble: () => tracker.current(),
    onStatus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    beforeClose: (action) => {
      actions.add(action);
      return () => actions.delete(action);
    },
    reconnect: async () => {
      await flushFor(nats, FLUSH_TIMEOUT_MS);
      await nats.reconnect();
    },
    close: async () => {
      await Promise.all([...actions].map((action) => action()));
      // Acknowledgements that were just given are still on their way.
      if (current === 'connected') await flushFor(nats, FLUSH_TIMEOUT_MS);
      await nats.close();
      change('disconnected');
    },
  };
}

async function dial(
  options: ConnectOptions,
  servers: readonly string[],
  name: string,
  inboxPrefix: string,
  tracker: TroubleTracker,
): Promise<NatsConnection> {
  const { credentials } = options;
  const current = typeof credentials === 'function' ? credentials : () => credentials;
  await readCredentials(current()); // the client would only see a refusal, and try for ever
  try {
    return await connect({
      servers: [...servers],
      name,
      inboxPrefix,
      authenticator: (nonce) => signOn(current(), nonce),
      tls: options.tls === undefined ? null : tlsOptions(options.tls),
      timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      // Hundreds of agencies come back after a restart: not all in the same instant.
      reconnectDelayHandler: () => tracker.delayMs(Date.now()),
      pingInterval: PING_INTERVAL_MS,
      // An expired user may be renewed while we wait, so a refusal is not the end.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    });
  } catch (cause) {
    const refused = isRefusal(cause);
    const fault = refused ? undefined : await findFault(options, servers);
    const known = fault === undefined ? messageOf(cause) : describeFault(fault);
    const reason = refused ? 'it refused the credentials' : known;
    const details = { servers: servers.join(' '), refused: refused ? 1 : 0 };
    throw new BusError(
      'BUS_CONNECT_FAILED',
      `cannot connect to the broker at ${servers.join(', ')}: ${reason}`,
      { cause, details: { ...details, ...detailsOfFault(fault) } },
    );
  }
}

async function findFault(
  { tls }: ConnectOptions,
  servers: readonly string[],
): Promise<TlsFault | undefined> {
  if (tls === undefined) return undefined;
  const material = typeof tls === 'function' ? tls() : tls;
  return await findTlsFault(servers, material, Date.now());
}

async function flushFor(nats: NatsConnection, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  const bound = delay(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([nats.flush().catch(() => undefined), bound]);
  timer.abort();
}

async function followStatus(
  nats: NatsConnection,
  tracker: TroubleTracker,
  change: (status: ConnectionStatus) => void,
  lookForFault: () => Promise<TlsFault | undefined>,
): Promise<void> {
  for await (const status of nats.status()) {
    tracker.follow(status, Date.now());
    void tracker.lookIfDue(lookForFault, Date.now());
    const next = readStatus(status);
    if (next !== undefined) change(next);
  }
}

function readStatus(status: Status): ConnectionStatus | undefined {
  if (status.type === 'reconnect') return 'connected';
  if (status.type === 'disconnect' || status.type === 'close') return 'disconnected';
  return undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

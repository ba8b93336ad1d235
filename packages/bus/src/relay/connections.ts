import { setTimeout as sleep } from 'node:timers/promises';

import type { BusMessage } from '../broker/bus-message.ts';
import type { ConnectionTrouble } from '../broker/connection-trouble.ts';
import type { TlsMaterial } from '../broker/tls-material.ts';
import { ALL_SITES, type RelayConnection, connectRelay } from '../broker/relay-connection.ts';
import { BusError } from '../errors.ts';
import { type RelayConfig, type RelayHomePaths, readHomeFile } from './home.ts';
import type { RelayLog } from './log.ts';

export interface RelayConnections {
  /** The server of the relay's own site: directory, and answers to agencies. */
  readonly own: RelayConnection;
  /** Where reports are read: the same, or the centre of a federated plan. */
  readonly reports: RelayConnection;
  /** Each of them once, as it is now. */
  lines(): readonly BrokerLine[];
  close(): Promise<void>;
}

/** A connection to a broker. */
export interface BrokerLine {
  readonly servers: readonly string[];
  /** `undefined`: connected. */
  readonly trouble: ConnectionTrouble | undefined;
}

export interface ConnectOptions {
  readonly config: RelayConfig;
  readonly paths: RelayHomePaths;
  readonly servers?: readonly string[];
  /** Asked at each connection. */
  readonly tls?: () => TlsMaterial;
  readonly log: RelayLog;
  /** With it a broker that does not answer is waited for, until the signal says stop. */
  readonly patience?: AbortSignal;
}

const RETRY_AFTER_MS = 2_000;

/** @throws {@link BusError} `BUS_CONNECT_FAILED`, `BUS_CREDENTIALS_INVALID`, `BUS_RELAY_HOME_INVALID`. */
export async function openConnections(options: ConnectOptions): Promise<RelayConnections> {
  const { config, paths } = options;
  const { code, site, central } = config;
  const ownServers = options.servers ?? config.servers;
  const own = await connect(options, {
    servers: [...ownServers],
    credentials: await readHomeFile(paths.credentials),
    code,
    site,
  });
  const ownLine = (): BrokerLine => ({ servers: ownServers, trouble: own.trouble() });
  if (central === undefined) {
    return { own, reports: own, lines: () => [ownLine()], close: own.close };
  }
  try {
    const credentials = await readHomeFile(paths.centralCredentials);
    const servers = [...central.servers];
    const reports = await connect(options, { servers, credentials, code, site });
    const close = async (): Promise<void> => {
      await reports.close();
      await own.close();
    };
    const lines = () => [ownLine(), { servers, trouble: reports.trouble() }];
    return { own, reports, lines, close };
  } catch (error) {
    await own.close();
    throw error;
  }
}

/** The reports of a batch by site: that which is read, or those that the subjects name. */
export function groupBySite(
  read: string,
  batch: readonly BusMessage[],
): ReadonlyMap<string, readonly BusMessage[]> {
  if (read !== ALL_SITES) return new Map([[read, batch]]);
  const groups = new Map<string, BusMessage[]>();
  for (const message of batch) {
    const site = message.subject.split('.')[3] ?? '';
    const group = groups.get(site) ?? [];
    group.push(message);
    groups.set(site, group);
  }
  return groups;
}

async function connect(
  { log, patience, tls }: ConnectOptions,
  target: Parameters<typeof connectRelay>[0],
): Promise<RelayConnection> {
  for (let told = false; ; told = true) {
    try {
      return await connectRelay(tls === undefined ? target : { ...target, tls });
    } catch (error) {
      if (patience === undefined || patience.aborted || !isWorthWaitingFor(error)) throw error;
      if (!told) log('warn', 'waiting for the broker', { error: error.message });
      await sleep(RETRY_AFTER_MS, undefined, { signal: patience }).catch(() => undefined);
      if (patience.aborted) throw error;
    }
  }
}

/** A broker that refuses these credentials will do so tomorrow, too. */
function isWorthWaitingFor(error: unknown): error is BusError {
  return (
    error instanceof BusError &&
    error.code === 'BUS_CONNECT_FAILED' &&
    error.details['refused'] !== 1
  );
}

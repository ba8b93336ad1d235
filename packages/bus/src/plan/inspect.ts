import { statfs } from 'node:fs/promises';

import { type AdminConnection, connectAdmin } from '../broker/admin-connection.ts';
import type { TlsMaterial } from '../broker/tls-material.ts';
import type { ConsumerState, StreamState } from '../broker/stream-admin.ts';
import { BusError } from '../errors.ts';
import type { LocalOperator } from '../operator/operator.ts';
import { inboxStream } from '../stream/names.ts';
import type { BusPlan, Place, PlanServer } from './bus-plan.ts';
import {
  type HealthFinding,
  PROBE_SLOW_MS,
  STREAM_FULL_WARN,
  diskElsewhere,
  fillOf,
  judgeAgencies,
  judgeClock,
  judgeDisk,
  judgeExpiry,
  judgeStreams,
  judgeVersion,
} from './health.ts';
import { lookAtAccounts } from './inspect-accounts.ts';
import { lookAtServices } from './inspect-services.ts';
import { type MainSource, fillsFromSources, findMainSource } from './main-source.ts';
import { readServerCertificate } from './server-certificate.ts';

export interface InspectOptions {
  readonly plan: BusPlan;
  readonly operators: ReadonlyMap<string, LocalOperator>;
  /** Only these places; the default is all. */
  readonly places?: readonly string[];
  readonly tls?: TlsMaterial;
  readonly now: () => Date;
  /** How long a server gets to answer. */
  readonly timeoutMs?: number;
  /** Also write a message to each place and read it back, and look at disks and certificates. */
  readonly thorough?: boolean;
}

/** One server as seen from here. */
export interface ServerStatus {
  readonly name: string;
  readonly url: string;
  readonly version: string | null;
  readonly error: string | null;
}

/** One place as seen from here. */
export interface PlaceStatus {
  readonly place: string;
  readonly servers: readonly ServerStatus[];
  readonly streams: readonly StreamState[];
  /** Agencies with a consumer, by the number of lanes that somebody waits at. */
  readonly agencyCount: number;
  readonly findings: readonly HealthFinding[];
}

const TIMEOUT_MS = 5_000;
const ADMIN_VALID_MS = 10 * 60_000;

/** Looks at every place of a plan, one after the other, and changes nothing that stays. */
export async function inspectPlan(options: InspectOptions): Promise<PlaceStatus[]> {
  const { plan, places } = options;
  const wanted = plan.places.filter(({ id }) => places === undefined || places.includes(id));
  const statuses: PlaceStatus[] = [];
  for (const place of wanted) statuses.push(await inspectPlace(place, options));
  return statuses;
}

/** A short-lived administrator of a place, out of the operator's keys. */
export async function connectPlace(
  place: Place,
  operator: LocalOperator,
  options: {
    readonly servers?: readonly PlanServer[];
    readonly tls?: TlsMaterial;
    readonly now: () => Date;
    readonly timeoutMs?: number;
  },
): Promise<AdminConnection> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return await connectAdmin({
    servers: (options.servers ?? place.servers).map(urlOf),
    credentials: await operator.mint({
      account: 'STORE',
      name: 'administrator',
      permissions: 'all',
      expiresAt: new Date(options.now().getTime() + ADMIN_VALID_MS),
      now: options.now(),
    }),
    connectTimeoutMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
}

async function inspectPlace(place: Place, options: InspectOptions): Promise<PlaceStatus> {
  const operator = options.operators.get(place.id);
  if (operator === undefined) return unreachable(place, [], 'no keys');
  const servers: ServerStatus[] = [];
  const findings: HealthFinding[] = [];
  let last: AdminConnection | undefined;
  try {
    for (const server of place.servers) {
      const connection = await tryConnect(place, server, operator, options);
      if (connection instanceof Error) {
        servers.push(statusOf(server, null, connection.message));
        findings.push(unreachableFinding(place, server, connection.message));
        continue;
      }
      await last?.close();
      last = connection;
      const version = connection.serverVersion();
      servers.push(statusOf(server, version, null));
      findings.push(judgeVersion(place.id, server.name, version));
      if (options.thorough !== true) continue;
      if (options.plan.tls !== null) {
        findings.push(await lookAtCertificate(place, server, options.now()));
      }
      findings.push(...(await lookAtAccounts(place, server, operator, options)));
    }
    if (last === undefined) return unreachable(place, servers, '', findings);
    return await inspectStreams(place, last, servers, findings, options);
  } finally {
    await last?.close();
  }
}

async function inspectStreams(
  place: Place,
  connection: AdminConnection,
  servers: readonly ServerStatus[],
  findings: HealthFinding[],
  options: InspectOptions,
): Promise<PlaceStatus> {
  const states = new Map<string, StreamState | undefined>();
  const consumers: ConsumerState[] = [];
  try {
    for (const { name } of place.streams) {
      states.set(name, await connection.streamState(name));
    }
    const mainSources =
      options.thorough === true ? await countSources(place, connection, states) : new Map();
    findings.push(...judgeStreams(place, states, mainSources));
    for (const site of place.sites) {
      const stream = inboxStream(site);
      if (states.get(stream) === undefined) continue;
      const own = await connection.consumerStates(stream);
      consumers.push(...own);
      findings.push(...judgeAgencies(place.id, stream, own));
    }
    if (options.thorough === true) {
      const agencyCount = agenciesOf(consumers).size;
      findings.push(...(await lookAtServices({ place, connection, states, agencyCount })));
      findings.push(...(await lookAtDisks(place, states)));
      findings.push(...(await probe(place, connection, options.now)));
    }
  } catch (error) {
    findings.push(probeFailed(place, messageOf(error)));
  }
  return {
    place: place.id,
    servers,
    streams: [...states.values()].filter((state) => state !== undefined),
    agencyCount: agenciesOf(consumers).size,
    findings,
  };
}

function agenciesOf(consumers: readonly ConsumerState[]): Set<string> {
  return new Set(consumers.map(({ name }) => name.replace(/_[un]$/, '')));
}

/** Who fills the streams that are full and that nobody but sources writes into. */
async function countSources(
  place: Place,
  connection: AdminConnection,
  states: ReadonlyMap<string, StreamState | undefined>,
): Promise<Map<string, MainSource>> {
  const found = new Map<string, MainSource>();
  for (const plan of place.streams) {
    const state = states.get(plan.name);
    if (state === undefined || fillOf(state) < STREAM_FULL_WARN || !fillsFromSources(plan))
      continue;
    const main = await findMainSource(connection, plan);
    if (main !== undefined) found.set(plan.name, main);
  }
  return found;
}

async function probe(
  place: Place,
  connection: AdminConnection,
  now: () => Date,
): Promise<HealthFinding[]> {
  try {
    const { roundTripMs, clockDifferenceMs } = await connection.probe(now);
    const about = connection.serverName();
    return [
      {
        code: 'probe',
        state: roundTripMs > PROBE_SLOW_MS ? 'warn' : 'ok',
        place: place.id,
        about,
        values: { roundTripMs },
      },
      judgeClock(place.id, about, clockDifferenceMs),
    ];
  } catch (error) {
    return [probeFailed(place, messageOf(error))];
  }
}

async function lookAtCertificate(
  place: Place,
  server: PlanServer,
  now: Date,
): Promise<HealthFinding> {
  const expiresAt = await readServerCertificate(server.host, server.clientPort, TIMEOUT_MS);
  if (expiresAt !== undefined) {
    return judgeExpiry('certificate', place.id, server.name, expiresAt, now);
  }
  const about = server.name;
  return { code: 'certificate-unread', state: 'warn', place: place.id, about, values: {} };
}

/** The disks of those servers that stand on this machine; the others are named. */
async function lookAtDisks(
  place: Place,
  states: ReadonlyMap<string, StreamState | undefined>,
): Promise<HealthFinding[]> {
  const usedByStoreBytes = [...states.values()].reduce(
    (sum, state) => sum + (state?.bytes ?? 0),
    0,
  );
  const findings: HealthFinding[] = [];
  for (const { name, dataFolder, storeBytes } of place.servers) {
    const disk = await statfs(dataFolder).catch(() => undefined);
    if (disk === undefined) {
      findings.push(diskElsewhere(place.id, name, { dataFolder, storeBytes }));
      continue;
    }
    const totalBytes = disk.blocks * disk.bsize;
    const freeBytes = disk.bavail * disk.bsize;
    findings.push(
      judgeDisk(place.id, name, { totalBytes, freeBytes, storeBytes, usedByStoreBytes }),
    );
  }
  return findings;
}

async function tryConnect(
  place: Place,
  server: PlanServer,
  operator: LocalOperator,
  options: InspectOptions,
): Promise<AdminConnection | Error> {
  try {
    return await connectPlace(place, operator, { ...options, servers: [server] });
  } catch (error) {
    if (error instanceof BusError) return error;
    throw error;
  }
}

function urlOf({ host, clientPort }: PlanServer): string {
  return `nats://${host}:${clientPort}`;
}

function statusOf(server: PlanServer, version: string | null, error: string | null): ServerStatus {
  return { name: server.name, url: urlOf(server), version, error };
}

function unreachableFinding(place: Place, server: PlanServer, reason: string): HealthFinding {
  return {
    code: 'unreachable',
    state: 'fail',
    place: place.id,
    about: server.name,
    values: { url: urlOf(server), reason },
  };
}

function probeFailed(place: Place, reason: string): HealthFinding {
  return {
    code: 'probe-failed',
    state: 'fail',
    place: place.id,
    about: place.id,
    values: { reason },
  };
}

function unreachable(
  place: Place,
  servers: readonly ServerStatus[],
  reason: string,
  findings: readonly HealthFinding[] = place.servers.map((server) =>
    unreachableFinding(place, server, reason),
  ),
): PlaceStatus {
  return { place: place.id, servers, streams: [], agencyCount: 0, findings };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

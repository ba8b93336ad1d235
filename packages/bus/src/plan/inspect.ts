import { type AdminConnection, connectAdmin } from '../broker/admin-connection.ts';
import type { JetStreamState } from '../broker/server-monitor.ts';
import type { TlsMaterial } from '../broker/tls-material.ts';
import type { ConsumerState, StreamState } from '../broker/stream-admin.ts';
import { BusError } from '../errors.ts';
import type { LocalOperator } from '../operator/operator.ts';
import { inboxStream } from '../stream/names.ts';
import type { BusPlan, Place, PlanServer } from './bus-plan.ts';
import { judgeCluster, namesHeard } from './cluster-health.ts';
import {
  type HealthFinding,
  PROBE_SLOW_MS,
  STREAM_FULL_WARN,
  fillOf,
  judgeAgencies,
  judgeStreams,
  judgeVersion,
} from './health.ts';
import { lookAtServer } from './inspect-server.ts';
import { lookAtServices } from './inspect-services.ts';
import { type MainSource, fillsFromSources, findMainSource } from './main-source.ts';

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
  /** `null` where it runs without, or does not say. */
  readonly jetStream: JetStreamState | null;
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
  const look: PlaceLook = { servers: [], findings: [], jetStreams: new Map() };
  let best: { connection: AdminConnection; leads: boolean } | undefined;
  try {
    for (const server of place.servers) {
      const connection = await tryConnect(place, server, operator, options);
      if (connection instanceof Error) {
        look.servers.push(statusOf(server, null, connection.message));
        look.findings.push(unreachableFinding(place, server, connection.message));
        continue;
      }
      const leads = await lookThrough(connection, { place, server, operator }, look, options);
      // One that is cut off from the others knows nothing of the streams.
      if (best === undefined || (leads && !best.leads)) {
        await best?.connection.close();
        best = { connection, leads };
      } else {
        await connection.close();
      }
    }
    if (best === undefined) return unreachable(place, look.servers, '', look.findings);
    return await inspectStreams(place, best.connection, look, options);
  } finally {
    await best?.connection.close();
  }
}

/** What is known of a place so far. */
interface PlaceLook {
  readonly servers: ServerStatus[];
  readonly findings: HealthFinding[];
  /** Of the servers that spoke of it. */
  readonly jetStreams: Map<string, JetStreamState | null>;
}

/** @returns whether this server knows who leads. */
async function lookThrough(
  connection: AdminConnection,
  at: { readonly place: Place; readonly server: PlanServer; readonly operator: LocalOperator },
  { servers, findings, jetStreams }: PlaceLook,
  options: InspectOptions,
): Promise<boolean> {
  const { place, server, operator } = at;
  const version = connection.serverVersion();
  const answered = connection.serverName();
  findings.push(judgeVersion(place.id, server.name, version));
  if (answered !== server.name) {
    const about = { place: place.id, about: server.name, values: { answered } };
    findings.push({ code: 'another-server', state: 'fail', ...about });
  }
  const found = await lookAtServer(place, server, operator, options);
  findings.push(...found.findings);
  const { jetStream } = found;
  if (jetStream !== undefined && answered === server.name) jetStreams.set(server.name, jetStream);
  servers.push(statusOf(server, version, null, jetStream));
  return typeof jetStream?.leader === 'string';
}

async function inspectStreams(
  place: Place,
  connection: AdminConnection,
  { servers, findings, jetStreams }: PlaceLook,
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
      findings.push(await probe(place, connection, namesHeard(jetStreams)));
    }
  } catch (error) {
    findings.push(probeFailed(place, messageOf(error)));
  }
  findings.push(...judgeCluster(place, jetStreams, states));
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
  awaited: ReadonlySet<string>,
): Promise<HealthFinding> {
  // A copy on each: of fewer, one may be given to a server that went a minute ago.
  const copyCounts = [...new Set([place.servers.length, Math.max(1, awaited.size)])];
  let refusal: unknown;
  for (const copyCount of copyCounts) {
    try {
      const { roundTripMs } = await connection.probe({ copyCount, awaited });
      const state = roundTripMs > PROBE_SLOW_MS ? 'warn' : 'ok';
      const about = { place: place.id, about: place.id };
      return { code: 'probe', state, ...about, values: { roundTripMs, copyCount: awaited.size } };
    } catch (error) {
      refusal = error;
      // Once they have noticed that one is away they make no copy for it.
      if (!(error instanceof BusError) || error.code !== 'BUS_REQUEST_REFUSED') break;
    }
  }
  return probeFailed(place, messageOf(refusal));
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

function statusOf(
  server: PlanServer,
  version: string | null,
  error: string | null,
  jetStream?: JetStreamState | null,
): ServerStatus {
  return { name: server.name, url: urlOf(server), version, error, jetStream: jetStream ?? null };
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

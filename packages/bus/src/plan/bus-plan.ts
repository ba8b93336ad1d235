import { isIP } from 'node:net';

import type { AgencyCode } from '../agency/code.ts';
import { type Site, parseSite } from '../agency/tier.ts';
import {
  type CentralLimits,
  type FederatedLimits,
  centralStreams,
  federatedStreamsOfSite,
  reservedBytesOfCentre,
  reservedBytesOfSite,
} from '../stream/federated.ts';
import { CENTRAL_DOMAIN } from '../stream/names.ts';
import {
  LOCAL_STREAM_LIMITS,
  type StreamLimits,
  type StreamPlan,
  streamsOfSite,
} from '../stream/plan.ts';
import type { BusDescription, ServerDescription } from './schema.ts';
import { formatSize } from './size.ts';

/** What JetStream may take of a disk at most: the rest is for logs, keys and the file system. */
const MAX_STORE_SHARE = 0.75;
const DEFAULT_STORE_PERCENT = 70;
/** A server refuses a stream over its store, and a probe needs some room as well. */
const MAX_RESERVED_SHARE = 0.95;

export interface PlanServer {
  readonly name: string;
  readonly host: string;
  readonly listenHost: string;
  readonly clientPort: number;
  readonly clusterPort: number;
  readonly leafPort: number;
  readonly monitorPort: number;
  readonly dataFolder: string;
  readonly diskBytes: number;
  readonly storeBytes: number;
}

export type PlaceLimits =
  | (StreamLimits & { readonly kind: 'flat' })
  | (FederatedLimits & { readonly kind: 'site' })
  | (CentralLimits & { readonly kind: 'centre' });

/** One server or cluster with its own operator keys: the whole bus, the centre, or a site. */
export interface Place {
  /** `bus` in the flat plan, `central`, or the code of the site. */
  readonly id: string;
  /** The JetStream domain; `null` in the flat plan. */
  readonly domain: string | null;
  readonly servers: readonly PlanServer[];
  /** The sites whose agencies connect here. */
  readonly sites: readonly Site[];
  /** For a site that has any: where its agencies may connect from. */
  readonly networks: Readonly<Record<Site, readonly string[]>>;
  readonly streams: readonly StreamPlan[];
  readonly reservedBytes: number;
  readonly limits: PlaceLimits;
  /** Where it stands in the description, for messages. */
  readonly path: readonly (string | number)[];
  /** The centre's leaf addresses, for a site of a federated plan. */
  readonly hubs: readonly string[];
  /** Whether leaf servers connect here, and what they are told. */
  readonly leafHub: 'none' | 'silent' | 'advertised';
}

export interface PlanRelay {
  readonly code: AgencyCode;
  readonly site: Site;
  readonly reads: 'all' | 'site';
}

/** A whole bus, checked: what every file and every stream follows from. */
export interface BusPlan {
  readonly name: string;
  readonly kind: 'flat' | 'federated';
  readonly serverVersion: string;
  readonly sync: 'always' | 'timer';
  /** Where each server keeps its configuration and secrets. */
  readonly configFolder: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
  readonly places: readonly Place[];
  readonly relays: readonly PlanRelay[];
}

export interface PlanProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export function toPlan(description: BusDescription): BusPlan {
  const { name, server, sync, config, tls, relays } = description;
  return {
    name,
    kind: description.plan,
    serverVersion: server,
    sync,
    configFolder: config,
    tls: tls ?? null,
    places: description.plan === 'flat' ? [flatPlace(description)] : federatedPlaces(description),
    relays,
  };
}

/** What is wrong with a description although each field is well formed, worst first. */
export function checkPlan(plan: BusPlan): PlanProblem[] {
  return [
    ...repeatedNames(plan),
    ...plan.places.flatMap(checkSizes),
    ...checkRelays(plan),
    ...(plan.tls === null ? missingTls(plan) : unnamedServers(plan)),
  ];
}

/** Servers of a cluster know each other by the names in their certificates, and by no address. */
function unnamedServers({ places }: BusPlan): PlanProblem[] {
  return places
    .filter(({ servers }) => servers.length > 1)
    .flatMap(({ path, servers }) =>
      servers.flatMap(({ host }, index) =>
        isIP(host) === 0
          ? []
          : [
              {
                path: [...path, index, 'host'],
                message: `${host} is an address: servers of a cluster with tls need the name in their certificate`,
              },
            ],
      ),
    );
}

/** The place that serves the agencies of a site. */
export function placeOfSite(plan: BusPlan, site: Site): Place | undefined {
  return plan.places.find(({ sites }) => sites.includes(site));
}

/** The addresses by which clients reach a place: `tls://` where the servers ask for certificates. */
export function clientAddresses(plan: BusPlan, place: Place): string[] {
  const scheme = plan.tls === null ? 'nats' : 'tls';
  return place.servers.map(({ host, clientPort }) => `${scheme}://${host}:${clientPort}`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function flatPlace(description: Extract<BusDescription, { plan: 'flat' }>): Place {
  const servers = description.servers.map(toServer);
  const sites = description.sites.map(({ code }) => parseSite(code));
  const { limits } = description;
  const streamLimits = {
    inboxBytes: limits.inbox ?? LOCAL_STREAM_LIMITS.inboxBytes,
    reportBytes: limits.report ?? LOCAL_STREAM_LIMITS.reportBytes,
    blobBytes: limits.blob ?? LOCAL_STREAM_LIMITS.blobBytes,
    replicas: replicasOf(servers),
  };
  const streams = sites.flatMap((site) => streamsOfSite(site, streamLimits));
  return {
    id: 'bus',
    domain: null,
    servers,
    sites,
    networks: Object.fromEntries(description.sites.map(({ code, networks }) => [code, networks])),
    streams,
    reservedBytes: streams.reduce((sum, { maxBytes }) => sum + maxBytes, 0),
    limits: { kind: 'flat', ...streamLimits },
    path: ['servers'],
    hubs: [],
    leafHub: 'none',
  };
}

function federatedPlaces(description: Extract<BusDescription, { plan: 'federated' }>): Place[] {
  const { centre } = description;
  const centralServers = centre.servers.map(toServer);
  const sites = description.sites.map(({ code }) => parseSite(code));
  const centralLimits = limitsOfCentre(centre.limits, centralServers);
  const hubs = centralServers.map(({ host, leafPort }) => `${host}:${leafPort}`);
  const central: Place = {
    id: CENTRAL_DOMAIN,
    domain: CENTRAL_DOMAIN,
    servers: centralServers,
    sites: [],
    networks: {},
    streams: centralStreams(sites, centralLimits),
    reservedBytes: reservedBytesOfCentre(centralLimits),
    limits: { kind: 'centre', ...centralLimits },
    path: ['centre', 'servers'],
    hubs: [],
    leafHub: centre.advertise ? 'advertised' : 'silent',
  };
  const leaves = description.sites.map((site, index): Place => {
    const servers = site.servers.map(toServer);
    const limits = limitsOfSite(site.limits, servers);
    const code = parseSite(site.code);
    return {
      id: code,
      domain: code,
      servers,
      sites: [code],
      networks: { [code]: site.networks },
      streams: federatedStreamsOfSite(code, limits),
      reservedBytes: reservedBytesOfSite(limits),
      limits: { kind: 'site', ...limits },
      path: ['sites', index, 'servers'],
      hubs: site.centre ?? hubs,
      leafHub: 'none',
    };
  });
  return [central, ...leaves];
}

function toServer(server: ServerDescription): PlanServer {
  return {
    name: server.name,
    host: server.host,
    listenHost: server.listen ?? (isLoopback(server.host) ? server.host : '0.0.0.0'),
    clientPort: server.client,
    clusterPort: server.cluster,
    leafPort: server.leaf,
    monitorPort: server.monitor,
    dataFolder: server.data,
    diskBytes: server.disk,
    storeBytes: server.store ?? Math.floor((server.disk * DEFAULT_STORE_PERCENT) / 100),
  };
}

type SiteSizes = Extract<BusDescription, { plan: 'flat' }>['limits'];
type CentreSizes = Extract<BusDescription, { plan: 'federated' }>['centre']['limits'];

/** Shares of the store where the description gives no size: inboxes and sealed parts need most. */
function limitsOfSite(sizes: SiteSizes, servers: readonly PlanServer[]): FederatedLimits {
  const store = smallestStore(servers);
  return {
    inboxBytes: sizes.inbox ?? Math.floor(store * 0.3),
    outboxBytes: sizes.outbox ?? Math.floor(store * 0.15),
    reportBytes: sizes.report ?? Math.floor(store * 0.1),
    blobBytes: sizes.blob ?? Math.floor(store * 0.35),
    directoryBytes: sizes.directory ?? Math.floor(store * 0.02),
    replicas: replicasOf(servers),
  };
}

function limitsOfCentre(sizes: CentreSizes, servers: readonly PlanServer[]): CentralLimits {
  const store = smallestStore(servers);
  return {
    exchangeBytes: sizes.exchange ?? Math.floor(store * 0.35),
    reportsBytes: sizes.reports ?? Math.floor(store * 0.15),
    blobBytes: sizes.blob ?? Math.floor(store * 0.4),
    directoryBytes: sizes.directory ?? Math.floor(store * 0.02),
    replicas: replicasOf(servers),
  };
}

function smallestStore(servers: readonly PlanServer[]): number {
  return Math.min(...servers.map(({ storeBytes }) => storeBytes));
}

function replicasOf(servers: readonly PlanServer[]): 1 | 3 {
  return servers.length === 3 ? 3 : 1;
}

function repeatedNames({ places }: BusPlan): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const names = new Set<string>();
  const ports = new Set<string>();
  const sites = new Set<string>();
  for (const { servers, path, sites: hosted } of places) {
    servers.forEach((server, index) => {
      const at = [...path, index];
      if (names.has(server.name)) {
        problems.push({ path: [...at, 'name'], message: `two servers are named "${server.name}"` });
      }
      names.add(server.name);
      const own = [server.clientPort, server.clusterPort, server.leafPort, server.monitorPort];
      for (const number of own) {
        const key = `${server.host}:${number}`;
        if (ports.has(key)) problems.push({ path: at, message: `${key} is used twice` });
        ports.add(key);
      }
    });
    for (const site of hosted) {
      if (sites.has(site)) problems.push({ path, message: `site ${site} stands twice` });
      sites.add(site);
    }
  }
  return problems;
}

function checkSizes(place: Place): PlanProblem[] {
  const tooLarge = place.servers.flatMap((server, index): PlanProblem[] => {
    if (server.storeBytes <= server.diskBytes * MAX_STORE_SHARE) return [];
    const message =
      `${formatSize(server.storeBytes)} is more than ${MAX_STORE_SHARE * 100} % of the disk ` +
      `(${formatSize(server.diskBytes)}); a full disk stops the server`;
    return [{ path: [...place.path, index, 'store'], message }];
  });
  const room = smallestStore(place.servers) * MAX_RESERVED_SHARE;
  if (place.reservedBytes <= room) return tooLarge;
  const message =
    `the streams reserve ${formatSize(place.reservedBytes)}, ` +
    `but the servers have room for ${formatSize(Math.floor(room))}`;
  return [...tooLarge, { path: place.path, message }];
}

function checkRelays(plan: BusPlan): PlanProblem[] {
  return plan.relays.flatMap(({ site, code }, index): PlanProblem[] => {
    const repeated = plan.relays.findIndex((relay) => relay.code === code) !== index;
    if (repeated) return [{ path: ['relays', index], message: `relay ${code} stands twice` }];
    if (placeOfSite(plan, site) !== undefined) return [];
    return [{ path: ['relays', index, 'site'], message: `there is no site ${site}` }];
  });
}

/** Without TLS everything that is not sealed could be read on the line, names and headers too. */
function missingTls({ places }: BusPlan): PlanProblem[] {
  const remote = places.flatMap(({ servers }) => servers).find(({ host }) => !isLoopback(host));
  if (remote === undefined) return [];
  return [{ path: [], message: `tls: is needed, since ${remote.host} is not this machine` }];
}

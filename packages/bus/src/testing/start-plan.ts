import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { connectAdmin, type AdminConnection } from '../broker/admin-connection.ts';
import { type FoundServer, findNatsServer } from '../local-server/find.ts';
import { chooseQuietPorts } from '../local-server/loopback.ts';
import { type LocalOperator, openOperator } from '../operator/operator.ts';
import { leafPermissions } from '../permission/leaf.ts';
import { applyPlace } from '../plan/apply.ts';
import {
  type BusPlan,
  type Place,
  type PlanServer,
  placeOfSite,
  toPlan,
} from '../plan/bus-plan.ts';
import { placeAccounts } from '../plan/place-accounts.ts';
import { renderPlaceConfig } from '../plan/place-config.ts';
import { type BusDescription, descriptionSchema } from '../plan/schema.ts';
import type { Enrolled } from '../site/enrolment.ts';
import type { SiteService } from '../site/service.ts';
import { type TestAgency, completeTestAgency } from './local-bus.ts';
import { PlanServices, type PlanServiceOptions } from './plan-services.ts';
import { type PlanServerHandle, createServerHandle } from './plan-server.ts';
import { type ShapedLine, startShapedLine } from './shaped-line.ts';
import { waitUntil } from './wait-until.ts';

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
/**
 * Servers of 2.9 tell leaf servers their own address even when told not to, and those then go
 * around a line that is cut. So they are told one where nobody listens.
 */
const KEEP_TO_THE_LINE = ['no_advertise: true', 'advertise: "127.0.0.1:9"'] as const;

export interface PlanOptions extends PlanServiceOptions {
  readonly plan: 'flat' | 'federated';
  readonly sites: readonly Site[];
  /** Of the whole bus (flat) or of the centre; the default is 3. */
  readonly centralServers?: 1 | 3;
  /** Of each site in the federated plan; the default is 1. */
  readonly siteServers?: 1 | 3;
  readonly server?: FoundServer;
  /** The default lets the server write to its disk in its own time, which tests need not wait for. */
  readonly sync?: 'always' | 'timer';
  /** Relays that read the reports of every site: at the centre in the federated plan. */
  readonly relays?: readonly { readonly code: AgencyCode; readonly site: Site }[];
  /** The default is 4 GiB; streams take fixed shares of it. */
  readonly storeBytes?: number;
  /** Where the folder is made; the default is the system's folder for temporary files. */
  readonly parent?: string;
}

/** Real servers of a whole plan on the loopback address, with the site services in this process. */
export interface TestPlan extends AsyncDisposable {
  readonly folder: string;
  readonly plan: BusPlan;
  /** The cluster at the centre; in the flat plan the servers of the whole bus. */
  readonly central: readonly PlanServerHandle[];
  /** The server of each site; in the flat plan the first of the bus. */
  readonly sites: Readonly<Record<Site, PlanServerHandle>>;
  /** Every server of every place. */
  readonly servers: readonly PlanServerHandle[];
  /** Where the agencies of a site connect to: one or several addresses. */
  url(site: Site): string;
  urls(site: Site): readonly string[];
  operator(placeId: string): LocalOperator;
  readonly services: PlanServices;
  service(site: Site): SiteService;
  addAgency(input: TestAgency): Promise<Enrolled>;
  addRelay(input: TestAgency): Promise<Enrolled>;
  /** The lines of a site to the centre end at once, and new ones are turned away. */
  cutLink(site: Site): void;
  /** Nothing passes any more on the lines of a site, and nobody is told. */
  blackHole(site: Site): void;
  healLink(site: Site): void;
  /** An administrator's connection to `central`, `bus` or a site; closed with the plan. */
  admin(placeId: string): Promise<AdminConnection>;
  /** The server that leads a stream of the centre (or of the flat bus) now. */
  streamLeader(stream: string): Promise<PlanServerHandle>;
  stop(): Promise<void>;
}

/** Starts a whole plan for tests: `await using bus = await startPlan({ plan: 'federated', sites: ['H09', 'H44'] })`. */
export async function startPlan(options: PlanOptions): Promise<TestPlan> {
  const folder = await mkdtemp(join(options.parent ?? tmpdir(), 'congvan-plan-'));
  const closers: (() => Promise<void>)[] = [
    async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  ];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    return await start(options, folder, closers, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: PlanOptions,
  folder: string,
  closers: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<TestPlan> {
  const found = options.server ?? (await findNatsServer());
  const { plan, lines } = await describePlan(options, found, closers);
  const operators = await openOperators(plan, folder);
  const operatorOf = (placeId: string): LocalOperator => known(operators, placeId, 'place');
  const handles = await startServers(plan, operators, found, folder, closers);
  const admins = new Map<string, Promise<AdminConnection>>();
  const admin = async (placeId: string): Promise<AdminConnection> => {
    const kept = admins.get(placeId) ?? openAdmin(plan, placeId, operatorOf(placeId), closers);
    admins.set(placeId, kept);
    return await kept;
  };
  // What others fill from comes first: a source that finds nothing asks again only after seconds.
  for (const place of [...plan.places.map(withoutSources).toReversed(), ...plan.places]) {
    await applyWhenReady(await admin(place.id), place, plan);
  }
  const services = new PlanServices(folder, options, operatorOf);
  closers.push(async () => await services.close());
  await services.open(plan);
  const service = (site: Site): SiteService => services.of(site);
  const serversOf = (site: Site): readonly PlanServer[] => placeOf(plan, site).servers;
  const urls = (site: Site): string[] =>
    serversOf(site).map(({ host, clientPort }) => `nats://${host}:${clientPort}`);
  const linesOf = (site: Site): readonly ShapedLine[] => known(lines, site, 'line of');
  const [main] = plan.places;
  const central = (main?.servers ?? []).map(({ name }) => known(handles, name, 'server'));
  const findLeader = async (stream: string): Promise<PlanServerHandle | undefined> => {
    const state = await (await admin(main?.id ?? '')).streamState(stream).catch(() => undefined);
    return handles.get(state?.leader ?? '') ?? (central.length === 1 ? central[0] : undefined);
  };
  const firstServers = options.sites.map((site): [Site, PlanServerHandle] => {
    const [first] = serversOf(site);
    return [site, known(handles, first?.name ?? '', 'server')];
  });
  return {
    folder,
    plan,
    central,
    sites: Object.fromEntries(firstServers),
    servers: [...handles.values()],
    url: (site) => urls(site)[0] ?? '',
    urls,
    operator: operatorOf,
    services,
    service,
    addAgency: async (input) => await service(input.site).addAgency(completeTestAgency(input)),
    addRelay: async (input) => await service(input.site).addRelay(completeTestAgency(input)),
    cutLink: (site) => linesOf(site).forEach((line) => line.cut()),
    blackHole: (site) => linesOf(site).forEach((line) => line.blackHole()),
    healLink: (site) => linesOf(site).forEach((line) => line.heal()),
    admin,
    streamLeader: async (stream) => await waitForLeader(stream, findLeader),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function waitForLeader(
  stream: string,
  find: (stream: string) => Promise<PlanServerHandle | undefined>,
): Promise<PlanServerHandle> {
  let leader: PlanServerHandle | undefined;
  await waitUntil(async () => (leader = await find(stream)) !== undefined, READY_TIMEOUT_MS);
  if (leader === undefined) throw new Error(`stream ${stream} has no leader`);
  return leader;
}

/** Starts every server of the plan, all at once. */
async function startServers(
  plan: BusPlan,
  operators: ReadonlyMap<string, LocalOperator>,
  found: FoundServer,
  folder: string,
  closers: (() => Promise<void>)[],
): Promise<Map<string, PlanServerHandle>> {
  const handles = new Map<string, PlanServerHandle>();
  for (const place of plan.places) {
    for (const [server, configFile] of await writePlace(plan, place, operators, folder)) {
      const handle = createServerHandle(found, server, configFile);
      handles.set(server.name, handle);
      closers.push(handle.end);
      handle.start();
    }
  }
  await Promise.all([...handles.values()].map((handle) => handle.ready()));
  return handles;
}

/** The description, on free ports, with a line that can be cut from each site to each server of the centre. */
async function describePlan(
  options: PlanOptions,
  found: FoundServer,
  closers: (() => Promise<void>)[],
): Promise<{ plan: BusPlan; lines: Map<Site, readonly ShapedLine[]> }> {
  const { sites, plan: kind } = options;
  const central = options.centralServers ?? 3;
  const perSite = kind === 'flat' ? 0 : (options.siteServers ?? 1);
  const ports = await chooseQuietPorts(4 * (central + sites.length * perSite));
  const bytes = options.storeBytes ?? 4 * 1024 ** 3;
  const servers = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      name: count === 1 ? prefix : `${prefix}${index + 1}`,
      host: '127.0.0.1',
      client: ports.pop(),
      cluster: ports.pop(),
      leaf: ports.pop(),
      monitor: ports.pop(),
      disk: `${bytes * 2}B`,
      store: `${bytes}B`,
    }));
  const common = {
    name: 'test',
    server: found.version.split('-')[0],
    sync: options.sync ?? 'timer',
    relays: options.relays ?? [],
  };
  const lines = new Map<Site, readonly ShapedLine[]>();
  if (kind === 'flat') {
    const description = { ...common, plan: 'flat', servers: servers('n', central) };
    const share = (part: number) => `${Math.floor((bytes * part) / sites.length)}B`;
    const limits = { inbox: share(0.35), report: share(0.1), blob: share(0.35) };
    return {
      plan: checked({ ...description, limits, sites: sites.map((code) => ({ code })) }),
      lines,
    };
  }
  const centre = { servers: servers('c', central), advertise: false };
  for (const site of sites) {
    const own = await Promise.all(
      centre.servers.map(({ leaf }) => startShapedLine({ target: `127.0.0.1:${leaf}` })),
    );
    for (const line of own) closers.push(async () => await line.stop());
    lines.set(site, own);
  }
  const described = sites.map((code) => ({
    code,
    servers: servers(code.toLowerCase(), perSite),
    centre: (lines.get(code) ?? []).map(({ port }) => `127.0.0.1:${port}`),
  }));
  return { plan: checked({ ...common, plan: 'federated', centre, sites: described }), lines };
}

function checked(description: unknown): BusPlan {
  const parsed: BusDescription = descriptionSchema.parse(description);
  return toPlan(parsed);
}

async function openOperators(plan: BusPlan, folder: string): Promise<Map<string, LocalOperator>> {
  const operators = new Map<string, LocalOperator>();
  for (const place of plan.places) {
    const operator = await openOperator(join(folder, 'keys', place.id));
    for (const site of place.sites) await operator.addSite(site);
    operators.set(place.id, operator);
  }
  return operators;
}

/** Writes what each server of a place needs. @returns the configuration files. */
async function writePlace(
  plan: BusPlan,
  place: Place,
  operators: ReadonlyMap<string, LocalOperator>,
  folder: string,
): Promise<[PlanServer, string][]> {
  const accounts = await placeAccounts(known(operators, place.id, 'place'));
  const written: [PlanServer, string][] = [];
  for (const server of place.servers) {
    const home = join(folder, server.name);
    await mkdir(home, { mode: 0o700 });
    const leafCredentials = join(home, 'leaf.creds');
    const [site] = place.sites;
    if (place.hubs.length > 0 && site !== undefined) {
      const credentials = await known(operators, 'central', 'place').mint({
        account: 'STORE',
        name: `leaf ${site}`,
        permissions: leafPermissions(site),
        expiresAt: null,
        now: new Date(),
      });
      await writeFile(leafCredentials, credentials, { mode: 0o600 });
    }
    const configFile = join(home, 'nats-server.conf');
    const text = renderPlaceConfig(plan, place, server, accounts, {
      resolverFolder: join(home, 'jwt'),
      storeFolder: join(home, 'jetstream'),
      leafCredentials,
      logFile: join(home, 'nats-server.log'),
      pidFile: null,
    });
    await writeFile(configFile, text.replace(...KEEP_TO_THE_LINE), { mode: 0o600 });
    written.push([server, configFile]);
  }
  return written;
}

async function openAdmin(
  plan: BusPlan,
  placeId: string,
  operator: LocalOperator,
  closers: (() => Promise<void>)[],
): Promise<AdminConnection> {
  const place = plan.places.find(({ id }) => id === placeId);
  const connection = await connectAdmin({
    servers: (place?.servers ?? []).map(({ host, clientPort }) => `nats://${host}:${clientPort}`),
    credentials: await operator.mint({
      account: 'STORE',
      name: 'administrator',
      permissions: 'all',
      expiresAt: null,
      now: new Date(),
    }),
  });
  closers.push(async () => await connection.close());
  return connection;
}

function withoutSources(place: Place): Place {
  return { ...place, streams: place.streams.filter(({ sources }) => sources.length === 0) };
}

/** A cluster that has just started takes a moment to elect who may make streams. */
async function applyWhenReady(admin: AdminConnection, place: Place, plan: BusPlan): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await applyPlace(admin, place, { relays: plan.relays });
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  }
}

function placeOf(plan: BusPlan, site: Site): Place {
  const place = placeOfSite(plan, site);
  if (place === undefined) throw new Error(`site ${site} is not part of this plan`);
  return place;
}

function known<T>(map: ReadonlyMap<string, T>, key: string, what: string): T {
  const value = map.get(key);
  if (value === undefined) throw new Error(`there is no ${what} ${key}`);
  return value;
}

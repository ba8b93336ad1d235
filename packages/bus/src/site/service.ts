import { watch } from 'node:fs';
import { join } from 'node:path';

import type { Authority } from '@congvan/signer';

import type { Site } from '../agency/tier.ts';
import type { ConnectionStatus } from '../broker/connection.ts';
import type { ConnectionTrouble } from '../broker/connection-trouble.ts';
import type { TlsMaterial } from '../broker/tls-material.ts';
import { type SiteConnection, connectSite } from '../broker/site-connection.ts';
import { isPartialFile } from '../disk/atomic-file.ts';
import { type FederatedLimits, federatedStreamsOfSite } from '../stream/federated.ts';
import { directoryInboxStream, directoryStream } from '../stream/names.ts';
import {
  LOCAL_STREAM_LIMITS,
  REDELIVERY_BACKOFF_MS,
  type StreamLimits,
  type StreamPlan,
  streamsOfSite,
} from '../stream/plan.ts';
import { openFilesDesk } from './files/desk.ts';
import {
  type AgencyInput,
  type Enrolled,
  type Enrolment,
  type EnrolmentOptions,
  openEnrolment,
} from './enrolment.ts';
import { joinCalls } from './join-calls.ts';
import { type OwnRights, openOwnRights } from './own-rights.ts';
import { type PresenceDesk, createPresenceDesk } from './presence-desk.ts';
import { keepPresenceFile } from './presence-file.ts';
import { createDirectoryDesk } from './directory/desk.ts';
import {
  type DirectoryExchange,
  type ExchangedDirectory,
  runDirectoryExchange,
  takeBackOwn,
} from './directory/exchange.ts';
import { watchSources } from './source-watch.ts';
import { serveRenewals } from './enrolment/serve-renewals.ts';
import { type StreamDesk, createStreamDesk } from './streams.ts';

export interface SiteOptions extends EnrolmentOptions {
  readonly servers: string | readonly string[];
  /** For servers with TLS. */
  readonly tls?: TlsMaterial;
  /** Sizes of the streams of each site, in the flat plan. */
  readonly limits?: StreamLimits;
  /** This site has a server and a JetStream domain of its own: the federated plan. */
  readonly federated?: { readonly site: Site; readonly limits: FederatedLimits };
  /** When the broker hands out again what was not acknowledged, per attempt. */
  readonly redeliveryBackoffMs?: readonly number[];
  /** What goes wrong while nobody waits for an answer: an entry file that cannot be read, say. */
  readonly onError?: (error: Error) => void;
  /** How often the folder is looked at besides the system's own notices. */
  readonly pollMs?: number;
  /**
   * Takes in as it stands now whom `verify` believes; asked every few seconds. What it throws is told
   * once. @returns whether that is somebody else than before.
   */
  readonly refreshTrust?: () => Promise<boolean>;
  /** Revocation lists of other authorities, DER: agencies get them beside those of `authority`. */
  readonly otherLists?: () => readonly Uint8Array[];
  /** Renews what agencies ask for; without it they keep what they have until it ends. */
  readonly authority?: Authority;
}

/** What delivery needs at a site: streams, consumers and directory look-ups. */
export interface SiteService extends AsyncDisposable {
  readonly enrolment: Enrolment;
  /** Signed entry, credentials, streams and consumers: the agency can connect when this returns. */
  addAgency(input: AgencyInput): Promise<Enrolled>;
  addRelay(input: AgencyInput): Promise<Enrolled>;
  /** Takes in what other processes wrote, entries and sites; it also happens by itself. */
  refresh(): Promise<void>;
  /** Who is there, for metrics and `bus status`. */
  readonly presence: PresenceDesk;
  status(): ConnectionStatus;
  /** Why there is no connection now. */
  trouble(): ConnectionTrouble | undefined;
  /** The sites that it works for. */
  hostedSites(): Promise<readonly Site[]>;
  close(): Promise<void>;
}

const POLL_MS = 2_000;
const TRUST_POLL_MS = 5_000;

/**
 * Runs the site service of every site that this operator hosts, on one broker.
 *
 * At the start, and when a broker comes back that has lost its disk, it makes whatever stream or
 * consumer is missing; it answers the directory and follows its folder.
 *
 * @throws {@link BusError} `BUS_CONNECT_FAILED`, `BUS_STREAM_CHANGE_REFUSED`, `BUS_REQUEST_REFUSED`,
 *   `BUS_DIRECTORY_FOLDER_DAMAGED`.
 */
export async function openSite(options: SiteOptions): Promise<SiteService> {
  const now = options.now ?? (() => new Date());
  const { federated } = options;
  const enrolment = await openEnrolment(options);
  const hostedSites = async (): Promise<readonly Site[]> =>
    federated === undefined ? await options.operator.sites() : [federated.site];
  const rights = await openOwnRights(options.operator, hostedSites, now);
  const connection = await connectSite({
    servers: options.servers,
    credentials: rights.credentials,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(federated === undefined ? {} : { site: federated.site }),
  });
  const parts = { options, enrolment, hostedSites, rights, connection, now };
  const preparation = prepareStreams(parts);
  try {
    await preparation.refresh();
    if (federated !== undefined) {
      const tell = options.onError ?? (() => undefined);
      await takeBackOwn(exchangedDirectory(parts, federated.site, tell));
      await preparation.refresh();
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
  const desks = await openDesks(parts, preparation);
  const close = async (): Promise<void> => {
    await desks.stop();
    await preparation.settled();
    await connection.close();
  };
  const added = async (enrolled: Enrolled): Promise<Enrolled> => {
    await desks.catchUp();
    return enrolled;
  };
  return {
    enrolment,
    addAgency: async (input) => await added(await enrolment.addAgency(input)),
    addRelay: async (input) => await added(await enrolment.addRelay(input)),
    refresh: desks.catchUp,
    presence: desks.presence,
    status: connection.status,
    trouble: connection.trouble,
    hostedSites,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What the desks of one service share. */
interface ServiceParts {
  readonly options: SiteOptions;
  readonly enrolment: Enrolment;
  readonly hostedSites: () => Promise<readonly Site[]>;
  readonly rights: OwnRights;
  readonly connection: SiteConnection;
  readonly now: () => Date;
}

function prepareStreams({
  options,
  enrolment,
  hostedSites,
  connection,
  now,
}: ServiceParts): StreamDesk {
  const { registry } = enrolment;
  return createStreamDesk({
    admin: connection,
    hostedSites,
    streamsOf: (site) => streamsOf(options, site),
    entries: async () => {
      await registry.refresh();
      return registry.entries();
    },
    onChanged: (site) => connection.notifyDirectoryChanged(site),
    relaysRead: options.federated === undefined ? 'all' : 'own',
    backoffMs: options.redeliveryBackoffMs ?? REDELIVERY_BACKOFF_MS,
    now,
  });
}

function streamsOf({ federated, limits }: SiteOptions, site: Site): readonly StreamPlan[] {
  return federated === undefined
    ? streamsOfSite(site, limits ?? LOCAL_STREAM_LIMITS)
    : federatedStreamsOfSite(site, federated.limits);
}

interface Desks {
  readonly presence: PresenceDesk;
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

async function openDesks(parts: ServiceParts, preparation: StreamDesk): Promise<Desks> {
  const { options, enrolment, hostedSites, rights, connection, now } = parts;
  const { registry } = enrolment;
  const { federated } = options;
  const presence = createPresenceDesk(registry, now);
  const tell = (error: unknown): void => {
    if (error instanceof Error && connection.status() === 'connected') options.onError?.(error);
  };
  const stopAnswering = connection.answerDirectory(createDirectoryDesk(registry), tell);
  const stopPresence = connection.answerPresence(presence.answer, tell);
  const files = openFilesDesk({
    connection,
    ...(federated === undefined ? {} : { federatedSite: federated.site }),
    onError: tell,
  });
  files.addSites(await hostedSites());
  let exchange: DirectoryExchange | undefined;
  const catchUp = joinCalls(async () => {
    await rights.renew(connection.reconnect);
    await preparation.refresh();
    files.addSites(await hostedSites());
    // In the background: a line that is cut must keep nobody from being entered.
    exchange?.publish().catch(tell);
  });
  if (federated !== undefined) {
    exchange = runDirectoryExchange({
      ...exchangedDirectory(parts, federated.site, tell),
      onTaken: () => void catchUp().catch(tell),
    });
    exchange.publish().catch(tell);
  }
  const stopRenewing = serveRenewals(connection, {
    ...options,
    enrolment,
    prepare: catchUp,
    now,
    onError: tell,
  });
  const stopFollowing = followFolder(
    join(options.folder, 'directory'),
    options.pollMs ?? POLL_MS,
    () => void catchUp().catch(tell),
  );
  const stopWatching = watchForLoss(connection, preparation, {
    lost: () => exchange?.startAnew(),
    back: () => void catchUp().catch(tell),
  });
  const stopTrust = followTrust(options, () => exchange?.readAgain());
  const sources = watchSources({
    admin: connection,
    streams: () => (federated === undefined ? [] : streamsOf(options, federated.site)),
    onError: tell,
  });
  const stopPresenceFile = startPresenceFile(parts, presence, tell);
  const stop = async (): Promise<void> => {
    await stopPresenceFile();
    stopFollowing();
    stopTrust();
    stopWatching();
    stopAnswering();
    stopPresence();
    stopRenewing();
    await exchange?.stop();
    await files.stop();
    await sources.stop();
  };
  return { presence, catchUp, stop };
}

function startPresenceFile(
  { options: { folder, pollMs }, hostedSites, now }: ServiceParts,
  presence: PresenceDesk,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const every = pollMs === undefined ? {} : { everyMs: pollMs };
  return keepPresenceFile({ folder, presence, sites: hostedSites, now, onError, ...every });
}

function exchangedDirectory(
  { enrolment, connection, now }: ServiceParts,
  site: Site,
  onError: (error: Error) => void,
): ExchangedDirectory {
  return {
    directory: connection,
    admin: connection,
    registry: enrolment.registry,
    outStream: directoryStream(site),
    inStream: directoryInboxStream(site),
    onError,
    now,
  };
}

/** The broker may come back without its disk. @returns ends the watching. */
function watchForLoss(
  connection: Pick<SiteConnection, 'onStatus'>,
  preparation: StreamDesk,
  tell: { readonly lost: () => void; readonly back: () => void },
): () => void {
  const forgetLoss = preparation.onLost(tell.lost);
  const forgetStatus = connection.onStatus((status) => {
    if (status !== 'connected') return;
    preparation.doubt();
    tell.back();
  });
  return () => {
    forgetStatus();
    forgetLoss();
  };
}

/** Calls when whom to believe has changed; of a fault that stays one word is enough. */
function followTrust(
  { refreshTrust, onError, pollMs = TRUST_POLL_MS }: SiteOptions,
  changed: () => void,
): () => void {
  if (refreshTrust === undefined) return () => undefined;
  let told: string | undefined;
  const look = joinCalls(async () => {
    try {
      if (await refreshTrust()) changed();
      told = undefined;
    } catch (error) {
      if (error instanceof Error && error.message !== told) onError?.(error);
      told = error instanceof Error ? error.message : String(error);
    }
  });
  const timer = setInterval(() => void look(), pollMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Calls on every notice of the system and, since notices can be missing, at an interval. */
function followFolder(folder: string, pollMs: number, changed: () => void): () => void {
  const timer = setInterval(changed, pollMs);
  timer.unref();
  try {
    const watcher = watch(folder, (_, name) => {
      // A file has no meaning until it has its name: of each there would be three notices more.
      if (name === null || !isPartialFile(name)) changed();
    });
    watcher.on('error', () => watcher.close());
    return () => {
      clearInterval(timer);
      watcher.close();
    };
  } catch {
    return () => clearInterval(timer);
  }
}

import { watch } from 'node:fs';
import { join } from 'node:path';

import type { Site } from '../agency/tier.ts';
import { type SiteConnection, connectSite } from '../broker/site-connection.ts';
import {
  type ConsumerPlan,
  LOCAL_STREAM_LIMITS,
  REDELIVERY_BACKOFF_MS,
  type StreamLimits,
  consumersOfAgency,
  consumersOfRelay,
  streamsOfSite,
} from '../stream/plan.ts';
import { mintSiteCredentials } from './credentials.ts';
import {
  type AgencyInput,
  type Enrolled,
  type Enrolment,
  type EnrolmentOptions,
  openEnrolment,
} from './enrolment.ts';
import { answerDirectoryRequest } from './page.ts';
import type { RegisteredEntry, Registry } from './registry.ts';

export interface SiteOptions extends EnrolmentOptions {
  readonly servers: string | readonly string[];
  /** Sizes of the streams of each site. */
  readonly limits?: StreamLimits;
  /** When the broker hands out again what was not acknowledged, per attempt. */
  readonly redeliveryBackoffMs?: readonly number[];
  /** What goes wrong while nobody waits for an answer: an entry file that cannot be read, say. */
  readonly onError?: (error: Error) => void;
  /** How often the folder is looked at besides the system's own notices. */
  readonly pollMs?: number;
}

/** What delivery needs at a site: streams, consumers and directory look-ups. */
export interface SiteService extends AsyncDisposable {
  readonly enrolment: Enrolment;
  /** Signed entry, credentials, streams and consumers: the agency can connect when this returns. */
  addAgency(input: AgencyInput): Promise<Enrolled>;
  addRelay(input: AgencyInput): Promise<Enrolled>;
  /** Takes in what other processes wrote, entries and sites; it also happens by itself. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

const POLL_MS = 2_000;

/**
 * Runs the site service of every site that this operator hosts, on one broker.
 *
 * At the start it makes whatever stream or consumer is missing, so a lost broker disk is healed by
 * a restart; then it answers the directory and follows its folder.
 *
 * @throws {@link BusError} `BUS_CONNECT_FAILED`, `BUS_STREAM_CHANGE_REFUSED`, `BUS_REQUEST_REFUSED`,
 *   `BUS_DIRECTORY_FOLDER_DAMAGED`.
 */
export async function openSite(options: SiteOptions): Promise<SiteService> {
  const now = options.now ?? (() => new Date());
  const enrolment = await openEnrolment(options);
  const { registry } = enrolment;
  const credentials = await mintSiteCredentials(options.operator, now());
  const connection = await connectSite({ servers: options.servers, credentials });
  const preparation = createPreparation(connection, registry, options, now);
  try {
    await preparation.refresh();
  } catch (error) {
    await connection.close();
    throw error;
  }
  const stopAnswering = connection.answerDirectory((subject) =>
    answerDirectoryRequest(registry, subject),
  );
  const stopFollowing = followFolder(
    join(options.folder, 'directory'),
    options.pollMs ?? POLL_MS,
    () => {
      preparation.refresh().catch((error: unknown) => {
        if (error instanceof Error && connection.status() === 'connected') options.onError?.(error);
      });
    },
  );
  const close = async (): Promise<void> => {
    stopFollowing();
    stopAnswering();
    await preparation.settled();
    await connection.close();
  };
  const added = async (enrolled: Enrolled): Promise<Enrolled> => {
    await preparation.refresh();
    return enrolled;
  };
  return {
    enrolment,
    addAgency: async (input) => await added(await enrolment.addAgency(input)),
    addRelay: async (input) => await added(await enrolment.addRelay(input)),
    refresh: preparation.refresh,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Keeps the broker in step with the directory. */
interface Preparation {
  refresh(): Promise<void>;
  /** When nothing is under way any more. */
  settled(): Promise<void>;
}

function createPreparation(
  connection: SiteConnection,
  registry: Registry,
  options: SiteOptions,
  now: () => Date,
): Preparation {
  const limits = options.limits ?? LOCAL_STREAM_LIMITS;
  const backoffMs = options.redeliveryBackoffMs ?? REDELIVERY_BACKOFF_MS;
  const preparedSites = new Set<Site>();
  let preparedCount = 0;
  let working: Promise<void> = Promise.resolve();

  const relayConsumers = (): ConsumerPlan[] => {
    const relays = registry.entries().filter(({ entry }) => entry.role === 'relay');
    const codes = new Set(relays.map(({ entry }) => entry.code));
    return [...codes].flatMap((code) => consumersOfRelay(code, [...preparedSites], backoffMs));
  };
  const prepareSites = async (sites: readonly Site[]): Promise<void> => {
    if (sites.length === 0) return;
    for (const plan of sites.flatMap((site) => streamsOfSite(site, limits))) {
      await connection.ensureStream(plan);
    }
    for (const site of sites) preparedSites.add(site);
    await connection.ensureConsumers(relayConsumers());
  };
  const prepareEntries = async (fresh: readonly RegisteredEntry[]): Promise<void> => {
    // One that opens later gets its inbox now; only what has closed needs none.
    const agencies = fresh.filter(
      ({ entry: { role, site, validTo } }) =>
        role === 'agency' &&
        preparedSites.has(site) &&
        (validTo === null || Date.parse(validTo) > now().getTime()),
    );
    const plans = new Map<string, ConsumerPlan>();
    for (const { entry } of agencies) {
      for (const plan of consumersOfAgency(entry.code, entry.site, backoffMs)) {
        plans.set(`${plan.stream} ${plan.name}`, plan);
      }
    }
    const withRelays = fresh.some(({ entry }) => entry.role === 'relay');
    await connection.ensureConsumers([...plans.values(), ...(withRelays ? relayConsumers() : [])]);
    for (const site of preparedSites) connection.notifyDirectoryChanged(site);
  };
  const catchUp = async (): Promise<void> => {
    const hosted = await options.operator.sites();
    const added = hosted.filter((site) => !preparedSites.has(site));
    await prepareSites(added);
    // Agencies of a new site may have been entered before it was hosted.
    if (added.length > 0) preparedCount = 0;
    await registry.refresh();
    const fresh = registry.entries().slice(preparedCount);
    if (fresh.length === 0) return;
    await prepareEntries(fresh);
    preparedCount += fresh.length;
  };
  return {
    refresh: async () => {
      working = working.catch(() => undefined).then(catchUp);
      await working;
    },
    settled: async () => await working.catch(() => undefined),
  };
}

/** Calls on every notice of the system and, since notices can be missing, at an interval. */
function followFolder(folder: string, pollMs: number, changed: () => void): () => void {
  const timer = setInterval(changed, pollMs);
  timer.unref();
  try {
    const watcher = watch(folder, changed);
    watcher.on('error', () => watcher.close());
    return () => {
      clearInterval(timer);
      watcher.close();
    };
  } catch {
    return () => clearInterval(timer);
  }
}

import { watch } from 'node:fs';
import { join } from 'node:path';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { connectSite } from '../broker/site-connection.ts';
import { isOpenAt } from '../directory/entry.ts';
import {
  type ConsumerPlan,
  LOCAL_STREAM_LIMITS,
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
import type { RegisteredEntry } from './registry.ts';

export interface SiteOptions extends EnrolmentOptions {
  readonly servers: string | readonly string[];
  /** Sizes of the streams of each site. */
  readonly limits?: StreamLimits;
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
  /** Prepares the streams of a site that the operator was given meanwhile. */
  addSite(site: Site): Promise<void>;
  /** Takes in what other processes wrote; it also happens by itself. */
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
  const limits = options.limits ?? LOCAL_STREAM_LIMITS;
  const enrolment = await openEnrolment(options);
  const { registry } = enrolment;
  const credentials = await mintSiteCredentials(options.operator, now());
  const connection = await connectSite({ servers: options.servers, credentials });

  const prepareSites = async (sites: readonly Site[]): Promise<void> => {
    for (const plan of sites.flatMap((site) => streamsOfSite(site, limits))) {
      await connection.ensureStream(plan);
    }
    await connection.ensureConsumers(await relayConsumers());
  };
  const relayConsumers = async (): Promise<ConsumerPlan[]> => {
    const hosted = await options.operator.sites();
    const relays = new Set(
      registry.entries().flatMap(({ entry }) => (entry.role === 'relay' ? [entry.code] : [])),
    );
    return [...relays].flatMap((code: AgencyCode) => consumersOfRelay(code, hosted));
  };
  const prepareEntries = async (fresh: readonly RegisteredEntry[]): Promise<void> => {
    if (fresh.length === 0) return;
    const hosted = new Set(await options.operator.sites());
    const agencies = fresh.filter(
      ({ entry }) => entry.role === 'agency' && hosted.has(entry.site) && isOpenAt(entry, now()),
    );
    const plans = agencies.flatMap(({ entry }) => consumersOfAgency(entry.code, entry.site));
    await connection.ensureConsumers([...plans, ...(await relayConsumers())]);
    for (const site of hosted) connection.notifyDirectoryChanged(site);
  };

  let prepared = 0;
  let working: Promise<void> = Promise.resolve();
  const catchUp = async (): Promise<void> => {
    await registry.refresh();
    const end = registry.entries().length;
    await prepareEntries(registry.entries().slice(prepared, end));
    prepared = end;
  };
  const refresh = async (): Promise<void> => {
    working = working.catch(() => undefined).then(catchUp);
    await working;
  };
  const refreshInBackground = () => {
    refresh().catch((error: unknown) => {
      if (error instanceof Error && connection.status() === 'connected') options.onError?.(error);
    });
  };

  try {
    await prepareSites(await options.operator.sites());
    await refresh();
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
    refreshInBackground,
  );
  const close = async (): Promise<void> => {
    stopFollowing();
    stopAnswering();
    await working.catch(() => undefined);
    await connection.close();
  };
  const added = async (enrolled: Promise<Enrolled>): Promise<Enrolled> => {
    const result = await enrolled;
    await refresh();
    return result;
  };
  return {
    enrolment,
    addAgency: async (input) => await added(enrolment.addAgency(input)),
    addRelay: async (input) => await added(enrolment.addRelay(input)),
    addSite: async (site) => await prepareSites([site]),
    refresh,
    close,
    [Symbol.asyncDispose]: close,
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

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type AgencyCode, parseAgencyCode } from '../agency/code.ts';
import type { Site, Tier } from '../agency/tier.ts';
import { connectAdmin } from '../broker/admin-connection.ts';
import { sendSignal, waitForEnd } from '../local-server/process.ts';
import { type LocalServer, startLocalServer } from '../local-server/start.ts';
import type { FoundServer } from '../local-server/find.ts';
import type { SignBytes } from '../record/frame.ts';
import type { AgencyInput, Enrolled } from '../site/enrolment.ts';
import { type SiteOptions, type SiteService, openSite } from '../site/service.ts';
import type { StreamLimits } from '../stream/plan.ts';

const MEBIBYTE = 1024 * 1024;
const KILL_TIMEOUT_MS = 10_000;

/** Small, so that a test machine with little disk can hold several sites. */
export const TEST_STREAM_LIMITS: StreamLimits = {
  inboxBytes: 256 * MEBIBYTE,
  reportBytes: 64 * MEBIBYTE,
  blobBytes: 64 * MEBIBYTE,
  replicas: 1,
};
/** What a killed client had taken comes again soon, so that tests need not wait half a minute. */
const TEST_BACKOFF_MS: readonly number[] = [2_000, 5_000, 30_000];
const TEST_STORE_BYTES = 8 * 1024 * MEBIBYTE;

export interface LocalBusOptions {
  readonly sites: readonly Site[];
  /** What all streams together may reserve; the default is 8 GiB. */
  readonly storeBytes?: number;
  /** Signs directory entries; the default is a placeholder that no verifier accepts. */
  readonly signRegistrar?: SignBytes;
  readonly registrar?: AgencyCode;
  /** Renews agencies' certificates. */
  readonly authority?: SiteOptions['authority'];
  readonly otherLists?: SiteOptions['otherLists'];
  readonly server?: FoundServer;
  readonly limits?: StreamLimits;
  /** The default is 2 s at first. */
  readonly redeliveryBackoffMs?: readonly number[];
}

/** As {@link AgencyInput}, with a default for everything but the code and the site. */
export type TestAgency = Pick<AgencyInput, 'site'> &
  Partial<Omit<AgencyInput, 'code' | 'site'>> & { readonly code: string };

/** A real broker in a temporary folder, with the site service in this process. */
export interface LocalBus extends AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly server: () => LocalServer;
  readonly site: SiteService;
  addAgency(input: TestAgency): Promise<Enrolled>;
  addRelay(input: TestAgency): Promise<Enrolled>;
  /** The credentials of a relay that is added with this code when it is not there yet. */
  relayCredentials(code: string, site: Site): Promise<Uint8Array>;
  addSite(site: Site): Promise<void>;
  /** SIGKILL to the server; clients notice and wait. */
  kill(): Promise<void>;
  /** Starts the server again, on the same port and folder; stops it first when it runs. */
  restart(): Promise<void>;
  /** Takes everything out of a stream, as a power cut may. */
  emptyStream(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real bus for tests: `await using bus = await startLocalBus({ sites: ['H09', 'TW'] })`. */
export async function startLocalBus(options: LocalBusOptions): Promise<LocalBus> {
  const folder = await mkdtemp(join(tmpdir(), 'congvan-bus-'));
  const serverOptions = {
    folder: join(folder, 'broker'),
    sites: options.sites,
    maxStoreBytes: options.storeBytes ?? TEST_STORE_BYTES,
    ...(options.server === undefined ? {} : { server: options.server }),
  };
  let server = await startLocalServer(serverOptions);
  const site = await openSite({
    folder: join(folder, 'site'),
    servers: server.url,
    operator: server.operator,
    registrar: options.registrar ?? parseAgencyCode('A00'),
    signRegistrar: options.signRegistrar ?? signWithPlaceholder,
    ...(options.authority === undefined ? {} : { authority: options.authority }),
    ...(options.otherLists === undefined ? {} : { otherLists: options.otherLists }),
    limits: options.limits ?? TEST_STREAM_LIMITS,
    redeliveryBackoffMs: options.redeliveryBackoffMs ?? TEST_BACKOFF_MS,
  });
  const kill = async (): Promise<void> => {
    sendSignal(server.pid, 'SIGKILL');
    await waitForEnd(server.pid, KILL_TIMEOUT_MS);
    await server.exited();
  };
  const stop = async (): Promise<void> => {
    await site.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const addAgency = async (input: TestAgency) => await site.addAgency(completeTestAgency(input));
  const addRelay = async (input: TestAgency) => await site.addRelay(completeTestAgency(input));
  return {
    folder,
    url: server.url,
    server: () => server,
    site,
    addAgency,
    addRelay,
    relayCredentials: async (code, home) => (await addRelay({ code, site: home })).credentials,
    addSite: async (name) => {
      await server.addSite(name);
      await site.refresh();
    },
    kill,
    restart: async () => {
      await server.stop();
      server = await startLocalServer({ ...serverOptions, port: server.port });
    },
    emptyStream: async (name) => {
      const credentials = await server.operator.mint({
        account: 'STORE',
        name: 'administrator',
        permissions: 'all',
        expiresAt: null,
        now: new Date(),
      });
      await using admin = await connectAdmin({ servers: server.url, credentials });
      await admin.purgeStream(name);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Fills in the defaults of a test agency. */
export function completeTestAgency(input: TestAgency): AgencyInput {
  const tier: Tier = input.tier ?? 'province';
  return {
    name: `Agency ${input.code}`,
    parent: null,
    certificates: [],
    ...input,
    tier,
    code: parseAgencyCode(input.code),
  };
}

/** No verifier accepts it. */
export async function signWithPlaceholder(): Promise<Uint8Array> {
  return new TextEncoder().encode('placeholder signature of a test registrar');
}

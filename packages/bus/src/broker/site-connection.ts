import { jetstreamManager } from '@nats-io/jetstream';

import type { Site } from '../agency/tier.ts';
import { SITE_INBOX_PREFIX, siteInboxPrefix } from '../permission/user.ts';
import {
  type ConnectOptions,
  type Connection,
  type ConnectionStatus,
  type StatusListener,
  openConnection,
} from './connection.ts';
import type { ConnectionTrouble } from './connection-trouble.ts';
import { answerPresence } from './presence.ts';
import { type SiteDirectory, createSiteDirectory } from './site-directory.ts';
import { type SiteFiles, createSiteFiles } from './site-files.ts';
import { type SiteRenewal, createSiteRenewal } from './site-renewal.ts';
import { type StreamAdmin, createStreamAdmin } from './stream-admin.ts';

export interface SiteConnectOptions extends ConnectOptions {
  /** Of a federated plan: answers from the centre come back over the leaf line by this name. */
  readonly site?: Site;
}

/** The broker as a site service sees it: it makes streams and consumers, and answers look-ups. */
export interface SiteConnection
  extends StreamAdmin, SiteFiles, SiteDirectory, SiteRenewal, AsyncDisposable {
  /** Answers every `vb.alive`. @returns a function that ends the answering. */
  answerPresence(
    answer: (natsSubject: string, data: Uint8Array) => Uint8Array | undefined,
    onError: (error: Error) => void,
  ): () => void;
  /** Connects again, with the credentials as they are now. */
  reconnect(): Promise<void>;
  status(): ConnectionStatus;
  onStatus(listener: StatusListener): () => void;
  /** Why there is no connection now. */
  trouble(): ConnectionTrouble | undefined;
  close(): Promise<void>;
}

const RECONNECT_TIMEOUT_MS = 10_000;

/** @throws {@link BusError} `BUS_CONNECT_FAILED`. */
export async function connectSite(options: SiteConnectOptions): Promise<SiteConnection> {
  const prefix = options.site === undefined ? SITE_INBOX_PREFIX : siteInboxPrefix(options.site);
  const connection = await openConnection(options, 'site service', prefix);
  const { nats } = connection;
  const manager = await jetstreamManager(nats, { checkAPI: false, timeout: 10_000 });
  return {
    ...createStreamAdmin(nats, manager),
    ...createSiteFiles(connection, manager),
    ...createSiteDirectory(connection),
    ...createSiteRenewal(nats),
    answerPresence: (answer, onError) => answerPresence(nats, answer, onError),
    reconnect: async () => await reconnect(connection),
    status: connection.status,
    onStatus: connection.onStatus,
    trouble: connection.trouble,
    close: connection.close,
    [Symbol.asyncDispose]: connection.close,
  };
}

/** What comes too late is no error: the client goes on trying, and requests say so themselves. */
async function reconnect({ nats, onStatus }: Connection): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, RECONNECT_TIMEOUT_MS);
  const forget = onStatus((status) => {
    if (status === 'connected') resolve();
  });
  await nats.reconnect();
  await promise;
  clearTimeout(timer);
  forget();
}

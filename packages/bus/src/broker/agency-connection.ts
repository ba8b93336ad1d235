import { type AgencyCode, codeToToken } from '../agency/code.ts';
import { type Site, type Tier, parseSite } from '../agency/tier.ts';
import { agencyInboxPrefix } from '../permission/user.ts';
import { inboxConsumer, inboxStream } from '../stream/names.ts';
import type { Lane } from '../subject/lane.ts';
import { directoryChangedSubject } from '../subject/directory-subject.ts';
import type { BusMessage } from './bus-message.ts';
import {
  type ConnectOptions,
  type ConnectionStatus,
  type StatusListener,
  openConnection,
} from './connection.ts';
import type { ConnectionTrouble } from './connection-trouble.ts';
import type { DirectoryClient } from '../directory/client.ts';
import { createDirectoryClient } from './directory-client.ts';
import { type FileClient, createFileClient } from './file-client.ts';
import { tellPresence } from './presence.ts';
import { type Publisher, createPublisher } from './publish.ts';
import { type RenewalClient, createRenewalClient } from './renewal-client.ts';
import { DEFAULT_BATCH_BYTES, DEFAULT_BATCH_MESSAGES, pullBatches } from './pull.ts';

export interface AgencyConnectOptions extends ConnectOptions {
  readonly code: AgencyCode;
  readonly site: Site;
  /** Shown in the broker's monitoring. */
  readonly name: string;
}

export interface BatchOptions {
  /** Largest batch; the default is 500. */
  readonly maxMessages?: number;
  /** What may wait in memory and on the line; the default is 8 MiB, less suits a slow line. */
  readonly maxBytes?: number;
  /** The broker has had nothing more to hand out for some seconds; called again while that stays. */
  readonly onIdle?: () => void;
  readonly signal: AbortSignal;
}

export interface AgencyConnection
  extends Publisher, DirectoryClient, FileClient, RenewalClient, AsyncDisposable {
  /**
   * The messages of one lane, in batches: all that are waiting, up to the limits. It goes on
   * through restarts of the broker and ends with `signal` or `close`.
   */
  inbox(lane: Lane, options: BatchOptions): AsyncIterable<readonly BusMessage[]>;
  /** Presence that the site service answers; `undefined` when it does not. */
  presence(tier: Tier, data: Uint8Array): Promise<Uint8Array | undefined>;
  /** The site service has new directory entries. @returns a function that ends the listening. */
  onDirectoryChanged(listener: () => void): () => void;
  /** Connects anew, so that renewed credentials and certificates count. */
  reconnect(): Promise<void>;
  status(): ConnectionStatus;
  /** Why there is no connection now; `undefined` while there is one. */
  trouble(): ConnectionTrouble | undefined;
  onStatus(listener: StatusListener): () => void;
  close(): Promise<void>;
}

/**
 * Connects an agency to its broker, with the rights of its code and nothing more.
 *
 * @throws {@link BusError} `BUS_CREDENTIALS_INVALID`, or `BUS_CONNECT_FAILED` when the first connection does not come about.
 */
export async function connectAgency(options: AgencyConnectOptions): Promise<AgencyConnection> {
  const { code, site } = options;
  parseSite(site);
  const name = `${codeToToken(code)} ${options.name}`;
  const connection = await openConnection(options, name, agencyInboxPrefix(code));
  const { nats } = connection;
  return {
    ...createPublisher(connection),
    ...createDirectoryClient(nats),
    ...createRenewalClient(nats, { code, site }),
    reconnect: connection.reconnect,
    ...createFileClient(connection, { code, site }),
    inbox: (lane, { maxMessages, maxBytes, signal }) =>
      pullBatches(connection, {
        stream: inboxStream(site),
        consumer: inboxConsumer(code, lane),
        maxMessages: maxMessages ?? DEFAULT_BATCH_MESSAGES,
        maxBytes: maxBytes ?? DEFAULT_BATCH_BYTES,
        signal,
      }),
    presence: async (tier, data) => await tellPresence(nats, { tier, site, code }, data),
    onDirectoryChanged: (listener) => {
      const subscription = nats.subscribe(directoryChangedSubject(site), {
        callback: (error) => {
          if (error === null) listener();
        },
      });
      return () => subscription.unsubscribe();
    },
    status: connection.status,
    trouble: connection.trouble,
    onStatus: connection.onStatus,
    close: connection.close,
    [Symbol.asyncDispose]: connection.close,
  };
}

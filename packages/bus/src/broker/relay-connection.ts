import { type AgencyCode, codeToToken } from '../agency/code.ts';
import { type Site, parseSite } from '../agency/tier.ts';
import { relayInboxPrefix } from '../permission/user.ts';
import { REPORTS_STREAM, relayConsumer, reportStream } from '../stream/names.ts';
import type { BatchOptions } from './agency-connection.ts';
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
import { type PublishOptions, type Published, createPublisher } from './publish.ts';
import { DEFAULT_BATCH_BYTES, DEFAULT_BATCH_MESSAGES, pullBatches } from './pull.ts';
import { type RenewalClient, createRenewalClient } from './renewal-client.ts';

/** In place of a site; no site can be named so. */
export const ALL_SITES = '*';

export interface RelayConnectOptions extends ConnectOptions {
  readonly code: AgencyCode;
  readonly site: Site;
}

export interface RelayConnection
  extends DirectoryClient, Pick<RenewalClient, 'newRevocationLists'>, AsyncDisposable {
  /**
   * What the agencies of a site report, in batches; see `AgencyConnection.inbox`. {@link ALL_SITES}:
   * those of every site, as they arrive at the centre of a federated plan.
   */
  reports(from: Site, options: BatchOptions): AsyncIterable<readonly BusMessage[]>;
  /** An ordinary message to an agency, such as a watermark. */
  publishMessage(subject: string, data: Uint8Array, options: PublishOptions): Promise<Published>;
  /** A site service has new directory entries. @returns a function that ends the listening. */
  onDirectoryChanged(listener: () => void): () => void;
  status(): ConnectionStatus;
  /** Why there is no connection now. */
  trouble(): ConnectionTrouble | undefined;
  onStatus(listener: StatusListener): () => void;
  close(): Promise<void>;
}

/** @throws {@link BusError} `BUS_CREDENTIALS_INVALID`, or `BUS_CONNECT_FAILED` when the first connection does not come about. */
export async function connectRelay(options: RelayConnectOptions): Promise<RelayConnection> {
  const { code } = options;
  const name = `relay ${codeToToken(code)}`;
  const connection = await openConnection(options, name, relayInboxPrefix(code));
  const { nats } = connection;
  return {
    ...createDirectoryClient(nats),
    newRevocationLists: createRenewalClient(nats, options).newRevocationLists,
    publishMessage: createPublisher(connection).publish,
    reports: (from, { maxMessages, maxBytes, onIdle, signal }) =>
      pullBatches(connection, {
        stream: from === ALL_SITES ? REPORTS_STREAM : reportStream(parseSite(from)),
        consumer: relayConsumer(code),
        maxMessages: maxMessages ?? DEFAULT_BATCH_MESSAGES,
        maxBytes: maxBytes ?? DEFAULT_BATCH_BYTES,
        ...(onIdle === undefined ? {} : { onIdle }),
        signal,
      }),
    onDirectoryChanged: (listener) => {
      const subscription = nats.subscribe('vb.directory.changed.*', {
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

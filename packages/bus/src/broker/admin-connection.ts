import { jetstreamManager } from '@nats-io/jetstream';

import type { DirectoryClient } from '../directory/client.ts';
import { inboxPrefix } from '../permission/user.ts';
import { type ConnectOptions, type ConnectionStatus, openConnection } from './connection.ts';
import { createDirectoryClient } from './directory-client.ts';
import { type Probe, type ProbeOptions, probeStorage } from './probe.ts';
import { type StoredHead, countMessages, listHeads } from './stream-follower.ts';
import { type StreamAdmin, administer, createStreamAdmin } from './stream-admin.ts';

/** The broker as its administrator sees it, inside `STORE`. */
export interface AdminConnection
  extends StreamAdmin, Pick<DirectoryClient, 'getDirectoryHeads'>, AsyncDisposable {
  /** Such as `2.14.3`, of the server that answers now. */
  serverVersion(): string;
  serverName(): string;
  /** With everything in it; nothing here calls it by itself, nor the next. */
  deleteStream(name: string): Promise<void>;
  /** Everything in it; the stream stays. */
  purgeStream(name: string): Promise<void>;
  /** What a stream holds now, or what of it has such a subject. */
  listHeads(stream: string, filterSubject?: string): Promise<StoredHead[]>;
  /** How many messages of a stream have such a subject. */
  countMessages(stream: string, filterSubject: string): Promise<number>;
  /** Writes to the disks of so many servers and reads back; what it made is gone afterwards. */
  probe(options: ProbeOptions): Promise<Probe>;
  status(): ConnectionStatus;
  close(): Promise<void>;
}

export interface AdminConnectOptions extends ConnectOptions {
  /** The prefix that the credentials allow; the default is that of an administrator with all rights. */
  readonly inboxPrefix?: string;
  readonly requestTimeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** @throws {@link BusError} `BUS_CREDENTIALS_INVALID` or `BUS_CONNECT_FAILED`. */
export async function connectAdmin(options: AdminConnectOptions): Promise<AdminConnection> {
  const prefix = options.inboxPrefix ?? inboxPrefix('administrator');
  const connection = await openConnection(options, 'administrator', prefix);
  const { nats } = connection;
  const { getDirectoryHeads } = createDirectoryClient(nats);
  const manager = await jetstreamManager(nats, {
    checkAPI: false,
    timeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  });
  return {
    ...createStreamAdmin(nats, manager),
    getDirectoryHeads,
    serverVersion: () => nats.info?.version ?? '',
    serverName: () => nats.info?.server_name ?? '',
    deleteStream: async (name) => {
      await administer(`stream ${name}`, () => manager.streams.delete(name));
    },
    purgeStream: async (name) => {
      await administer(`stream ${name}`, () => manager.streams.purge(name));
    },
    listHeads: async (stream, filterSubject) =>
      await administer(`stream ${stream}`, () =>
        listHeads(connection, manager, {
          stream,
          ...(filterSubject === undefined ? {} : { filterSubject }),
        }),
      ),
    countMessages: async (stream, filterSubject) =>
      await administer(`stream ${stream}`, () => countMessages(manager, stream, filterSubject)),
    probe: async (probe) => await probeStorage(nats, manager, probe),
    status: connection.status,
    close: connection.close,
    [Symbol.asyncDispose]: connection.close,
  };
}

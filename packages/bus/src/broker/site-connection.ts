import { jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';

import type { Site } from '../agency/tier.ts';
import { SITE_INBOX_PREFIX } from '../permission/user.ts';
import { directoryChangedSubject } from '../subject/subject.ts';
import {
  type ConnectOptions,
  type ConnectionStatus,
  type StatusListener,
  openConnection,
} from './connection.ts';
import { HEAD_SEQUENCE_HEADER, LAST_SEQUENCE_HEADER } from './directory-client.ts';
import { type StreamAdmin, createStreamAdmin } from './stream-admin.ts';

/** The answer to one directory request; `undefined` makes it an empty one. */
export interface DirectoryAnswer {
  readonly data: Uint8Array;
  readonly lastSequence?: number;
  readonly headSequence?: number;
}

/** The broker as a site service sees it: it makes streams and consumers, and answers look-ups. */
export interface SiteConnection extends StreamAdmin, AsyncDisposable {
  /** Answers `vb.directory.get.*` and `vb.directory.since.*`; several services share the work. */
  answerDirectory(answer: (subject: string) => DirectoryAnswer | undefined): () => void;
  notifyDirectoryChanged(site: Site): void;
  status(): ConnectionStatus;
  onStatus(listener: StatusListener): () => void;
  close(): Promise<void>;
}

const DIRECTORY_QUEUE = 'site';

/** @throws {@link BusError} `BUS_CONNECT_FAILED`. */
export async function connectSite(options: ConnectOptions): Promise<SiteConnection> {
  const connection = await openConnection(options, 'site service', SITE_INBOX_PREFIX);
  const { nats } = connection;
  const manager = await jetstreamManager(nats, { checkAPI: false, timeout: 10_000 });
  return {
    ...createStreamAdmin(manager),
    answerDirectory: (answer) => {
      const subscriptions = ['vb.directory.get.*', 'vb.directory.since.*'].map((subject) =>
        nats.subscribe(subject, {
          queue: DIRECTORY_QUEUE,
          callback: (error, message) => {
            if (error !== null) return;
            const found = answer(message.subject);
            const reply = headers();
            reply.set(LAST_SEQUENCE_HEADER, String(found?.lastSequence ?? 0));
            reply.set(HEAD_SEQUENCE_HEADER, String(found?.headSequence ?? 0));
            message.respond(found?.data ?? new Uint8Array(), { headers: reply });
          },
        }),
      );
      return () => {
        for (const subscription of subscriptions) subscription.unsubscribe();
      };
    },
    notifyDirectoryChanged: (site) => {
      if (connection.status() === 'connected') nats.publish(directoryChangedSubject(site));
    },
    status: connection.status,
    onStatus: connection.onStatus,
    close: connection.close,
    [Symbol.asyncDispose]: connection.close,
  };
}

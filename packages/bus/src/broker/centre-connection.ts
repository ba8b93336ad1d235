import { jetstreamManager } from '@nats-io/jetstream';

import { CENTRE_INBOX_PREFIX } from '../permission/site.ts';
import { type ConnectOptions, type ConnectionStatus, openConnection } from './connection.ts';
import { type SiteFiles, createSiteFiles } from './site-files.ts';
import { type StreamAdmin, createStreamAdmin } from './stream-admin.ts';

/** The broker as the service at the centre of a federated plan sees it. */
export interface CentreConnection
  extends StreamAdmin, Pick<SiteFiles, 'followStream' | 'purgeMessages'>, AsyncDisposable {
  status(): ConnectionStatus;
  close(): Promise<void>;
}

/** @throws {@link BusError} `BUS_CREDENTIALS_INVALID` or `BUS_CONNECT_FAILED`. */
export async function connectCentre(options: ConnectOptions): Promise<CentreConnection> {
  const connection = await openConnection(options, 'centre', CENTRE_INBOX_PREFIX);
  const manager = await jetstreamManager(connection.nats, { checkAPI: false, timeout: 10_000 });
  const { followStream, purgeMessages } = createSiteFiles(connection, manager);
  return {
    ...createStreamAdmin(connection.nats, manager),
    followStream,
    purgeMessages,
    status: connection.status,
    close: connection.close,
    [Symbol.asyncDispose]: connection.close,
  };
}

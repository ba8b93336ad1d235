import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import {
  type MsgHdrs,
  type NatsConnection,
  connect,
  credsAuthenticator,
} from '@nats-io/transport-node';

/** A connection that remembers what it was refused. */
export interface Attacker {
  readonly connection: NatsConnection;
  /** @returns true when the broker refused the message. */
  publishIsRefused(subject: string, payload: string, headers?: MsgHdrs): Promise<boolean>;
  /** @returns true when the broker refused the subscription. */
  listenIsRefused(subject: string): Promise<boolean>;
}

export async function openAttacker(
  servers: string,
  credentials: Uint8Array,
  inboxPrefix: string,
): Promise<Attacker> {
  const connection = await connect({
    servers,
    authenticator: credsAuthenticator(credentials),
    inboxPrefix,
    reconnect: false,
    noAsyncTraces: true,
  });
  const refusals: string[] = [];
  void (async () => {
    for await (const event of connection.status()) {
      if (event.type === 'error') refusals.push(event.error.message);
    }
  })();
  const wasRefused = async (what: string, subject: string): Promise<boolean> => {
    // The refusal comes before the answers to these.
    await connection.flush();
    await connection.flush();
    return refusals.some((message) => message.includes(`${what} to "${subject}"`));
  };
  return {
    connection,
    publishIsRefused: async (subject, payload, headers) => {
      connection.publish(subject, payload, headers === undefined ? {} : { headers });
      return await wasRefused('Publish', subject);
    },
    listenIsRefused: async (subject) => {
      const subscription = connection.subscribe(subject, { callback: () => undefined });
      const refused = await wasRefused('Subscription', subject);
      subscription.unsubscribe();
      return refused;
    },
  };
}

/** An administrator's view of a broker. */
export interface Watcher {
  readonly manager: JetStreamManager;
  /** Streams, consumers and messages by subject, but for the subjects that are left out. */
  snapshot(leaveOut: RegExp): Promise<unknown>;
  close(): Promise<void>;
}

export async function openWatcher(servers: string, credentials: Uint8Array): Promise<Watcher> {
  const connection = await connect({
    servers,
    authenticator: credsAuthenticator(credentials),
    inboxPrefix: '_INBOX_admin',
    noAsyncTraces: true,
  });
  const manager = await jetstreamManager(connection);
  const sorted = (entries: [string, number][]) =>
    Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)));
  return {
    manager,
    snapshot: async (leaveOut) => {
      const streams: unknown[] = [];
      for await (const { config } of manager.streams.list()) {
        const { state } = await manager.streams.info(config.name, { subjects_filter: '>' });
        const subjects = Object.entries(state.subjects ?? {});
        const consumers: string[] = [];
        for await (const { name } of manager.consumers.list(config.name)) consumers.push(name);
        streams.push({
          name: config.name,
          limits: [config.max_bytes, config.max_age, config.subjects],
          foreign: sorted(subjects.filter(([subject]) => !leaveOut.test(subject))),
          consumers: consumers.toSorted(),
        });
      }
      return streams;
    },
    close: async () => await connection.close(),
  };
}

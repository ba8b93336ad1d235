import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  jetstreamManager,
} from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';

import type { Site } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { SITE_INBOX_PREFIX } from '../permission/user.ts';
import type { ConsumerPlan, StreamPlan } from '../stream/plan.ts';
import { directoryChangedSubject } from '../subject/subject.ts';
import {
  type ConnectOptions,
  type ConnectionStatus,
  type StatusListener,
  messageOf,
  openConnection,
} from './connection.ts';
import { HEAD_SEQUENCE_HEADER, LAST_SEQUENCE_HEADER } from './directory-client.ts';
import { classifyFailure } from './nats-error.ts';

/** The answer to one directory request; `undefined` makes it an empty one. */
export interface DirectoryAnswer {
  readonly data: Uint8Array;
  readonly lastSequence?: number;
  readonly headSequence?: number;
}

/** The broker as a site service sees it: it makes streams and consumers, and answers look-ups. */
export interface SiteConnection extends AsyncDisposable {
  /** Makes the stream or widens it; what would lose data is refused. @returns true when it was made. */
  ensureStream(plan: StreamPlan): Promise<boolean>;
  /** Makes what is missing. @returns how many consumers were made or changed. */
  ensureConsumers(plans: readonly ConsumerPlan[]): Promise<number>;
  deleteConsumer(stream: string, name: string): Promise<void>;
  /** Answers `vb.directory.get.*` and `vb.directory.since.*`; several services share the work. */
  answerDirectory(answer: (subject: string) => DirectoryAnswer | undefined): () => void;
  notifyDirectoryChanged(site: Site): void;
  status(): ConnectionStatus;
  onStatus(listener: StatusListener): () => void;
  close(): Promise<void>;
}

const NANOS_PER_MS = 1_000_000;
const DIRECTORY_QUEUE = 'site';
const ENSURE_CONCURRENCY = 16;
/** Without end, in effect: 2.9 refuses `-1` beside a backoff, and a bad message goes to quarantine anyway. */
const MAX_DELIVER = 1_000_000;

/** @throws {@link BusError} `BUS_CONNECT_FAILED`. */
export async function connectSite(options: ConnectOptions): Promise<SiteConnection> {
  const connection = await openConnection(options, 'site service', SITE_INBOX_PREFIX);
  const { nats } = connection;
  const manager = await jetstreamManager(nats, { checkAPI: false, timeout: 10_000 });
  return {
    ensureStream: async (plan) =>
      await administer(`stream ${plan.name}`, () => ensureStream(manager, plan)),
    ensureConsumers: async (plans) =>
      await administer('consumers', () => ensureConsumers(manager, plans)),
    deleteConsumer: async (stream, name) => {
      await administer(`consumer ${name}`, () => manager.consumers.delete(stream, name));
    },
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

async function ensureStream(manager: JetStreamManager, plan: StreamPlan): Promise<boolean> {
  const { name, retention, storage, max_consumers, ...wanted } = toStreamConfig(plan);
  const found = await manager.streams.info(plan.name).catch(ignoreNotFound);
  if (found === undefined) {
    await manager.streams.add({ name, retention, storage, max_consumers, ...wanted });
    return true;
  }
  const { config } = found;
  const losing = findLosingChange(config, plan);
  if (losing !== undefined) {
    throw new BusError(
      'BUS_STREAM_CHANGE_REFUSED',
      `stream ${plan.name} exists with ${losing}; changing it could lose documents`,
      { details: { stream: plan.name, change: losing } },
    );
  }
  const same =
    config.max_bytes === plan.maxBytes &&
    config.max_age === plan.maxAgeMs * NANOS_PER_MS &&
    config.duplicate_window === plan.duplicateWindowMs * NANOS_PER_MS &&
    config.max_msg_size === plan.maxMessageBytes &&
    config.num_replicas === plan.replicas;
  if (!same) await manager.streams.update(plan.name, wanted);
  return false;
}

/** @returns what differs and cannot be changed without loss, in words. */
function findLosingChange(config: StreamConfig, plan: StreamPlan): string | undefined {
  const subjects = [...(config.subjects ?? [])].toSorted().join(' ');
  if (subjects !== [...plan.subjects].toSorted().join(' ')) return `other subjects (${subjects})`;
  if (config.retention !== RetentionPolicy.Limits) return `${config.retention} retention`;
  if (config.storage !== StorageType.File) return `${config.storage} storage`;
  if (config.discard !== DiscardPolicy.New) return `discard ${config.discard}`;
  if (config.max_bytes > plan.maxBytes) {
    return `${config.max_bytes} bytes, more than the ${plan.maxBytes} wanted`;
  }
  if (config.max_age > plan.maxAgeMs * NANOS_PER_MS) {
    return `a longer retention of ${config.max_age / NANOS_PER_MS} ms`;
  }
  if (plan.writeOnce !== (config.max_msgs_per_subject === 1)) return 'another write-once setting';
  return undefined;
}

function toStreamConfig(plan: StreamPlan) {
  return {
    name: plan.name,
    subjects: [...plan.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_bytes: plan.maxBytes,
    max_age: plan.maxAgeMs * NANOS_PER_MS,
    max_consumers: plan.maxConsumers,
    max_msg_size: plan.maxMessageBytes,
    duplicate_window: plan.duplicateWindowMs * NANOS_PER_MS,
    num_replicas: plan.replicas,
    ...(plan.writeOnce
      ? { allow_direct: true, max_msgs_per_subject: 1, discard_new_per_subject: true }
      : {}),
  };
}

async function ensureConsumers(
  manager: JetStreamManager,
  plans: readonly ConsumerPlan[],
): Promise<number> {
  const known = new Map<string, ConsumerConfig>();
  for (const stream of new Set(plans.map((plan) => plan.stream))) {
    for await (const { name, config } of manager.consumers.list(stream)) {
      known.set(`${stream} ${name}`, config);
    }
  }
  const pending = plans.filter((plan) => {
    const config = known.get(`${plan.stream} ${plan.name}`);
    if (config === undefined) return true;
    if (config.filter_subject === plan.filterSubject)
      return config.max_ack_pending !== plan.maxAckPending;
    throw new BusError(
      'BUS_STREAM_CHANGE_REFUSED',
      `consumer ${plan.name} exists with the filter "${config.filter_subject ?? ''}"`,
      { details: { stream: plan.stream, consumer: plan.name } },
    );
  });
  for (let start = 0; start < pending.length; start += ENSURE_CONCURRENCY) {
    const part = pending.slice(start, start + ENSURE_CONCURRENCY);
    await Promise.all(
      part.map((plan) => manager.consumers.add(plan.stream, toConsumerConfig(plan))),
    );
  }
  return pending.length;
}

function toConsumerConfig(plan: ConsumerPlan): Partial<ConsumerConfig> {
  return {
    name: plan.name,
    durable_name: plan.name,
    filter_subject: plan.filterSubject,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    max_deliver: MAX_DELIVER,
    max_ack_pending: plan.maxAckPending,
    backoff: plan.backoffMs.map((ms) => ms * NANOS_PER_MS),
    // A consumer with three replicas is a raft group of its own: 300 of them keep a core busy.
    num_replicas: 1,
  };
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return;
  throw error;
}

async function administer<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof BusError) throw cause;
    const failure = classifyFailure(cause);
    const refused = failure.kind === 'refused';
    throw new BusError(
      refused ? 'BUS_REQUEST_REFUSED' : 'BUS_REQUEST_UNANSWERED',
      `the broker did not set up ${what}: ${refused ? failure.message : messageOf(cause)}`,
      {
        cause,
        details: refused ? { what, natsErrorCode: failure.natsErrorCode } : { what },
      },
    );
  }
}

import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import { BusError } from '../errors.ts';
import { compareVersions } from '../local-server/find.ts';
import { markSubject } from '../stream/names.ts';
import type { ConsumerPlan, StreamPlan } from '../stream/plan.ts';
import type { LossGuard } from './loss-guard.ts';
import { type PeerState, toPeerState } from './peer-state.ts';
import { putMessage } from './put-chunk.ts';
import { requestError } from './request.ts';
import { isAsPlanned, isUnfinished, refuseLosingChange, toUpdate } from './stream-config.ts';

const NANOS_PER_MS = 1_000_000;
/**
 * The release that can be told where a stream starts to count. 2.10 can, too, but empties such a
 * stream at each start until its first message is gone.
 */
const FIRST_VERSION_WITH_FIRST_SEQ = '2.12.0';
const MARK_TIMEOUT_MS = 10_000;
const MARK_RETRY_MS = 50;
/** Some 100 bytes each: 100 kB of the month that a stream keeps. */
const MARK_EVERY_MS = 3_600_000;
const PUT_BACK_TIMEOUT_MS = 120_000;
const PUT_BACK_RETRY_MS = 1_000;
const ENSURE_CONCURRENCY = 16;
/** Up to so many consumers of a stream are asked for one by one, instead of listing all of them. */
const MAX_SINGLE_LOOKUPS = 16;
/** Without end, in effect: 2.9 refuses `-1` beside a backoff, and a bad message goes to quarantine anyway. */
const MAX_DELIVER = 1_000_000;

/** What {@link StreamAdmin.ensureStream} did, or what {@link StreamAdmin.compareStream} would do. */
export type StreamChange = 'none' | 'made' | 'changed';

/** One source of a stream, as the server that fills it sees it. */
export interface SourceState {
  readonly stream: string;
  /** Messages known to be waiting at the other end. */
  readonly lagCount: number;
  /** Since it last heard from the other end; `null`: never. */
  readonly silentMs: number | null;
  readonly error: string | null;
}

/** One stream, as it stands. */
export interface StreamState {
  readonly name: string;
  readonly messageCount: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly consumerCount: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly createdAt: Date;
  /** The server that leads it; `null` while there is none. */
  readonly leader: string | null;
  /** The other servers that hold a copy. */
  readonly copies: readonly PeerState[];
  readonly sources: readonly SourceState[];
}

/** One durable consumer, as it stands. */
export interface ConsumerState {
  readonly stream: string;
  readonly name: string;
  readonly waitingPullCount: number;
  readonly pendingCount: number;
  readonly ackPendingCount: number;
  readonly maxAckPending: number;
}

/** Makes and changes streams and consumers. Errors: {@link BusError} `BUS_STREAM_CHANGE_REFUSED`, `BUS_REQUEST_REFUSED`, `BUS_REQUEST_UNANSWERED`. */
export interface StreamAdmin {
  /** Makes the stream or widens it; what would lose data is refused, in words. */
  ensureStream(plan: StreamPlan): Promise<StreamChange>;
  /** As `ensureStream`, changing nothing. */
  compareStream(plan: StreamPlan): Promise<StreamChange>;
  /** Makes what is missing. @returns how many consumers were made or changed. */
  ensureConsumers(plans: readonly ConsumerPlan[]): Promise<number>;
  deleteConsumer(stream: string, name: string): Promise<void>;
  /** @returns `undefined` when there is no such stream. */
  streamState(name: string): Promise<StreamState | undefined>;
  consumerStates(stream: string): Promise<ConsumerState[]>;
  /** Takes a source off the stream and puts it back: the server then asks for it afresh. */
  renewSource(stream: string, source: string): Promise<void>;
  /**
   * Puts a mark into a stream that must have one first: when everything in it has become too old,
   * and each hour, so that what stands first is never a document but in the last hour of its time.
   */
  keepMark(plan: StreamPlan, now?: Date): Promise<void>;
}

export function createStreamAdmin(nats: NatsConnection, manager: JetStreamManager): StreamAdmin {
  return {
    ensureStream: async (plan) =>
      await administer(`stream ${plan.name}`, () => ensureStream(nats, manager, plan)),
    compareStream: async (plan) =>
      await administer(`stream ${plan.name}`, async () => {
        const found = await findStream(manager, plan.name);
        if (found === undefined || isUnfinished(found, plan)) return 'made';
        refuseLosingChange(found.config, plan);
        return isAsPlanned(found.config, plan) ? 'none' : 'changed';
      }),
    ensureConsumers: async (plans) =>
      await administer('consumers', () => ensureConsumers(manager, plans)),
    deleteConsumer: async (stream, name) => {
      await administer(`consumer ${name}`, () => manager.consumers.delete(stream, name));
    },
    streamState: async (name) =>
      await administer(`stream ${name}`, async () => {
        const found = await findStream(manager, name);
        return found && toStreamState(found);
      }),
    consumerStates: async (stream) =>
      await administer(`consumers of ${stream}`, async () => {
        const states: ConsumerState[] = [];
        for await (const info of manager.consumers.list(stream)) {
          states.push({
            stream,
            name: info.name,
            waitingPullCount: info.num_waiting,
            pendingCount: info.num_pending,
            ackPendingCount: info.num_ack_pending,
            maxAckPending: info.config.max_ack_pending ?? 0,
          });
        }
        return states;
      }),
    renewSource: async (stream, source) => {
      await administer(`stream ${stream}`, () => renewSource(nats, manager, stream, source));
    },
    keepMark: async (plan, now = new Date()) => {
      if (!plan.countsFromTime) return;
      await administer(`stream ${plan.name}`, async () => {
        const found = await findStream(manager, plan.name);
        if (found === undefined) return;
        // Under the name of the hour, unless the stream was emptied since: that one would be a repeat.
        const hour = Math.floor(now.getTime() / MARK_EVERY_MS);
        if (found.state.messages === 0) await putMark(nats, plan);
        else if (plan.maxAgeMs > 0) {
          await putMark(nats, plan, `mark ${hour}`).catch(unlessFull);
        }
      });
    },
  };
}

async function ensureStream(
  nats: NatsConnection,
  manager: JetStreamManager,
  plan: StreamPlan,
): Promise<StreamChange> {
  const found = await findStream(manager, plan.name);
  if (found === undefined || isUnfinished(found, plan)) {
    await makeStream(nats, manager, plan, found);
    return 'made';
  }
  refuseLosingChange(found.config, plan);
  const change = isAsPlanned(found.config, plan) ? 'none' : 'changed';
  if (change === 'changed') await manager.streams.update(plan.name, toUpdate(plan));
  if (plan.countsFromTime && found.state.messages === 0) await putMark(nats, plan);
  return change;
}

async function makeStream(
  nats: NatsConnection,
  manager: JetStreamManager,
  plan: StreamPlan,
  unfinished: StreamInfo | undefined,
): Promise<void> {
  const config = {
    name: plan.name,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_consumers: plan.maxConsumers,
    ...toUpdate(plan),
  };
  if (!plan.countsFromTime) {
    await manager.streams.add(config);
    return;
  }
  // Without anything but its mark first: a message that came between would be lost with the purge.
  const bare = { ...config, subjects: [markSubject(plan.name)], sources: [] };
  const version = nats.info?.version ?? '';
  const knowsFirstSeq = compareVersions(version, FIRST_VERSION_WITH_FIRST_SEQ) >= 0;
  if (unfinished === undefined) {
    await manager.streams.add(knowsFirstSeq ? { ...bare, first_seq: Date.now() } : bare);
  }
  // In a cluster of 2.9 a purge puts copies out of step, so there the sequence starts at 1.
  if (!knowsFirstSeq && plan.replicas === 1) {
    await manager.streams.purge(plan.name, { seq: Date.now() });
  }
  await putMark(nats, plan);
  await manager.streams.update(plan.name, toUpdate(plan));
}

/** From the stream as it stands, so that nobody's old plan takes another source away. */
async function renewSource(
  nats: NatsConnection,
  manager: JetStreamManager,
  stream: string,
  source: string,
): Promise<void> {
  const { sources = [] } = (await manager.streams.info(stream)).config;
  const others = sources.filter(({ name }) => name !== source);
  if (others.length === sources.length) return;
  await manager.streams.update(stream, { sources: others });
  // It must not stay away: who asked may have lost the broker just now.
  for (const end = performance.now() + PUT_BACK_TIMEOUT_MS; ;) {
    try {
      await manager.streams.update(stream, { sources });
      return;
    } catch (error) {
      if (nats.isClosed() || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, PUT_BACK_RETRY_MS));
    }
  }
}

/** A stream that takes its mark only once and has it says so, which is as good. */
async function putMark(
  nats: NatsConnection,
  { name }: StreamPlan,
  messageId?: string,
): Promise<void> {
  const subject = markSubject(name);
  const ask: LossGuard = async (request) => await request();
  for (const end = performance.now() + MARK_TIMEOUT_MS; ;) {
    try {
      await putMessage(ask, nats, subject, new Uint8Array(), MARK_TIMEOUT_MS, messageId);
      return;
    } catch (error) {
      // In a cluster it takes a moment until every server knows who takes it.
      const isEarly = error instanceof BusError && error.code === 'BUS_PUBLISH_UNACKED';
      if (!isEarly || nats.isClosed() || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, MARK_RETRY_MS));
    }
  }
}

/** A full stream has more than marks in it, and others tell that it is full. */
function unlessFull(error: unknown): void {
  if (!(error instanceof BusError) || error.code !== 'BUS_STORE_FULL') throw error;
}

function toStreamState({ config, state, cluster, sources, created }: StreamInfo): StreamState {
  return {
    name: config.name,
    messageCount: state.messages,
    bytes: state.bytes,
    maxBytes: config.max_bytes,
    consumerCount: state.consumer_count,
    firstSeq: state.first_seq,
    lastSeq: state.last_seq,
    createdAt: new Date(created),
    leader: cluster?.leader ?? null,
    copies: (cluster?.replicas ?? []).map(toPeerState),
    sources: (sources ?? []).map(({ name, lag, active, error }) => ({
      stream: name,
      lagCount: lag,
      silentMs: active < 0 ? null : Math.round(active / NANOS_PER_MS),
      error: error?.description ?? null,
    })),
  };
}

async function ensureConsumers(
  manager: JetStreamManager,
  plans: readonly ConsumerPlan[],
): Promise<number> {
  const known = await knownConsumers(manager, plans);
  const pending = plans.filter((plan) => {
    const config = known.get(consumerKey(plan));
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

/** Of the consumers that are planned, those that are there; further ones may be among them. */
async function knownConsumers(
  manager: JetStreamManager,
  plans: readonly ConsumerPlan[],
): Promise<Map<string, ConsumerConfig>> {
  const known = new Map<string, ConsumerConfig>();
  for (const [stream, planned] of Map.groupBy(plans, (plan) => plan.stream)) {
    if (planned.length > MAX_SINGLE_LOOKUPS) {
      for await (const { name, config } of manager.consumers.list(stream)) {
        known.set(consumerKey({ stream, name }), config);
      }
      continue;
    }
    // The list names every agency of the site: with each new one it would be longer.
    await Promise.all(
      planned.map(async (plan) => {
        const found = await findConsumer(manager, plan);
        if (found !== undefined) known.set(consumerKey(plan), found.config);
      }),
    );
  }
  return known;
}

function consumerKey({ stream, name }: Pick<ConsumerPlan, 'stream' | 'name'>): string {
  return `${stream} ${name}`;
}

async function findConsumer(
  manager: JetStreamManager,
  { stream, name }: ConsumerPlan,
): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(stream, name);
  } catch (error) {
    const isMissing =
      error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound;
    if (isMissing) return undefined;
    throw error;
  }
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

async function findStream(
  manager: JetStreamManager,
  name: string,
): Promise<StreamInfo | undefined> {
  return await manager.streams.info(name).catch(ignoreNotFound);
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return;
  throw error;
}

/** Turns every failure of the client into a {@link BusError}. */
export async function administer<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof BusError) throw cause;
    throw requestError(cause, (failure, why) => ({
      message: `the broker did not set up ${what}: ${why}`,
      details:
        failure.kind === 'refused' ? { what, natsErrorCode: failure.natsErrorCode } : { what },
    }));
  }
}

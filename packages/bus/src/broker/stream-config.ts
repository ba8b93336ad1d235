import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
  type StreamUpdateConfig,
} from '@nats-io/jetstream';

import { BusError } from '../errors.ts';
import { markSubject } from '../stream/names.ts';
import type { StreamPlan, StreamSource } from '../stream/plan.ts';

const NANOS_PER_MS = 1_000_000;

/** A stream that counts from a time and was not finished: it takes nothing but its mark yet. */
export function isUnfinished({ config, state }: StreamInfo, plan: StreamPlan): boolean {
  const mark = markSubject(plan.name);
  return (
    plan.countsFromTime &&
    state.messages <= 1 &&
    (config.sources ?? []).length === 0 &&
    ownedSubjects(config).every((subject) => subject === mark) &&
    (plan.sources.length > 0 || plan.subjects.some((subject) => subject !== mark))
  );
}

/** A stream that others fill has no subject of its own; some servers then show its name. */
function ownedSubjects(config: StreamConfig): string[] {
  return (config.subjects ?? []).filter((subject) => subject !== config.name);
}

/** @returns false when an update is needed. */
export function isAsPlanned(config: StreamConfig, plan: StreamPlan): boolean {
  return (
    config.max_bytes === plan.maxBytes &&
    config.max_age === plan.maxAgeMs * NANOS_PER_MS &&
    config.duplicate_window === plan.duplicateWindowMs * NANOS_PER_MS &&
    config.max_msg_size === plan.maxMessageBytes &&
    config.num_replicas === plan.replicas &&
    // The server allows them for some streams by itself, which does no harm.
    (config.allow_direct || !isReadDirectly(plan)) &&
    subjectsKey(ownedSubjects(config)) === subjectsKey(plan.subjects) &&
    sourcesKey(config.sources ?? []) === sourcesKey(plan.sources.map(toSource))
  );
}

/** @throws {@link BusError} `BUS_STREAM_CHANGE_REFUSED`. */
export function refuseLosingChange(config: StreamConfig, plan: StreamPlan): void {
  const losing = findLosingChange(config, plan);
  if (losing === undefined) return;
  throw new BusError(
    'BUS_STREAM_CHANGE_REFUSED',
    `stream ${plan.name} exists with ${losing}; changing it could lose documents`,
    { details: { stream: plan.name, change: losing } },
  );
}

/** @returns what differs and cannot be changed without loss, in words. */
function findLosingChange(config: StreamConfig, plan: StreamPlan): string | undefined {
  const owned = ownedSubjects(config);
  // Only a mark may be new: what else a stream would take now has gone to another so far.
  const wanted = plan.subjects.filter(
    (subject) => subject !== markSubject(plan.name) || owned.includes(subject),
  );
  if (subjectsKey(owned) !== subjectsKey(wanted)) return `other subjects (${owned.join(' ')})`;
  if (config.retention !== RetentionPolicy.Limits) return `${config.retention} retention`;
  if (config.storage !== StorageType.File) return `${config.storage} storage`;
  if (config.discard !== DiscardPolicy.New) return `discard ${config.discard}`;
  if (config.max_bytes > plan.maxBytes) {
    return `${config.max_bytes} bytes, more than the ${plan.maxBytes} wanted`;
  }
  if (
    plan.maxAgeMs !== 0 &&
    (config.max_age === 0 || config.max_age > plan.maxAgeMs * NANOS_PER_MS)
  ) {
    return `a longer retention of ${config.max_age / NANOS_PER_MS} ms`;
  }
  if (plan.writeOnce !== (config.max_msgs_per_subject === 1)) return 'another write-once setting';
  const sources = new Set(plan.sources.map(({ stream }) => stream));
  const dropped = (config.sources ?? []).filter(({ name }) => !sources.has(name));
  if (dropped.length > 0) {
    return `the source ${dropped.map(({ name }) => name).join(', ')}, which the plan no longer has`;
  }
  return undefined;
}

/** What can be changed in a stream that exists. */
export function toUpdate(plan: StreamPlan): Partial<StreamUpdateConfig> {
  return {
    subjects: [...plan.subjects],
    sources: plan.sources.map(toSource),
    discard: DiscardPolicy.New,
    max_bytes: plan.maxBytes,
    max_age: plan.maxAgeMs * NANOS_PER_MS,
    max_msg_size: plan.maxMessageBytes,
    duplicate_window: plan.duplicateWindowMs * NANOS_PER_MS,
    num_replicas: plan.replicas,
    ...(isReadDirectly(plan) ? { allow_direct: true } : {}),
    ...(plan.writeOnce ? { max_msgs_per_subject: 1, discard_new_per_subject: true } : {}),
  };
}

function isReadDirectly({ writeOnce, directReads }: StreamPlan): boolean {
  return writeOnce || directReads;
}

function toSource({ stream, filterSubject, domain, deliverPrefix }: StreamSource) {
  return {
    name: stream,
    filter_subject: filterSubject,
    // Without it a server that has nothing of this source yet begins at the time of the last
    // message of another one, and what waits there since before is never fetched.
    opt_start_seq: 1,
    external: { api: `$JS.${domain}.API`, deliver: deliverPrefix },
  };
}

function sourcesKey(sources: NonNullable<StreamConfig['sources']>): string {
  const lines = sources.map(
    ({ name, filter_subject, external, opt_start_seq }) =>
      `${name} ${filter_subject ?? ''} ${opt_start_seq ?? 0} ${external?.api ?? ''} ${external?.deliver ?? ''}`,
  );
  return lines.toSorted().join('\n');
}

function subjectsKey(subjects: readonly string[]): string {
  return subjects.toSorted().join(' ');
}

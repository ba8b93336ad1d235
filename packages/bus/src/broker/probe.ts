import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  jetstream,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import { BusError } from '../errors.ts';
import { administer } from './stream-admin.ts';

/** What a real write and read of one message showed. */
export interface Probe {
  readonly roundTripMs: number;
}

export interface ProbeOptions {
  /** On how many servers. */
  readonly copyCount: number;
  /** Those of them that must have it: of the others it is known already. */
  readonly awaited: ReadonlySet<string>;
}

const PROBE_BYTES = 64 * 1024;
const PROBE_SUBJECT = 'vb.probe';
/** Every server that shall take a copy has it within this time. */
const COPY_TIMEOUT_MS = 3_000;
const COPY_POLL_MS = 50;

/**
 * Writes a message to the disks of so many servers and reads it back. `/healthz` of 2.9 says "ok" while no
 * write works any more; this does not.
 *
 * @throws {@link BusError} `BUS_REQUEST_REFUSED` or `BUS_REQUEST_UNANSWERED`.
 */
export async function probeStorage(
  nats: NatsConnection,
  manager: JetStreamManager,
  { copyCount, awaited }: ProbeOptions,
): Promise<Probe> {
  const token = randomBytes(6).toString('hex');
  const name = `PROBE_${token}`;
  const subject = `${PROBE_SUBJECT}.${token}`;
  return await administer('a probe', async () => {
    await manager.streams.add({
      name,
      subjects: [subject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_bytes: PROBE_BYTES,
      max_consumers: 1,
      num_replicas: copyCount,
    });
    try {
      const startedMs = performance.now();
      const { seq } = await jetstream(nats).publish(subject, token);
      await manager.streams.getMessage(name, { seq });
      const roundTripMs = Math.round(performance.now() - startedMs);
      await waitForCopies(manager, name, awaited);
      return { roundTripMs };
    } finally {
      await manager.streams.delete(name).catch(() => undefined);
    }
  });
}

async function waitForCopies(
  manager: JetStreamManager,
  name: string,
  awaited: ReadonlySet<string>,
): Promise<void> {
  for (const end = performance.now() + COPY_TIMEOUT_MS; ;) {
    const copies = (await manager.streams.info(name)).cluster?.replicas ?? [];
    const missing = copies
      .filter((copy) => !copy.current && awaited.has(copy.name))
      .map((copy) => copy.name);
    if (missing.length === 0) return;
    if (performance.now() > end) {
      const servers = missing.join(', ');
      const message = `no copy on ${servers} after ${COPY_TIMEOUT_MS / 1000} s`;
      throw new BusError('BUS_REQUEST_UNANSWERED', message, { details: { servers } });
    }
    await delay(COPY_POLL_MS);
  }
}

import { randomBytes } from 'node:crypto';

import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  jetstream,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import { administer } from './stream-admin.ts';

/** What a real write and read of one message showed. */
export interface Probe {
  readonly roundTripMs: number;
  /** The broker's clock minus ours, in milliseconds; half the round trip is not known. */
  readonly clockDifferenceMs: number;
}

const PROBE_BYTES = 64 * 1024;
const PROBE_SUBJECT = 'vb.probe';

/**
 * Writes a message to the broker's disk and reads it back. `/healthz` of 2.9 says "ok" while no
 * write works any more; this does not.
 *
 * @throws {@link BusError} `BUS_REQUEST_REFUSED` or `BUS_REQUEST_UNANSWERED`.
 */
export async function probeStorage(
  nats: NatsConnection,
  manager: JetStreamManager,
  now: () => Date,
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
      num_replicas: 1,
    });
    try {
      const startedMs = performance.now();
      const sentMs = now().getTime();
      const { seq } = await jetstream(nats).publish(subject, token);
      const stored = await manager.streams.getMessage(name, { seq });
      const roundTripMs = Math.round(performance.now() - startedMs);
      const storedMs = stored === null ? sentMs : stored.time.getTime();
      return { roundTripMs, clockDifferenceMs: Math.round(storedMs - sentMs - roundTripMs / 2) };
    } finally {
      await manager.streams.delete(name).catch(() => undefined);
    }
  });
}

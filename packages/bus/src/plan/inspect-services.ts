import { setTimeout as delay } from 'node:timers/promises';

import type { AdminConnection } from '../broker/admin-connection.ts';
import type { StreamState } from '../broker/stream-admin.ts';
import { BusError } from '../errors.ts';
import { BLOB_EXCHANGE_STREAM, EXCHANGE_STREAM, directoryStream } from '../stream/names.ts';
import type { Place } from './bus-plan.ts';
import { type HealthFinding, judgeService } from './health.ts';

/** A service that connects afresh at this moment is not silent. */
const TRIES = 3;
const RETRY_MS = 500;

export interface ServiceLook {
  readonly place: Place;
  readonly connection: Pick<AdminConnection, 'getDirectoryHeads' | 'consumerStates'>;
  readonly states: ReadonlyMap<string, StreamState | undefined>;
  /** Agencies with an inbox here. */
  readonly agencyCount: number;
}

/** Whether the site service answers, and at the centre of a federated plan whether its service reads. */
export async function lookAtServices(look: ServiceLook): Promise<HealthFinding[]> {
  const { place, connection, states, agencyCount } = look;
  if (place.limits.kind !== 'centre') {
    const isThere = await someTime(async () => await answersHeads(connection));
    const entries = place.sites.map((site) => states.get(directoryStream(site)));
    const isUsed = agencyCount > 0 || entries.some(holdsMoreThanMark);
    return [judgeService('site-service', place.id, isThere, isUsed)];
  }
  // Without the stream there is nothing to read, and that it is missing is told elsewhere.
  if (states.get(BLOB_EXCHANGE_STREAM) === undefined) return [];
  const isThere = await someTime(async () => {
    // A request of one that ended stays for up to twenty seconds.
    const readers = await connection.consumerStates(BLOB_EXCHANGE_STREAM);
    return readers.some(({ waitingPullCount }) => waitingPullCount > 0);
  });
  const isUsed = holdsMoreThanMark(states.get(EXCHANGE_STREAM));
  return [judgeService('centre-service', place.id, isThere, isUsed)];
}

async function answersHeads(
  connection: Pick<AdminConnection, 'getDirectoryHeads'>,
): Promise<boolean> {
  try {
    await connection.getDirectoryHeads();
    return true;
  } catch (error) {
    if (error instanceof BusError) return false;
    throw error;
  }
}

async function someTime(check: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    if (await check()) return true;
    if (attempt === TRIES) return false;
    await delay(RETRY_MS);
  }
}

/** The first message of these streams is a mark; whatever follows it, a service that ran has brought. */
function holdsMoreThanMark(state: StreamState | undefined): boolean {
  return (state?.messageCount ?? 0) > 1;
}

import type { StreamAdmin, StreamChange } from '../broker/stream-admin.ts';
import { REPORTS_STREAM, relayConsumer } from '../stream/names.ts';
import {
  type ConsumerPlan,
  MAX_ACK_PENDING_RELAY,
  REDELIVERY_BACKOFF_MS,
  type StreamPlan,
} from '../stream/plan.ts';
import type { Place, PlanRelay } from './bus-plan.ts';
import { SOURCE_SILENT_MS } from './health.ts';

export interface ApplyOptions {
  readonly relays: readonly PlanRelay[];
  /** True: only say what would be done. */
  readonly dryRun?: boolean;
  readonly onStream?: (stream: string, change: StreamChange) => void;
}

export interface Applied {
  readonly streams: readonly { readonly name: string; readonly change: StreamChange }[];
  /** Consumers made or changed; 0 in a dry run. */
  readonly consumerCount: number;
}

/**
 * Makes the streams of a place, and at the centre the consumers of the relays that read there.
 *
 * Doing it again changes nothing, except that sources which are silent are asked for afresh. What would lose documents is refused before anything is changed.
 *
 * @throws {@link BusError} `BUS_STREAM_CHANGE_REFUSED`, `BUS_REQUEST_REFUSED`, `BUS_REQUEST_UNANSWERED`.
 */
export async function applyPlace(
  admin: StreamAdmin,
  place: Place,
  options: ApplyOptions,
): Promise<Applied> {
  const streams: { name: string; change: StreamChange }[] = [];
  for (const plan of place.streams) {
    streams.push({ name: plan.name, change: await admin.compareStream(plan) });
  }
  if (options.dryRun === true) return { streams, consumerCount: 0 };
  for (const plan of place.streams) {
    const change = await admin.ensureStream(plan);
    if (change === 'none') await renewSilentSources(admin, plan);
    options.onStream?.(plan.name, change);
  }
  const hasReports = place.streams.some(({ name }) => name === REPORTS_STREAM);
  const consumers = hasReports ? centralRelayConsumers(options.relays) : [];
  return { streams, consumerCount: await admin.ensureConsumers(consumers) };
}

/** Servers ask again for a source that did not answer after up to minutes: a person need not wait so long. */
async function renewSilentSources(admin: StreamAdmin, plan: StreamPlan): Promise<void> {
  if (plan.sources.length === 0) return;
  const state = await admin.streamState(plan.name);
  for (const { stream, silentMs } of state?.sources ?? []) {
    if (silentMs === null || silentMs > SOURCE_SILENT_MS)
      await admin.renewSource(plan.name, stream);
  }
}

/** A relay that reads at the centre has one consumer for the reports of all sites. */
export function centralRelayConsumers(relays: readonly PlanRelay[]): ConsumerPlan[] {
  return relays
    .filter(({ reads }) => reads === 'all')
    .map(({ code }) => ({
      stream: REPORTS_STREAM,
      name: relayConsumer(code),
      filterSubject: 'vb.report.*.*.*',
      maxAckPending: MAX_ACK_PENDING_RELAY,
      backoffMs: REDELIVERY_BACKOFF_MS,
    }));
}

import { randomUUID } from 'node:crypto';

import {
  type AgencyCode,
  type ReportEntry,
  type WatermarkPayload,
  encodePayload,
  payloadHash,
} from '@congvan/bus';

import { AgentError } from '../errors.ts';
import type { OutboxStore } from '../storage/outbox-store.ts';
import type { WatermarkStore } from '../storage/watermark-store.ts';

/** A gap of more reports than this is asked for again piece by piece. */
const MAX_RESENT_PER_WATERMARK = 1_000;

/** A relay may ask for the same report again before the first answer has reached it. */
const RESEND_AFTER_MS = 30_000;

/**
 * Appends to the agency's chain of reports and queues it for the relays.
 *
 * Call inside the transaction of the act that is reported: the number has no gap and no twin
 * because the same transaction reads the head and writes the next.
 *
 * @param packageId - of the sent document that the entry is about; its open part goes with a dispatch.
 * @returns the hash of the report's payload.
 */
export function appendReport(
  outbox: OutboxStore,
  self: AgencyCode,
  entry: ReportEntry,
  nowMs: number,
  packageId: number | null = null,
): string {
  if (!outbox.mayAppend()) {
    throw new AgentError(
      'AGENT_RESTORED',
      'this database is an older copy: which report numbers are used is not known yet',
    );
  }
  const head = outbox.chainHead();
  const number = head.number + 1;
  const payload = encodePayload('report', {
    from: self,
    number,
    previous: head.sha256,
    at: new Date(nowMs).toISOString(),
    entry,
  });
  const sha256 = payloadHash(payload);
  const recordId = outbox.insertRecord('report', payload, sha256, number, packageId);
  enqueueReport(outbox, recordId, sha256, nowMs);
  return sha256;
}

/**
 * Sends the last report again. The relay takes it for a sign that its answer was missed, and says how
 * far it is; where it has more than this agency, it gives that back.
 */
export function askRelay(outbox: OutboxStore): void {
  const head = outbox.chainHead();
  const last = outbox.reportRecord(head.number);
  if (last === undefined) return;
  enqueueReport(outbox, last.id, `${last.payload_sha256}.ask.${randomUUID()}`, Date.now());
}

function enqueueReport(
  outbox: OutboxStore,
  recordId: number,
  messageId: string,
  nowMs: number,
): void {
  outbox.enqueue(
    {
      message_id: messageId,
      purpose: 'report',
      record_id: recordId,
      package_id: null,
      recipient: '',
      lane: 'normal',
    },
    nowMs,
  );
}

export interface WatermarkOutcome {
  /** Reports queued again because the relay misses them. */
  readonly resent: number;
  /** False: the relay holds another payload under this number, so the past was rewritten. */
  readonly agrees: boolean;
  /** The relay holds reports that are not here: this database is an older copy. */
  readonly behind: boolean;
}

/**
 * Applies a relay's verified watermark: settles what has arrived, queues again what is missing.
 *
 * Call inside a transaction.
 *
 * @param isOlderCopy - something else than this watermark says that reports are missing here. Then
 *   nothing is numbered until they are back.
 */
export function applyWatermark(
  stores: { readonly outbox: OutboxStore; readonly watermarks: WatermarkStore },
  watermark: WatermarkPayload,
  record: Uint8Array,
  nowMs: number,
  isOlderCopy: boolean,
): WatermarkOutcome {
  const { outbox, watermarks } = stores;
  const head = outbox.chainHead().number;
  if (watermark.upTo > head) {
    // The word of a relay alone stops nobody: it might be any number, for ever.
    if (isOlderCopy) watermarks.noteRelayHas(watermark.from, watermark.upTo, nowMs);
    return { resent: 0, agrees: true, behind: true };
  }
  const known = watermark.upTo === 0 ? null : (outbox.reportHash(watermark.upTo) ?? null);
  if (known !== watermark.hash) return { resent: 0, agrees: false, behind: false };
  const before = watermarks.upToOf(watermark.from);
  outbox.settleReports(watermark.upTo, nowMs);
  watermarks.put(watermark.from, watermark.upTo, nowMs, record);
  let resent = 0;
  // A relay that has less than it had was put back from a backup: it gets again what it lost.
  const lost: [number, number][] = before > watermark.upTo ? [[watermark.upTo + 1, before]] : [];
  for (const [first, last] of [...lost, ...watermark.missing]) {
    const room = MAX_RESENT_PER_WATERMARK - resent;
    for (const row of outbox.reportsToResend(first, last, nowMs - RESEND_AFTER_MS, room)) {
      // A new id: the broker would take the old one for a repeat and store nothing.
      enqueueReport(outbox, row.id, `${row.payload_sha256}.${nowMs}`, nowMs);
      resent += 1;
    }
  }
  return { resent, agrees: true, behind: false };
}

import { dateInVietnam, payloadHash } from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { keepBasis } from '../evidence/keep-basis.ts';
import { AGENT_LIMITS } from '../limits.ts';
import { startSpan } from '../trace.ts';
import { applyWatermark, askRelay } from '../report/chain.ts';
import { confirmHome, learnReports } from '../report/restore.ts';
import {
  type CheckedMessage,
  type OpenedDelivery,
  type ReceivedMessage,
  describeConflict,
} from './check-message.ts';
import { giveReceiptFor, refuseUnstored, repeatReceipt } from './give-receipt.ts';

const MAX_REASON_LENGTH = 1_000;

type Quarantined = Extract<CheckedMessage, { kind: 'quarantine' }>;
/** What is final: it is stored as it is, and the broker may forget the message. */
export type Final = OpenedDelivery | Exclude<CheckedMessage, { kind: 'delivery' | 'reference' }>;
type Message = Pick<ReceivedMessage, 'subject' | 'data'>;

/**
 * Stores what became of a message, with its receipt or refusal. Call inside a transaction.
 *
 * @param referencedSha256 - of the message, where it was fetched because a reference named it.
 */
export function storeOutcome(
  core: AgentCore,
  message: Message,
  outcome: Final,
  nowMs: number,
  referencedSha256: string | null = null,
): void {
  switch (outcome.kind) {
    case 'document':
      storeDocument(core, message, outcome, nowMs, referencedSha256);
      return;
    case 'duplicate':
      core.inbox.countDuplicate(outcome.id);
      repeatReceipt(core, outcome.id, outcome.natsSubject.lane, nowMs);
      return;
    case 'receipt':
      storeReceipt(core, outcome, nowMs);
      return;
    case 'watermark':
      storeWatermark(core, outcome, nowMs);
      return;
    case 'quarantine':
      storeQuarantine(core, message, outcome, nowMs);
      return;
  }
}

function storeDocument(
  core: AgentCore,
  message: Message,
  outcome: OpenedDelivery,
  nowMs: number,
  referencedSha256: string | null,
): void {
  const { inbox, log } = core;
  const { id, delivery, checked, container, natsSubject } = outcome;
  // It may have come twice in a batch, or while its content was fetched: the check saw neither stored.
  const twin = inbox.describe(id);
  if (twin !== undefined && twin.package_digest === delivery.packageDigest) {
    inbox.countDuplicate(id);
    repeatReceipt(core, id, natsSubject.lane, nowMs);
    return;
  }
  if (twin !== undefined) {
    const { claim, hashMessage } = outcome;
    const detail = describeConflict(delivery, twin.package_digest);
    const conflict = { finding: 'DOCUMENT_CONFLICT', detail, claim } as const;
    const messageSha256 = hashMessage();
    const put = { kind: 'quarantine', ...conflict, messageSha256, natsSubject } as const;
    storeQuarantine(core, message, put, nowMs);
    return;
  }
  const { source } = container;
  const isInRow = source instanceof Uint8Array;
  inbox.insert({
    id,
    sender: delivery.from,
    business_type: delivery.businessType,
    document_id: delivery.documentId,
    document_version: delivery.documentVersion,
    package_digest: delivery.packageDigest,
    record: outcome.record,
    container: isInRow ? source : new Uint8Array(),
    container_file: isInRow ? null : container.sha256,
    summary: JSON.stringify(checked.summary),
    verdict: JSON.stringify({ ...checked.verdict, warnings: checked.warnings }),
    received_ms: nowMs,
    message_sha256: referencedSha256,
    trace_id: delivery.traceId ?? null,
  });
  keepBasis(core, outcome.payloadSha256, delivery.from, outcome.judged);
  const { from, documentId, traceId } = delivery;
  const { priority } = checked.summary;
  const arrived = { id, sender: from, about: delivery, priority, traceId: traceId ?? null };
  giveReceiptFor(core, arrived, { status: '01', warnings: checked.warnings }, nowMs);
  startSpan('receive', traceId ?? null, { from, documentId, id }).end();
  log.info({ id, from, documentId, traceId }, 'document arrived');
}

function storeReceipt(
  core: AgentCore,
  outcome: Extract<CheckedMessage, { kind: 'receipt' }>,
  nowMs: number,
): void {
  const { register, outbox, log } = core;
  const { id, receipt, record } = outcome;
  const fresh = register.insertReceipt({
    deliveryId: id,
    payloadSha256: payloadHash(record.payload),
    status: receipt.status,
    atMs: Date.parse(receipt.at),
    receivedMs: nowMs,
    record: record.bytes,
  });
  outbox.settle(id, 'receipted', nowMs);
  if (!fresh) return;
  const { from, documentId, status } = receipt;
  keepBasis(core, payloadHash(record.payload), from, outcome.judged);
  const traceId = outbox.traceOf(id);
  startSpan('receipt', traceId, { from, documentId, status, id }).end();
  log.info({ id, from, documentId, status }, 'receipt arrived');
}

function storeWatermark(
  core: AgentCore,
  outcome: Extract<CheckedMessage, { kind: 'watermark' }>,
  nowMs: number,
): void {
  const { log } = core;
  const { watermark } = outcome;
  const { learned, proven } = learnReports(core, outcome.body);
  const isOlderCopy = proven || !core.outbox.mayAppend();
  const result = applyWatermark(core, watermark, outcome.record, nowMs, isOlderCopy);
  const fields = { relay: watermark.from, upTo: watermark.upTo, resent: result.resent };
  if (learned > 0) log.warn({ ...fields, learned }, 'own reports learned again from the relay');
  if (result.behind) {
    const here = core.outbox.chainHead().number;
    if (isOlderCopy) core.conditions.set('RESTORED', { relayHas: watermark.upTo, here });
    else log.error({ ...fields, here }, 'the relay claims reports that it does not show');
    // Asked again for the next part; a repeat of the same answer would change nothing.
    if (learned > 0 || (outcome.body.length === 0 && core.restore.mayAsk())) askRelay(core.outbox);
    return;
  }
  // One that says less may have been on its way before this copy was put back.
  if (result.agrees && watermark.upTo === core.outbox.chainHead().number) {
    confirmHome(core.restore);
    core.conditions.clear('RESTORED');
  }
  if (!result.agrees) {
    log.error(fields, 'the relay holds another report under this number than this agency wrote');
  } else if (result.resent > 0) {
    log.warn(fields, 'the relay misses reports; they are sent again');
  }
}

/**
 * Counts the bad messages of one sender and day. Over the limit they are neither kept nor answered:
 * an agency that was taken over must not fill the disks and queues of those it writes to.
 */
function isOverShare(core: AgentCore, from: string | null, nowMs: number): boolean {
  const sender = from ?? 'unknown';
  const day = dateInVietnam(new Date(nowMs));
  const count = core.junk.count(sender, day);
  const limited = count > AGENT_LIMITS.maxQuarantinedPerSenderDay;
  if (limited) core.conditions.set('SENDER_LIMITED', { sender, count, day });
  return limited;
}

function storeQuarantine(
  core: AgentCore,
  message: Message,
  outcome: Quarantined,
  nowMs: number,
): void {
  const { inbox, log } = core;
  const { finding, claim, messageSha256 } = outcome;
  if (inbox.hasQuarantined(message.subject, messageSha256)) return;
  const detail = toProse(outcome.detail);
  if (isOverShare(core, claim.from, nowMs)) return;
  const refusalRecordId = refuseUnstored(core, claim, { finding, detail }, nowMs);
  const full = inbox.quarantinedBytes() + message.data.length > AGENT_LIMITS.maxQuarantineBytes;
  inbox.insertQuarantine({
    message_sha256: messageSha256,
    nats_subject: message.subject,
    finding,
    detail,
    claimed_from: claim.from,
    claimed_document_id: claim.documentId,
    message_bytes: message.data.length,
    message: full ? null : message.data,
    received_ms: nowMs,
    refusal_record_id: refusalRecordId ?? null,
  });
  log.warn({ finding, from: claim.from, documentId: claim.documentId }, `quarantined: ${detail}`);
}

/** A detail may quote a hostile message: as text that a receipt can carry. */
function toProse(detail: string): string {
  return detail
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .slice(0, MAX_REASON_LENGTH)
    .toWellFormed();
}

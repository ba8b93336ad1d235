import type { BusMessage } from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import type { NewDownloadRow } from '../storage/download-store.ts';
import type { CheckedMessage, ShownDelivery } from './check-message.ts';
import type { Held, Judged } from './judge.ts';
import { type Final, storeOutcome } from './store-outcome.ts';

/** Deliveries whose content is still to be fetched: of one sender, and in all. */
export const MAX_PENDING_PER_SENDER = 200;
export const MAX_PENDING = 2_000;
/** Of a sender when that many wait already: a dozen that name what never comes keep nobody out. */
const MIN_PENDING_PER_SENDER = 5;
/** With those, in all. */
export const MAX_PENDING_EVER = 10_000;

/** What of a message stays with it wherever it waits. */
export type KeptMessage = Pick<BusMessage, 'subject' | 'data' | 'storedAt' | 'streamSeq'>;

/** A delivery that is told as taken now and whose content is fetched later. */
interface Pending {
  readonly kind: 'pending';
  readonly row: NewDownloadRow;
}

export type Taken = Final | Pending | Held;

/** Content that did not come with its message is fetched in the background. */
export function defer(core: AgentCore, message: KeptMessage, outcome: Judged): Taken {
  if (outcome.kind !== 'delivery' && outcome.kind !== 'reference') return outcome;
  const row = toDownloadRow(message, outcome, core.now().getTime());
  const { downloads } = core;
  if (downloads.has(row.nats_subject, row.message_sha256)) return { kind: 'pending', row };
  const ofSender = downloads.countOf(row.sender);
  if (ofSender >= MAX_PENDING_PER_SENDER) {
    const reason = `${MAX_PENDING_PER_SENDER} documents of ${row.sender} are still being fetched`;
    return { kind: 'held', lacks: 'turn', reason };
  }
  const count = downloads.count();
  if (count >= (ofSender < MIN_PENDING_PER_SENDER ? MAX_PENDING_EVER : MAX_PENDING)) {
    const reason = `${count} documents are still being fetched`;
    return { kind: 'held', lacks: 'turn', reason };
  }
  return { kind: 'pending', row };
}

/** Keeps what a message became. Call inside a transaction. */
export function storeTaken(
  core: AgentCore,
  message: KeptMessage,
  outcome: Exclude<Taken, Held>,
): void {
  if (outcome.kind !== 'pending') {
    storeOutcome(core, message, outcome, core.now().getTime());
    return;
  }
  const { downloads, inbox, log } = core;
  const { row } = outcome;
  // Put aside before: its sender has heard why.
  if (inbox.hasQuarantined(row.nats_subject, row.message_sha256)) return;
  downloads.insert(row);
  log.info(
    { from: row.sender, documentId: row.document_id, bytes: row.total_bytes },
    'to be fetched',
  );
}

function toDownloadRow(
  message: KeptMessage,
  outcome: ShownDelivery | Extract<CheckedMessage, { kind: 'reference' }>,
  nowMs: number,
): NewDownloadRow {
  const { natsSubject } = outcome;
  const isReference = outcome.kind === 'reference';
  return {
    nats_subject: message.subject,
    message_sha256: isReference ? outcome.messageSha256 : outcome.hashMessage(),
    data: message.data,
    stored_ms: message.storedAt.getTime(),
    stream_seq: message.streamSeq,
    sender: natsSubject.from,
    lane: natsSubject.lane,
    delivery_id: isReference ? null : outcome.id,
    document_id: isReference ? null : outcome.delivery.documentId,
    total_bytes: isReference ? outcome.reference.bytes : outcome.delivery.sealed.bytes,
    received_ms: nowMs,
  };
}

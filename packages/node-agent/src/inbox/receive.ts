import {
  type AgencyConnection,
  type BusMessage,
  FINDINGS,
  type Lane,
  payloadHash,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { applyWatermark } from '../report/chain.ts';
import { giveReceipt, refuseUnstored, repeatReceipt } from './give-receipt.ts';
import { type CheckedMessage, type MessageCheckContext, checkMessage } from './check-message.ts';

const BATCH_MESSAGES = 64;
/** Beyond this the quarantine keeps reason, digest and claim of a message, not its bytes. */
export const MAX_QUARANTINE_BYTES = 1024 * 1024 * 1024;
/** How long what cannot be judged yet waits before it is looked at again. */
const HOLD_MS = 5_000;
const HOLD_LOG_EVERY_MS = 60_000;
const MAX_REASON_LENGTH = 1_000;

/** Takes one lane of the agency's inbox: check, store, acknowledge, in this order (DESIGN §4.6). */
export class InboxReceiver {
  readonly #core: AgentCore;
  readonly #connection: AgencyConnection;
  #busy = false;
  #heldLoggedMs = 0;

  constructor(core: AgentCore, connection: AgencyConnection) {
    this.#core = core;
    this.#connection = connection;
  }

  get isBusy(): boolean {
    return this.#busy;
  }

  /** Runs until `signal` fires; rejects when storing fails. */
  async run(lane: Lane, signal: AbortSignal): Promise<void> {
    const batches = this.#connection.inbox(lane, { maxMessages: BATCH_MESSAGES, signal });
    for await (const batch of batches) {
      this.#busy = true;
      await this.#take(batch);
      this.#busy = false;
    }
  }

  async #take(batch: readonly BusMessage[]): Promise<void> {
    const core = this.#core;
    await core.trust.refresh(core.now().getTime());
    const checked = await this.#checkAll(batch);
    core.step('inbox.checked');
    await core.commit.commit(() => {
      for (const [message, outcome] of checked) this.#store(message, outcome);
    });
    core.step('inbox.committed');
    for (const [message, outcome] of checked) {
      if (isHeld(outcome)) message.retry(HOLD_MS);
      else message.ack();
    }
    core.step('inbox.acknowledged');
    core.changed();
  }

  async #checkAll(batch: readonly BusMessage[]): Promise<[BusMessage, CheckedMessage][]> {
    const results: [BusMessage, CheckedMessage][] = [];
    for (const message of batch) {
      const context = this.#contextNow();
      let outcome = checkMessage(message, context);
      if (needsDirectory(outcome) && (await this.#learnSender(outcome))) {
        outcome = checkMessage(message, context);
      }
      if (isHeld(outcome)) this.#logHeld(outcome);
      results.push([message, outcome]);
    }
    return results;
  }

  #contextNow(): MessageCheckContext {
    const { config, directory, verify, inbox, register, trust, now } = this.#core;
    return {
      self: config.code,
      config,
      trust: trust.store,
      now: now(),
      unsigned: config.policy.unsigned,
      lookup: (code) => directory.find(code),
      verify,
      inbox,
      register,
    };
  }

  /** A sender or certificate that the copy does not know yet may be new in the directory. */
  async #learnSender(outcome: CheckedMessage): Promise<boolean> {
    const from = outcome.kind === 'quarantine' ? outcome.claim.from : null;
    if (from === null) return false;
    const { commit, directory, log, now } = this.#core;
    const before = directory.find(from)?.sequence;
    try {
      const record = await this.#connection.getDirectoryEntry(from);
      if (record === undefined) return false;
      await commit.commit(() => directory.import([record], now()));
    } catch (error) {
      log.warn({ from, error: String(error) }, 'the directory could not be asked about a sender');
      return false;
    }
    return directory.find(from)?.sequence !== before;
  }

  #store(message: BusMessage, outcome: CheckedMessage): void {
    const { inbox, now } = this.#core;
    const nowMs = now().getTime();
    switch (outcome.kind) {
      case 'document':
        this.#storeDocument(outcome, nowMs);
        return;
      case 'duplicate':
        inbox.countDuplicate(outcome.id);
        repeatReceipt(this.#core, outcome.id, outcome.natsSubject.lane, nowMs);
        return;
      case 'receipt':
        this.#storeReceipt(outcome, nowMs);
        return;
      case 'watermark':
        this.#storeWatermark(outcome, nowMs);
        return;
      case 'quarantine':
        if (!isHeld(outcome)) this.#storeQuarantine(message, outcome, nowMs);
        return;
    }
  }

  #storeDocument(outcome: Extract<CheckedMessage, { kind: 'document' }>, nowMs: number): void {
    const { inbox, log } = this.#core;
    const { id, delivery, checked } = outcome;
    // A batch may hold the same delivery twice: the check saw neither of them stored.
    const twin = inbox.describe(id);
    if (twin !== undefined) {
      inbox.countDuplicate(id);
      repeatReceipt(this.#core, id, outcome.natsSubject.lane, nowMs);
      return;
    }
    inbox.insert({
      id,
      sender: delivery.from,
      business_type: delivery.businessType,
      document_id: delivery.documentId,
      document_version: delivery.documentVersion,
      package_digest: delivery.packageDigest,
      record: outcome.record,
      container: outcome.container,
      summary: JSON.stringify(checked.header),
      verdict: JSON.stringify({ ...checked.verdict, warnings: checked.warnings }),
      received_ms: nowMs,
    });
    giveReceipt(this.#core, id, { status: '01', warnings: checked.warnings }, nowMs);
    log.info({ id, from: delivery.from, documentId: delivery.documentId }, 'document arrived');
  }

  #storeReceipt(outcome: Extract<CheckedMessage, { kind: 'receipt' }>, nowMs: number): void {
    const { register, outbox, log } = this.#core;
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
    const fields = {
      id,
      from: receipt.from,
      documentId: receipt.documentId,
      status: receipt.status,
    };
    log.info(fields, 'receipt arrived');
  }

  #storeWatermark(outcome: Extract<CheckedMessage, { kind: 'watermark' }>, nowMs: number): void {
    const { identity, log } = this.#core;
    const { watermark } = outcome;
    const result = applyWatermark(this.#core, identity, watermark, outcome.record, nowMs);
    const fields = { relay: watermark.from, upTo: watermark.upTo, resent: result.resent };
    if (!result.agrees) {
      log.error(fields, 'the relay holds another report under this number than this agency wrote');
    } else if (result.resent > 0) {
      log.warn(fields, 'the relay misses reports; they are sent again');
    }
  }

  #storeQuarantine(
    message: BusMessage,
    outcome: Extract<CheckedMessage, { kind: 'quarantine' }>,
    nowMs: number,
  ): void {
    const { inbox, log } = this.#core;
    const { finding, claim, messageSha256 } = outcome;
    if (inbox.hasQuarantined(message.subject, messageSha256)) return;
    const detail = toProse(outcome.detail);
    const refusalRecordId = refuseUnstored(this.#core, claim, { finding, detail }, nowMs);
    const full = inbox.quarantinedBytes() + message.data.length > MAX_QUARANTINE_BYTES;
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

  #logHeld(outcome: CheckedMessage): void {
    const nowMs = this.#core.now().getTime();
    if (outcome.kind !== 'quarantine' || nowMs - this.#heldLoggedMs < HOLD_LOG_EVERY_MS) return;
    this.#heldLoggedMs = nowMs;
    this.#core.log.warn(
      { from: outcome.claim.from, finding: outcome.finding },
      `left with the broker until revocation data is there: ${outcome.detail}`,
    );
  }
}

/** A detail may quote a hostile message: as text that a receipt can carry. */
function toProse(detail: string): string {
  return detail
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .slice(0, MAX_REASON_LENGTH)
    .toWellFormed();
}

/** Neither stored nor acknowledged: the broker gives it again, and it is judged anew. */
function isHeld(outcome: CheckedMessage): boolean {
  return outcome.kind === 'quarantine' && FINDINGS[outcome.finding].severity === 'hold';
}

function needsDirectory(outcome: CheckedMessage): boolean {
  return (
    outcome.kind === 'quarantine' &&
    (outcome.finding === 'SENDER_UNKNOWN' || outcome.finding === 'SIGNER_NOT_LISTED')
  );
}

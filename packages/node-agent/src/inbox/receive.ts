import { createHash } from 'node:crypto';

import {
  type AgencyCode,
  type AgencyConnection,
  type BusMessage,
  FINDINGS,
  type Lane,
  parseMessageSubject,
  payloadHash,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { applyWatermark } from '../report/chain.ts';
import { isStorageFailure } from '../storage/database.ts';
import { giveReceipt, refuseUnstored, repeatReceipt } from './give-receipt.ts';
import { type CheckedMessage, type MessageCheckContext, checkMessage } from './check-message.ts';

const BATCH_MESSAGES = 64;
/** Beyond this the quarantine keeps reason, digest and claim of a message, not its bytes. */
export const MAX_QUARANTINE_BYTES = 1024 * 1024 * 1024;
/** How long what cannot be judged yet waits before it is looked at again. */
const HOLD_MS = 5_000;
const LOG_EVERY_MS = 60_000;
/** A check that fails by itself is tried so often before the message is put aside for a person. */
const MAX_FAILED_CHECKS = 3;
const MAX_REASON_LENGTH = 1_000;

/** Neither stored nor acknowledged: the broker gives it again, and it is judged anew. */
interface Held {
  readonly kind: 'held';
  readonly reason: string;
}

type Judged = CheckedMessage | Held;
type Quarantined = Extract<CheckedMessage, { kind: 'quarantine' }>;

/** What one batch has asked the site service; a silent one is not asked again for each message. */
interface DirectoryRound {
  readonly asked: Set<AgencyCode>;
  silent: boolean;
}

/** Takes one lane of the agency's inbox: check, store, acknowledge, in this order (DESIGN §4.6). */
export class InboxReceiver {
  readonly #core: AgentCore;
  readonly #connection: AgencyConnection;
  #busy = false;
  readonly #loggedMs = new Map<string, number>();

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
    await this.#refreshTrust();
    const round: DirectoryRound = { asked: new Set(), silent: false };
    const judged: [BusMessage, Judged][] = [];
    for (const message of batch) judged.push([message, await this.#judge(message, round)]);
    core.step('inbox.checked');
    // A job each, in one transaction: a message that cannot be stored takes no other with it.
    const stored = await Promise.allSettled(
      judged.map(([message, outcome]) => core.commit.commit(() => this.#store(message, outcome))),
    );
    const failure = stored.find(
      (result) => result.status === 'rejected' && isStorageFailure(result.reason),
    );
    if (failure?.status === 'rejected') throw failure.reason;
    core.step('inbox.committed');
    judged.forEach(([message, outcome], index) => {
      const result = stored[index];
      if (result?.status === 'rejected') {
        this.#logSometimes('not stored', `a message could not be stored: ${String(result.reason)}`);
      }
      if (outcome.kind === 'held' || result?.status === 'rejected') message.retry(HOLD_MS);
      else message.ack();
    });
    core.step('inbox.acknowledged');
    core.changed();
  }

  /** A file that is just being replaced, or a damaged one, must not stop the agent. */
  async #refreshTrust(): Promise<void> {
    const { trust, now } = this.#core;
    try {
      await trust.refresh(now().getTime());
    } catch (error) {
      this.#logSometimes('trust', `the trust folder is not read again: ${String(error)}`);
    }
  }

  async #judge(message: BusMessage, round: DirectoryRound): Promise<Judged> {
    let outcome: Judged;
    try {
      outcome = await this.#check(message, round);
    } catch (error) {
      outcome = this.#failedCheck(message, error);
    }
    if (outcome.kind === 'held') {
      this.#logSometimes('held', `left with the broker, judged again soon: ${outcome.reason}`);
    }
    return outcome;
  }

  async #check(message: BusMessage, round: DirectoryRound): Promise<Judged> {
    const context = this.#contextNow();
    let outcome = checkMessage(message, context);
    const from = senderToLearn(outcome);
    if (from !== undefined) {
      const answer = await this.#learnSender(from, round);
      if (answer === 'silent') return held(outcome, 'the directory cannot be asked');
      if (answer === 'news') outcome = checkMessage(message, context);
    }
    if (outcome.kind === 'quarantine' && FINDINGS[outcome.finding].severity === 'hold') {
      return held(outcome, outcome.detail);
    }
    return outcome;
  }

  /** Content of a kind that nobody foresaw: after some tries it is put aside, the rest goes on. */
  #failedCheck(message: BusMessage, error: unknown): Judged {
    const detail = `the check itself failed: ${String(error)}`;
    if (message.deliveryCount < MAX_FAILED_CHECKS) return { kind: 'held', reason: detail };
    const natsSubject = parseMessageSubject(message.subject) ?? null;
    return {
      kind: 'quarantine',
      finding: 'CHECK_FAILED',
      detail,
      claim: { from: natsSubject?.from ?? null, documentId: null, delivery: null },
      messageSha256: createHash('sha256').update(message.data).digest('hex'),
      natsSubject,
    };
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
  async #learnSender(
    from: AgencyCode,
    round: DirectoryRound,
  ): Promise<'news' | 'nothing new' | 'silent'> {
    if (round.silent) return 'silent';
    if (round.asked.has(from)) return 'nothing new';
    const { commit, directory, log, now } = this.#core;
    const before = directory.find(from)?.sequence;
    try {
      const record = await this.#connection.getDirectoryEntry(from);
      round.asked.add(from);
      if (record === undefined) return 'nothing new';
      await commit.commit(() => directory.import([record], now()));
    } catch (error) {
      round.silent = true;
      log.warn({ from, error: String(error) }, 'the directory could not be asked about a sender');
      return 'silent';
    }
    return directory.find(from)?.sequence === before ? 'nothing new' : 'news';
  }

  #store(message: BusMessage, outcome: Judged): void {
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
        this.#storeQuarantine(message, outcome, nowMs);
        return;
      case 'held':
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
    const { log } = this.#core;
    const { watermark } = outcome;
    const result = applyWatermark(this.#core, watermark, outcome.record, nowMs);
    const fields = { relay: watermark.from, upTo: watermark.upTo, resent: result.resent };
    if (!result.agrees) {
      log.error(fields, 'the relay holds another report under this number than this agency wrote');
    } else if (result.resent > 0) {
      log.warn(fields, 'the relay misses reports; they are sent again');
    }
  }

  #storeQuarantine(message: BusMessage, outcome: Quarantined, nowMs: number): void {
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

  /** What may be said for every message of a long row is said once a minute. */
  #logSometimes(about: string, text: string): void {
    const nowMs = performance.now();
    if (nowMs - (this.#loggedMs.get(about) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return;
    this.#loggedMs.set(about, nowMs);
    this.#core.log.warn({ about }, text);
  }
}

/** A detail may quote a hostile message: as text that a receipt can carry. */
function toProse(detail: string): string {
  return detail
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .slice(0, MAX_REASON_LENGTH)
    .toWellFormed();
}

function held(outcome: CheckedMessage, why: string): Held {
  const about = outcome.kind === 'quarantine' ? `${outcome.finding}, ` : '';
  return { kind: 'held', reason: `${about}${why}` };
}

/** Whom to look up: the copy of the directory may be behind what the message shows. */
function senderToLearn(outcome: CheckedMessage): AgencyCode | undefined {
  if (outcome.kind !== 'quarantine') return undefined;
  const { finding, claim } = outcome;
  const mayBeNew = finding === 'SENDER_UNKNOWN' || finding === 'SIGNER_NOT_LISTED';
  return mayBeNew ? (claim.from ?? undefined) : undefined;
}

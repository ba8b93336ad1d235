import {
  type AgencyConnection,
  type BusMessage,
  type DirectoryReader,
  type Lane,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { storageTroubleOf } from '../storage/trouble.ts';
import type { NewDownloadRow } from '../storage/download-store.ts';
import type { CheckedMessage, ShownDelivery } from './check-message.ts';
import { type DirectoryRound, type Held, type Judged, MessageJudge } from './judge.ts';
import { type Final, storeOutcome } from './store-outcome.ts';

const BATCH_MESSAGES = 64;
/** How long what cannot be judged yet waits before it is looked at again. */
const HOLD_MS = 5_000;
const LOG_EVERY_MS = 60_000;
/** Deliveries whose content is still to be fetched: of one sender, and in all. */
export const MAX_PENDING_PER_SENDER = 200;
export const MAX_PENDING = 2_000;

/** A delivery that is told as taken now and whose content is fetched later. */
interface Pending {
  readonly kind: 'pending';
  readonly row: NewDownloadRow;
}

type Taken = Final | Pending | Held;

/** Takes one lane of the agency's inbox: check, store, acknowledge, in this order (DESIGN §4.6). */
export class InboxReceiver {
  readonly #core: AgentCore;
  readonly #connection: AgencyConnection;
  readonly #judge: MessageJudge;
  #busy = false;
  readonly #loggedMs = new Map<string, number>();

  constructor(core: AgentCore, connection: AgencyConnection, reader: DirectoryReader) {
    this.#core = core;
    this.#connection = connection;
    this.#judge = new MessageJudge(core, connection, reader);
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
    const round = this.#judge.newRound();
    const judged: [BusMessage, Taken][] = [];
    for (const message of batch) judged.push([message, await this.#judgeOne(message, round)]);
    core.step('inbox.checked');
    // A job each, in one transaction: a message that cannot be stored takes no other with it.
    const stored = await Promise.allSettled(
      judged.map(([message, outcome]) => core.commit.commit(() => this.#store(message, outcome))),
    );
    const failure = stored.find(
      (result) => result.status === 'rejected' && storageTroubleOf(result.reason) !== undefined,
    );
    if (failure?.status === 'rejected') {
      // Some may be stored: those come again and are suppressed.
      for (const message of batch) message.retry(HOLD_MS);
      throw failure.reason;
    }
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

  async #judgeOne(message: BusMessage, round: DirectoryRound): Promise<Taken> {
    const outcome = this.#defer(
      message,
      await this.#judge.judge(message, round, message.deliveryCount - 1),
    );
    if (outcome.kind === 'held') {
      this.#logSometimes('held', `left with the broker, judged again soon: ${outcome.reason}`);
    }
    return outcome;
  }

  /** Content that did not come with its message is fetched in the background. */
  #defer(message: BusMessage, outcome: Judged): Taken {
    if (outcome.kind !== 'delivery' && outcome.kind !== 'reference') return outcome;
    const row = toDownloadRow(message, outcome, this.#core.now().getTime());
    const { downloads } = this.#core;
    if (downloads.has(row.nats_subject, row.message_sha256)) return { kind: 'pending', row };
    if (downloads.countOf(row.sender) >= MAX_PENDING_PER_SENDER) {
      const reason = `${MAX_PENDING_PER_SENDER} documents of ${row.sender} are still being fetched`;
      return { kind: 'held', reason };
    }
    if (downloads.count() >= MAX_PENDING) {
      return { kind: 'held', reason: `${MAX_PENDING} documents are still being fetched` };
    }
    return { kind: 'pending', row };
  }

  #store(message: BusMessage, outcome: Taken): void {
    if (outcome.kind === 'held') return;
    if (outcome.kind !== 'pending') {
      storeOutcome(this.#core, message, outcome, this.#core.now().getTime());
      return;
    }
    const { downloads, inbox, log } = this.#core;
    const { row } = outcome;
    // Put aside before: its sender has heard why.
    if (inbox.hasQuarantined(row.nats_subject, row.message_sha256)) return;
    downloads.insert(row);
    log.info(
      { from: row.sender, documentId: row.document_id, bytes: row.total_bytes },
      'to be fetched',
    );
  }

  /** What may be said for every message of a long row is said once a minute. */
  #logSometimes(about: string, text: string): void {
    const nowMs = performance.now();
    if (nowMs - (this.#loggedMs.get(about) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return;
    this.#loggedMs.set(about, nowMs);
    this.#core.log.warn({ about }, text);
  }
}

function toDownloadRow(
  message: BusMessage,
  outcome: ShownDelivery | Extract<CheckedMessage, { kind: 'reference' }>,
  nowMs: number,
): NewDownloadRow {
  const { natsSubject } = outcome;
  const isReference = outcome.kind === 'reference';
  return {
    nats_subject: message.subject,
    message_sha256: outcome.messageSha256,
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

import { createHash } from 'node:crypto';

import { type AgencyConnection, type DirectoryReader, parseMessageSubject } from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { AGENT_LIMITS } from '../limits.ts';
import { Signal } from '../signal.ts';
import type { HeldStoreRow } from '../storage/held-store.ts';
import { storageTroubleOf } from '../storage/trouble.ts';
import { type DirectoryRound, type Held, MessageJudge, type Quarantined } from './judge.ts';
import { type KeptMessage, type Taken, defer, storeTaken } from './take.ts';

const BATCH_ROWS = 32;
/** Between two looks for a new revocation list while something waits for one. */
const LOOK_EVERY_MS = 1_000;
const MAX_IDLE_MS = 60_000;

/** How much is kept that nobody can judge yet, and how often it is judged again. */
export interface HoldLimits {
  readonly perSender: number;
  readonly messages: number;
  readonly bytes: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** What stays with the broker comes again after this time. */
  readonly leftMs: number;
  /** Then it is put into quarantine and its sender is told. */
  readonly endsAfterMs: number;
}

export const HOLD_LIMITS: HoldLimits = {
  perSender: AGENT_LIMITS.maxHeldPerSender,
  messages: AGENT_LIMITS.maxHeldMessages,
  bytes: AGENT_LIMITS.maxHeldBytes,
  firstRetryMs: AGENT_LIMITS.firstHeldRetryMs,
  maxRetryMs: AGENT_LIMITS.maxHeldRetryMs,
  leftMs: AGENT_LIMITS.leftWithBrokerMs,
  endsAfterMs: AGENT_LIMITS.heldEndsAfterMs,
};

/**
 * Keeps a message that cannot be judged yet, where there is room. Call inside a transaction.
 *
 * @returns whether the broker may forget it; else it stays with the broker.
 */
export function park(core: AgentCore, message: KeptMessage, outcome: Held): boolean {
  const { held, holdLimits, now } = core;
  const sender = parseMessageSubject(message.subject)?.from;
  // A check that failed by itself is tried again by the broker, a few times only.
  if (outcome.lacks === undefined || sender === undefined) return false;
  const sha256 = createHash('sha256').update(message.data).digest('hex');
  if (held.has(message.subject, sha256)) return true;
  const used = held.used();
  const isFull =
    used.count >= holdLimits.messages ||
    used.bytes + message.data.length > holdLimits.bytes ||
    held.countOf(sender) >= holdLimits.perSender;
  if (isFull) return false;
  const nowMs = now().getTime();
  held.insert({
    nats_subject: message.subject,
    message_sha256: sha256,
    data: message.data,
    stored_ms: message.storedAt.getTime(),
    stream_seq: message.streamSeq,
    sender,
    lacks: outcome.lacks,
    reason: outcome.reason,
    held_ms: nowMs,
    next_try_ms: nowMs + retryMs(holdLimits, 0),
  });
  return true;
}

/** Judges what is kept again: when what lacked may be here, and now and then. */
export class HoldWorker {
  readonly #core: AgentCore;
  readonly #judge: MessageJudge;
  readonly #signal = new Signal();
  #trust: unknown;
  #directory: number;

  constructor(core: AgentCore, connection: AgencyConnection, reader: DirectoryReader) {
    this.#core = core;
    this.#judge = new MessageJudge(core, connection, reader);
    this.#trust = core.trust.store;
    this.#directory = core.directory.generation;
  }

  /** Something was committed: a message may have been kept, or a directory entry learned. */
  notify(): void {
    this.#signal.notify();
  }

  /** Works until `signal` fires; rejects when storing fails, and can be called again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#wakeByNews();
      const { held, now } = this.#core;
      const rows = held.due(now().getTime(), BATCH_ROWS);
      const round = this.#judge.newRound();
      for (const row of rows) {
        if (signal.aborted) return;
        await this.#again(row, round);
      }
      if (rows.length > 0) this.#core.changed();
      if (rows.length < BATCH_ROWS) await this.#signal.wait(this.#idleMs(), signal);
    }
  }

  #idleMs(): number {
    const { held, now } = this.#core;
    const nextMs = held.nextDueMs();
    if (nextMs === undefined) return MAX_IDLE_MS;
    return Math.max(10, Math.min(nextMs - now().getTime(), LOOK_EVERY_MS));
  }

  /** What came new wakes what waits for it, whoever noticed it first. */
  async #wakeByNews(): Promise<void> {
    const { commit, held, trust, directory, log, now } = this.#core;
    if (held.nextDueMs() === undefined) return;
    const nowMs = now().getTime();
    // A damaged file is told by the receiver; what was read before serves on.
    await trust.refresh(nowMs).catch(() => undefined);
    const isTrustNew = trust.store !== this.#trust;
    const isDirectoryNew = directory.generation !== this.#directory;
    if (!isTrustNew && !isDirectoryNew) return;
    const woken = await commit.commit(() => {
      const byTrust = isTrustNew ? held.wake('revocation', nowMs) : 0;
      return byTrust + held.wake('directory', nowMs);
    });
    this.#trust = trust.store;
    this.#directory = directory.generation;
    if (woken > 0) log.info({ count: woken }, 'held messages are judged again');
  }

  async #again(row: HeldStoreRow, round: DirectoryRound): Promise<void> {
    const core = this.#core;
    const message: KeptMessage = {
      subject: row.nats_subject,
      data: row.data,
      storedAt: new Date(row.stored_ms),
      streamSeq: row.stream_seq,
    };
    const judged = await this.#judge.judge(message, round, row.failed_count);
    const taken = this.#endOf(row, defer(core, message, judged));
    try {
      await core.commit.commit(() => {
        if (taken.kind === 'held') this.#postpone(row, taken);
        else {
          storeTaken(core, message, taken);
          core.held.remove(row.id);
        }
      });
    } catch (error) {
      if (storageTroubleOf(error) !== undefined) throw error;
      const reason = `it could not be stored: ${String(error)}`;
      const nextMs = core.now().getTime() + retryMs(core.holdLimits, row.attempt_count + 1);
      await core.commit.commit(() => core.held.failedUntil(row.id, reason, nextMs));
      core.log.warn({ from: row.sender }, reason);
      return;
    }
  }

  #postpone(row: HeldStoreRow, { lacks, reason }: Held): void {
    const { held, holdLimits, now } = this.#core;
    const nextMs = now().getTime() + retryMs(holdLimits, row.attempt_count + 1);
    if (lacks === undefined) held.failedUntil(row.id, reason, nextMs);
    else held.retryAt(row.id, lacks, reason, nextMs);
  }

  /** Nothing is held for ever: its sender hears that it was not taken, and why. */
  #endOf(row: HeldStoreRow, taken: Taken): Taken {
    const { holdLimits, now } = this.#core;
    if (taken.kind !== 'held') return taken;
    if (now().getTime() - row.held_ms < holdLimits.endsAfterMs) return taken;
    const detail = `not to be judged since ${new Date(row.held_ms).toISOString()}: ${taken.reason}`;
    const natsSubject = parseMessageSubject(row.nats_subject) ?? null;
    const nobody = { from: natsSubject?.from ?? null, documentId: null, delivery: null };
    const ended: Quarantined = {
      kind: 'quarantine',
      finding: 'HELD_TOO_LONG',
      detail,
      claim: taken.claim ?? nobody,
      messageSha256: row.message_sha256,
      natsSubject,
    };
    return ended;
  }
}

/** Doubling, with jitter so that what was held together is not judged together for ever. */
function retryMs(limits: Pick<HoldLimits, 'firstRetryMs' | 'maxRetryMs'>, attempts: number) {
  const ceiling = Math.min(limits.firstRetryMs * 2 ** Math.min(attempts, 20), limits.maxRetryMs);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}

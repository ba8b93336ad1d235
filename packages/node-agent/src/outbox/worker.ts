import { createHash } from 'node:crypto';

import { type AgencyConnection, BusError, encodeMessage, signRecord } from '@congvan/bus';
import { type Signer, signCms } from '@congvan/signer';

import type { DirectoryCopy } from '../directory/copy.ts';
import type { Log } from '../log.ts';
import { Signal } from '../signal.ts';
import type { AgentStep } from '../step.ts';
import type { GroupCommit } from '../storage/group-commit.ts';
import type { DueRow, OutboxStore } from '../storage/outbox-store.ts';
import { type Sender, addressOf } from './address.ts';
import { MAX_REPEAT_MS, afterPubAck, isGivenUp, retryDelayMs } from './schedule.ts';

/** Published at once; the broker's answers then share one transaction. */
const BATCH_ROWS = 64;
const MAX_IDLE_MS = 60_000;
const PUBLISH_TIMEOUT_MS = 10_000;

export interface OutboxWorkerDeps {
  readonly config: Sender;
  readonly directory: DirectoryCopy;
  readonly outbox: OutboxStore;
  readonly commit: GroupCommit;
  readonly connection: AgencyConnection;
  readonly nodeSigner: Signer;
  readonly now: () => Date;
  readonly step: (step: AgentStep) => void;
  readonly log: Log;
}

type Published =
  | { readonly row: DueRow; readonly streamSeq: number }
  | { readonly row: DueRow; readonly error: BusError };

/** Signs what waits, publishes it and keeps each row until its answer is in (DESIGN §4.5). */
export class OutboxWorker {
  readonly #deps: OutboxWorkerDeps;
  readonly #signal = new Signal();
  #busy = false;

  constructor(deps: OutboxWorkerDeps) {
    this.#deps = deps;
  }

  /** New rows may be there. */
  notify(): void {
    this.#signal.notify();
  }

  get isBusy(): boolean {
    return this.#busy;
  }

  /** Works until `signal` fires; rejects when storing fails. */
  async run(signal: AbortSignal): Promise<void> {
    const { outbox, now } = this.#deps;
    while (!signal.aborted) {
      const nowMs = now().getTime();
      const rows = outbox.due(nowMs, MAX_REPEAT_MS, BATCH_ROWS);
      if (rows.length > 0) {
        this.#busy = true;
        await this.#handle(rows);
        this.#busy = false;
      } else {
        const dueInMs = (outbox.nextDueMs() ?? Infinity) - nowMs;
        await this.#signal.wait(Math.max(10, Math.min(dueInMs, MAX_IDLE_MS)), signal);
      }
    }
  }

  async #handle(rows: readonly DueRow[]): Promise<void> {
    const { commit, outbox, now, step } = this.#deps;
    const nowMs = now().getTime();
    const givenUp = rows.filter((row) => isGivenUp(row, nowMs));
    const toSend = rows.filter((row) => !isGivenUp(row, nowMs));
    const frames = await this.#sign(toSend);
    const published = await Promise.all(
      toSend.map((row) => this.#publish(row, frames.get(row.record_id))),
    );
    step('messages.published');
    await commit.commit(() => {
      for (const row of givenUp) outbox.settle(row.message_id, 'undelivered', nowMs);
      for (const result of published) this.#keepResult(result);
    });
    step('outbox.settled.committed');
    this.#report(published, givenUp);
  }

  /** Signatures are kept before anything leaves: a repeat carries the same bytes. */
  async #sign(rows: readonly DueRow[]): Promise<Map<number, Uint8Array>> {
    const { commit, outbox, nodeSigner, step } = this.#deps;
    const sign = (tbs: Uint8Array): Promise<Uint8Array> =>
      signCms({ content: tbs }, nodeSigner, { certificates: 'none' });
    const frames = new Map<number, Uint8Array>();
    const fresh: [number, Uint8Array][] = [];
    for (const row of rows) {
      if (row.signed !== null) frames.set(row.record_id, row.signed);
      if (frames.has(row.record_id)) continue;
      const frame = await signRecord(row.type, row.payload, sign);
      frames.set(row.record_id, frame);
      fresh.push([row.record_id, frame]);
    }
    if (fresh.length === 0) return frames;
    await commit.commit(() => {
      for (const [recordId, frame] of fresh) outbox.storeSigned(recordId, frame);
    });
    step('records.committed');
    return frames;
  }

  async #publish(row: DueRow, frame: Uint8Array | undefined): Promise<Published> {
    const { config, connection, directory, outbox } = this.#deps;
    if (frame === undefined) throw new TypeError(`record ${row.record_id} was not signed`);
    const natsSubject = addressOf(row, config, directory);
    if (natsSubject === undefined) {
      const message = `the directory has no agency ${row.recipient}`;
      const details = { to: row.recipient };
      return { row, error: new BusError('BUS_SUBJECT_INVALID', message, { details }) };
    }
    const body = row.package_id === null ? undefined : outbox.containerOf(row.package_id);
    try {
      const ack = await connection.publish(natsSubject, encodeMessage(frame, body), {
        messageId: duplicateKey(row, frame),
        timeoutMs: PUBLISH_TIMEOUT_MS,
      });
      return { row, streamSeq: ack.streamSeq };
    } catch (error) {
      if (error instanceof BusError) return { row, error };
      throw error;
    }
  }

  #keepResult(result: Published): void {
    const { outbox, now } = this.#deps;
    const { row } = result;
    const nowMs = now().getTime();
    if ('error' in result) {
      const delayMs = retryDelayMs(row.attempt_count, Math.random());
      outbox.recordAttempt(row.message_id, null, nowMs + delayMs);
      return;
    }
    const next = afterPubAck(row, nowMs);
    outbox.recordAttempt(
      row.message_id,
      result.streamSeq,
      next.act === 'wait' ? next.nextTryMs : nowMs,
    );
    if (next.act === 'settle') outbox.settle(row.message_id, next.outcome, nowMs);
  }

  #report(published: readonly Published[], givenUp: readonly DueRow[]): void {
    const { log } = this.#deps;
    const failed = published.filter((result) => 'error' in result);
    const first = failed[0];
    if (first !== undefined) {
      log.warn(
        {
          count: failed.length,
          code: first.error.code,
          purpose: first.row.purpose,
          to: first.row.recipient,
        },
        `not published, kept for a later try: ${first.error.message}`,
      );
    }
    for (const row of givenUp) {
      log.error(
        { messageId: row.message_id, to: row.recipient },
        'no receipt for 30 days: undelivered',
      );
    }
  }
}

/**
 * `Nats-Msg-Id`: the same for every repeat of a row, and known to nobody before it leaves, since the
 * signature goes into it. Any agency may publish with any id, so one that another recipient of the
 * same document can compute could be occupied, and the broker would drop this message as a repeat.
 */
function duplicateKey(row: DueRow, frame: Uint8Array): string {
  return createHash('sha256').update(row.message_id).update(frame).digest('hex');
}

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

import { type AgencyConnection, BusError, LANES, type Lane, signRecord } from '@congvan/bus';
import { signCms } from '@congvan/signer';

import type { ConditionBook } from '../condition/condition.ts';
import type { DirectoryCopy } from '../directory/copy.ts';
import { AGENT_LIMITS } from '../limits.ts';
import type { AgencyKeys } from '../home/keys.ts';
import type { Log } from '../log.ts';
import { Signal } from '../signal.ts';
import type { AgentStep } from '../step.ts';
import type { GroupCommit } from '../storage/group-commit.ts';
import type { DeadOutcome, DueRow, OutboxStore } from '../storage/outbox-store.ts';
import { type Route, type Sender, routeOf } from './address.ts';
import { Breaker } from './breaker.ts';
import type { LineGate } from './line-gate.ts';
import { createMessages } from './message.ts';
import { Rate } from './rate.ts';
import { isForGood, isStreamFull } from './refusal.ts';
import { reportWithdrawn } from './withdraw.ts';
import type { UploadStore } from '../storage/upload-store.ts';
import { endWithError, startSpan, traceparentOf } from '../trace.ts';
import { TRANSFER_LIMITS } from '../transfer/limits.ts';
import { MAX_REPEAT_MS, afterPubAck, deadOutcome, retryDelayMs } from './schedule.ts';

const MAX_IDLE_MS = 60_000;
/** Messages made before the socket has its turn. */
const BURST_ROWS = 32;

export interface OutboxWorkerDeps {
  readonly config: Sender;
  readonly directory: DirectoryCopy;
  readonly outbox: OutboxStore;
  readonly uploads: UploadStore;
  readonly commit: GroupCommit;
  readonly connection: AgencyConnection;
  /** Asked at each signature: a renewal brings another node key. */
  readonly keys: Pick<AgencyKeys, 'open'>;
  readonly conditions: ConditionBook;
  readonly gate: LineGate;
  readonly now: () => Date;
  readonly step: (step: AgentStep) => void;
  readonly changed: () => void;
  readonly log: Log;
}

/** A row that leaves now; without a route the directory has no such recipient. */
interface Ready {
  readonly row: DueRow;
  readonly route: Route | undefined;
}

type Published =
  | {
      readonly kind: 'stored';
      readonly row: DueRow;
      readonly further: boolean;
      readonly streamSeq: number;
    }
  | { readonly kind: 'failed'; readonly row: DueRow; readonly error: BusError }
  | { readonly kind: 'dead'; readonly row: DueRow; readonly outcome: DeadOutcome }
  /** A repeat whose blobs were seen long ago: the site may have lost some of them. */
  | { readonly kind: 'unchecked'; readonly row: DueRow; readonly packageId: number }
  /** Its destination pauses: nothing was tried. */
  | { readonly kind: 'paused'; readonly row: DueRow; readonly untilMs: number };

/**
 * Signs what waits, publishes it and keeps each row until its answer is in.
 *
 * The lanes work apart, so that an urgent message waits for no ordinary one: neither in the
 * database, nor for an acknowledgement, nor on the line.
 */
export class OutboxWorker {
  readonly #deps: OutboxWorkerDeps;
  readonly #signals: Record<Lane, Signal> = { urgent: new Signal(), normal: new Signal() };
  readonly #rates: Record<Lane, Rate> = { urgent: new Rate(), normal: new Rate() };
  readonly #breaker = new Breaker();

  constructor(deps: OutboxWorkerDeps) {
    this.#deps = deps;
    deps.connection.onStatus((status) => {
      if (status !== 'connected') return;
      // The server that is back may be healthy again; what still fails pauses again.
      this.#breaker.reset();
      this.notify();
    });
  }

  /** New rows may be there. */
  notify(): void {
    for (const lane of LANES) this.#signals[lane].notify();
  }

  /** Messages a second that left over the last minute. */
  rates(): Record<Lane, number> {
    const nowMs = performance.now();
    return {
      urgent: this.#rates.urgent.perSecond(nowMs),
      normal: this.#rates.normal.perSecond(nowMs),
    };
  }

  /** Destinations that publishing pauses for. */
  paused(): string[] {
    return this.#breaker.paused(this.#deps.now().getTime());
  }

  /** Works one lane until `signal` fires; rejects when storing fails, and can be called again. */
  async run(lane: Lane, signal: AbortSignal): Promise<void> {
    const { outbox, now } = this.#deps;
    while (!signal.aborted) {
      if (!(await this.#connected(lane, signal))) return;
      const nowMs = now().getTime();
      const due = outbox.due(lane, nowMs, MAX_REPEAT_MS, AGENT_LIMITS.outboxBatchRows);
      const rows = withinBytes(due, AGENT_LIMITS.outboxBatchBytes);
      if (rows.length > 0) await this.#handle(lane, rows);
      else {
        const dueInMs = (outbox.nextDueMs(lane) ?? Infinity) - nowMs;
        await this.#signals[lane].wait(Math.max(10, Math.min(dueInMs, MAX_IDLE_MS)), signal);
      }
    }
  }

  /** Waits for the broker: rows that cannot leave are not counted as tried. */
  async #connected(lane: Lane, signal: AbortSignal): Promise<boolean> {
    const { connection } = this.#deps;
    if (connection.status() === 'connected') return !signal.aborted;
    while (connection.status() !== 'connected') {
      if (signal.aborted) return false;
      await this.#signals[lane].wait(MAX_IDLE_MS, signal);
    }
    if (lane === 'normal') {
      // A server that comes back must not get the queues of all its agencies in one instant.
      const untilMs = performance.now() + Math.random() * AGENT_LIMITS.reconnectSpreadMs;
      for (let leftMs = 1; leftMs > 0 && !signal.aborted; leftMs = untilMs - performance.now()) {
        await this.#signals[lane].wait(Math.max(1, leftMs), signal);
      }
    }
    return !signal.aborted;
  }

  async #handle(lane: Lane, rows: readonly DueRow[]): Promise<void> {
    const { commit, step } = this.#deps;
    // An older copy reports nothing before the relay has answered; what ends is looked at again then.
    const mayEnd = this.#deps.outbox.mayAppend();
    const results = rows.map((row) => this.#decide(row, mayEnd));
    const toSend = results.flatMap((result) => ('kind' in result ? [] : [result.row]));
    const frames = await this.#sign(lane, toSend);
    const published = await this.#publishAll(results, frames);
    if (toSend.length > 0) step('messages.published');
    // So many fill a flush of their own.
    const soon = published.length >= BURST_ROWS;
    const keep = () => published.forEach((result) => this.#keepResult(result));
    await commit.commit(keep, { soon });
    step('outbox.settled.committed');
    if (published.some(({ kind }) => kind === 'unchecked')) this.#deps.changed();
    const stored = published.filter(({ kind }) => kind === 'stored').length;
    this.#rates[lane].add(stored, performance.now());
    this.#report(published);
  }

  /** What needs no publishing, or must not be published now. */
  #decide(row: DueRow, mayEnd: boolean): Exclude<Published, { kind: 'stored' | 'failed' }> | Ready {
    const { config, directory, now } = this.#deps;
    const nowMs = now().getTime();
    const outcome = deadOutcome(row, nowMs);
    if (outcome !== undefined && mayEnd) return { kind: 'dead', row, outcome };
    const route = routeOf(row, config, directory);
    const isClosed = (route?.closesMs ?? Infinity) <= nowMs;
    if (isClosed && mayEnd) return { kind: 'dead', row, outcome: 'recipient-gone' };
    const packageId = row.stream_seq === null ? null : row.package_id;
    const staleMs = nowMs - TRANSFER_LIMITS.recheckAfterMs;
    if (packageId !== null && this.#deps.uploads.isStale(packageId, staleMs)) {
      return { kind: 'unchecked', row, packageId };
    }
    const untilMs = route === undefined ? 0 : this.#breaker.ask(route.destination, nowMs);
    return untilMs === 0 ? { row, route } : { kind: 'paused', row, untilMs };
  }

  /** Signatures are kept before anything leaves: a repeat carries the same bytes. */
  async #sign(lane: Lane, rows: readonly DueRow[]): Promise<Map<number, Uint8Array>> {
    const { commit, outbox, keys, step } = this.#deps;
    const nodeSigner = await keys.open('node');
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
    const keep = (): void => {
      for (const [recordId, frame] of fresh) outbox.storeSigned(recordId, frame);
    };
    await commit.commit(keep, { soon: lane === 'urgent' });
    step('records.committed');
    return frames;
  }

  /** The broker stores the first of them while the last are still being made. */
  async #publishAll(
    results: readonly (Published | Ready)[],
    frames: ReadonlyMap<number, Uint8Array>,
  ): Promise<Published[]> {
    const make = createMessages(this.#deps.outbox);
    const answers: Promise<Published>[] = [];
    for (const result of results) {
      if ('kind' in result) {
        answers.push(Promise.resolve(result));
        continue;
      }
      const answer = this.#publish(result, frames.get(result.row.record_id), make);
      // A failure is thrown below, not as nobody's rejection meanwhile.
      answer.catch(() => undefined);
      answers.push(answer);
      if (answers.length % BURST_ROWS === 0) await setImmediate();
    }
    return await Promise.all(answers);
  }

  async #publish(
    { row, route }: Ready,
    frame: Uint8Array | undefined,
    make: ReturnType<typeof createMessages>,
  ): Promise<Published> {
    const { connection, gate, now } = this.#deps;
    if (frame === undefined) throw new TypeError(`record ${row.record_id} was not signed`);
    if (route === undefined) {
      const message = `the directory has no agency ${row.recipient}`;
      const details = { to: row.recipient };
      const error = new BusError('BUS_SUBJECT_INVALID', message, { details });
      return { kind: 'failed', row, error };
    }
    const { natsSubject, destination, further } = route;
    const { data, isReference } = make(row, frame);
    const traceId = typeof row.trace_id === 'string' ? row.trace_id : null;
    // A reference goes to hundreds: its trace stands in the message that it names.
    const isTraced = traceId !== null && !isReference;
    const { purpose, recipient, lane } = row;
    const span = startSpan('publish', traceId, {
      purpose,
      to: recipient,
      lane,
      bytes: data.length,
    });
    try {
      const ack = await gate.pass(row.lane, data.length, () =>
        connection.publish(natsSubject, data, {
          messageId: duplicateKey(row, frame, further),
          timeoutMs: AGENT_LIMITS.publishTimeoutMs,
          ...(isTraced ? { traceparent: traceparentOf(traceId, span) } : {}),
        }),
      );
      span.end();
      this.#breaker.succeeded(destination);
      return { kind: 'stored', row, further, streamSeq: ack.streamSeq };
    } catch (error) {
      endWithError(span, error);
      if (!(error instanceof BusError)) throw error;
      // Without a connection nothing is known about the destination.
      if (connection.status() === 'connected') {
        this.#breaker.failed(destination, now().getTime());
      } else this.#breaker.release(destination);
      return { kind: 'failed', row, error };
    }
  }

  #keepResult(result: Published): void {
    const { outbox, now } = this.#deps;
    const { row } = result;
    const nowMs = now().getTime();
    switch (result.kind) {
      case 'paused':
        // Spread over the pause's end, so that the probe and not a crowd comes first.
        outbox.postpone(row.message_id, result.untilMs + Math.round(Math.random() * 500));
        return;
      case 'unchecked':
        // Not due again before the upload worker has put what is missing.
        this.#deps.uploads.reopen(result.packageId, nowMs, nowMs - TRANSFER_LIMITS.recheckAfterMs);
        return;
      case 'dead':
        outbox.settle(row.message_id, result.outcome, nowMs);
        reportWithdrawn(this.#deps, row.message_id, causeOf(result.outcome), nowMs);
        return;
      case 'failed': {
        const { error } = result;
        const nextTryMs = nowMs + retryDelayMs(row.attempt_count, Math.random());
        const text = `${error.code}: ${error.message}`.slice(0, 300);
        outbox.recordFailure(row.message_id, nextTryMs, text, isForGood(error));
        return;
      }
      case 'stored': {
        const next = afterPubAck(row, result.further, nowMs);
        const nextTryMs = next.act === 'wait' ? next.nextTryMs : nowMs;
        outbox.recordAttempt(row.message_id, result.streamSeq, nextTryMs);
        if (next.act === 'settle') outbox.settle(row.message_id, next.outcome, nowMs);
      }
    }
  }

  #report(published: readonly Published[]): void {
    const { conditions, log } = this.#deps;
    const failed = published.flatMap((result) => (result.kind === 'failed' ? [result] : []));
    const first = failed[0];
    const full = failed.find(({ error }) => isStreamFull(error));
    if (full !== undefined) conditions.set('STREAM_FULL', { error: full.error.message });
    // One store may be full and another not: gone only when nothing fails and something passed.
    else if (published.some(({ kind }) => kind === 'stored') && this.paused().length === 0) {
      conditions.clear('STREAM_FULL');
    }
    if (first !== undefined) {
      const { code, message } = first.error;
      const { purpose, recipient } = first.row;
      log.warn(
        { count: failed.length, code, purpose, to: recipient },
        `not published, kept for a later try: ${message}`,
      );
    }
    for (const result of published) {
      if (result.kind !== 'dead') continue;
      const { row, outcome } = result;
      const fields = { messageId: row.message_id, to: row.recipient, outcome };
      log.error(traced(fields, row), 'not delivered; it waits for a person');
    }
  }
}

/** As many of the rows, in order, as are in memory together; at least one. */
function withinBytes(rows: readonly DueRow[], maxBytes: number): readonly DueRow[] {
  let bytes = 0;
  const end = rows.findIndex(({ inside_bytes }, index) => {
    bytes += inside_bytes;
    return index > 0 && bytes > maxBytes;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

function causeOf(outcome: DeadOutcome): 'unanswered' | 'refused' | 'recipient-gone' {
  return outcome === 'undelivered' ? 'unanswered' : outcome;
}

function traced<T extends object>(fields: T, row: DueRow): T & { traceId?: string } {
  return typeof row.trace_id !== 'string' ? fields : { ...fields, traceId: row.trace_id };
}

/** 132 bits: nobody guesses it, and no two agree by chance. A reference weighs little more than it. */
const MESSAGE_ID_CHARACTERS = 22;

/**
 * `Nats-Msg-Id`: the same until the broker has acknowledged, and known to nobody before it leaves,
 * since the signature goes into it. Any agency may publish with any id, so one that another recipient
 * of the same document can compute could be occupied, and the broker would drop this message as a repeat.
 *
 * What is repeated after an acknowledgement, and passes more streams than the one that gave it, is
 * told apart by it: a stream behind may lack the first, and the one that has it would drop a second
 * of the same id.
 */
function duplicateKey(row: DueRow, frame: Uint8Array, further: boolean): string {
  const key = createHash('sha256').update(row.message_id).update(frame);
  if (further && row.stream_seq !== null) key.update(String(row.stream_seq));
  return key.digest('base64url').slice(0, MESSAGE_ID_CHARACTERS);
}

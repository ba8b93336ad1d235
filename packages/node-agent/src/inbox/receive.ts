import { setImmediate } from 'node:timers/promises';

import {
  type AgencyConnection,
  type BusMessage,
  type DirectoryReader,
  type Lane,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { storageTroubleOf } from '../storage/trouble.ts';
import { park } from './hold.ts';
import { type DirectoryRound, MessageJudge } from './judge.ts';
import { type Taken, defer, storeTaken } from './take.ts';

const BATCH_MESSAGES = 64;
/** The normal lane keeps the event loop no longer than this, then the urgent lane has its turn. */
const MAX_TURN_MS = 8;
const LOG_EVERY_MS = 60_000;
/** Takes one lane of the agency's inbox: check, store, acknowledge, in this order. */
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
      await this.#take(lane, batch);
      this.#busy = false;
    }
  }

  async #take(lane: Lane, batch: readonly BusMessage[]): Promise<void> {
    const core = this.#core;
    await this.#refreshTrust();
    const round = this.#judge.newRound();
    const judged: [BusMessage, Taken][] = [];
    let turnMs = performance.now();
    for (const message of batch) {
      judged.push([message, await this.#judgeOne(message, round)]);
      if (lane === 'urgent' || performance.now() - turnMs < MAX_TURN_MS) continue;
      // A full batch takes 150 ms and more: an urgent message that comes now is judged now.
      await setImmediate();
      turnMs = performance.now();
    }
    core.step('inbox.checked');
    // A job each, in one transaction: a message that cannot be stored takes no other with it.
    const stored = await Promise.allSettled(
      judged.map(([message, outcome]) =>
        core.commit.commit(() => this.#store(message, outcome), { soon: lane === 'urgent' }),
      ),
    );
    const failure = stored.find(
      (result) => result.status === 'rejected' && storageTroubleOf(result.reason) !== undefined,
    );
    if (failure?.status === 'rejected') {
      // Some may be stored: those come again and are suppressed.
      for (const message of batch) message.retry(core.holdLimits.leftMs);
      throw failure.reason;
    }
    core.step('inbox.committed');
    judged.forEach(([message, outcome], index) => {
      const result = stored[index];
      if (result?.status === 'rejected') {
        this.#logSometimes('not stored', `a message could not be stored: ${String(result.reason)}`);
      }
      const isKept = result?.status === 'fulfilled' && result.value;
      if (isKept) message.ack();
      else message.retry(core.holdLimits.leftMs);
      if (outcome.kind === 'held') this.#tellHeld(outcome.reason, isKept);
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
    const judged = await this.#judge.judge(message, round, message.deliveryCount - 1);
    return defer(this.#core, message, judged);
  }

  /** @returns whether the broker may forget the message. */
  #store(message: BusMessage, outcome: Taken): boolean {
    if (outcome.kind === 'held') return park(this.#core, message, outcome);
    storeTaken(this.#core, message, outcome);
    return true;
  }

  #tellHeld(reason: string, isKept: boolean): void {
    const where = isKept ? 'kept' : 'left with the broker';
    this.#logSometimes(`held, ${where}`, `${where}, judged again soon: ${reason}`);
  }

  /** What may be said for every message of a long row is said once a minute. */
  #logSometimes(about: string, text: string): void {
    const nowMs = performance.now();
    if (nowMs - (this.#loggedMs.get(about) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return;
    this.#loggedMs.set(about, nowMs);
    this.#core.log.warn({ about }, text);
  }
}

import { createHash } from 'node:crypto';

import {
  type AgencyCode,
  type AgencyConnection,
  type DirectoryReader,
  FINDINGS,
  parseMessageSubject,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import type { HeldLack } from '../documents.ts';
import {
  type CheckedMessage,
  type Claim,
  type MessageCheckContext,
  type OpenedDelivery,
  type ReceivedMessage,
  type ShownDelivery,
  checkMessage,
} from './check-message.ts';
import { openDelivery } from './open-delivery.ts';

/** A check that fails by itself is tried so often before the message is put aside for a person. */
const MAX_FAILED_CHECKS = 3;

/** Not to be judged yet: it is judged anew when what lacks may be here. */
export interface Held {
  readonly kind: 'held';
  /** Left out: nothing lacks, the check failed by itself. */
  readonly lacks?: HeldLack;
  readonly reason: string;
  /** What the message claims, where that could be read. */
  readonly claim?: Claim;
}

/** Whatever waits for the answer waits so long; later it is held and asked about again. */
const ASK_PATIENCE_MS = 2_000;
/** A site service that was silent is not asked about senders again for so long. */
const SILENCE_MS = 10_000;

/** What is known of a message once everything that came with it was looked at. */
export type Judged = CheckedMessage | OpenedDelivery | Held;
export type Quarantined = Extract<CheckedMessage, { kind: 'quarantine' }>;

/** What one round has asked the site service; a silent one is not asked again for each message. */
export interface DirectoryRound {
  readonly asked: Set<AgencyCode>;
  silent: boolean;
}

/**
 * Judges messages: checks them, asks the directory about senders it does not know, and opens what
 * came sealed inside. Stores nothing but directory entries.
 */
export class MessageJudge {
  readonly #core: AgentCore;
  readonly #connection: AgencyConnection;
  readonly #reader: DirectoryReader;
  #silentUntilMs = 0;

  constructor(core: AgentCore, connection: AgencyConnection, reader: DirectoryReader) {
    this.#core = core;
    this.#connection = connection;
    this.#reader = reader;
  }

  newRound(): DirectoryRound {
    return { asked: new Set(), silent: performance.now() < this.#silentUntilMs };
  }

  /** @param triedBefore - how often its check has failed by itself so far. */
  async judge(
    message: ReceivedMessage,
    round: DirectoryRound,
    triedBefore: number,
  ): Promise<Judged> {
    try {
      const outcome = await this.#check(message, round);
      const isInside = outcome.kind === 'delivery' && outcome.shown.sealed !== undefined;
      return isInside ? await this.open(outcome, outcome.shown.sealed) : outcome;
    } catch (error) {
      return failedCheck(message, error, triedBefore);
    }
  }

  /** Opens and checks the sealed content of a delivery; errors of the agent itself come as they are. */
  async open(
    shown: ShownDelivery,
    sealed: Uint8Array | { readonly path: string },
    signal?: AbortSignal,
  ): Promise<OpenedDelivery | Quarantined | Held> {
    return await openDelivery(this.#core, shown, sealed, this.#contextNow(), signal);
  }

  async #check(message: ReceivedMessage, round: DirectoryRound): Promise<CheckedMessage | Held> {
    const context = this.#contextNow();
    let outcome = checkMessage(message, context);
    const from = senderToLearn(outcome);
    if (from !== undefined) {
      const answer = await this.#learnSender(from, round);
      if (answer === 'silent') return held(outcome, 'directory', 'the directory cannot be asked');
      if (answer === 'news') outcome = checkMessage(message, context);
    }
    if (outcome.kind === 'quarantine' && FINDINGS[outcome.finding].severity === 'hold') {
      return held(outcome, 'revocation', outcome.detail);
    }
    return outcome;
  }

  #contextNow(): MessageCheckContext {
    const { config, directory, verify, inbox, register, trust, now } = this.#core;
    return {
      self: config.code,
      config,
      trust: trust.store,
      now: now(),
      unsigned: config.policy.unsigned,
      lookup: directory.find,
      earlier: directory.earlier,
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
    const before = directory.find(from);
    try {
      const record = await this.#ask(from);
      round.asked.add(from);
      if (record === undefined) return 'nothing new';
      const taken = await commit.commit(() => directory.import([record], now()));
      // Its registrar built on entries of the root that are not here yet.
      if (taken.needsRoot > 0) await this.#reader.readOn();
    } catch (error) {
      round.silent = true;
      this.#silentUntilMs = performance.now() + SILENCE_MS;
      log.warn({ from, error: String(error) }, 'the directory could not be asked about a sender');
      return 'silent';
    }
    const after = directory.find(from);
    const isSame = after?.sequence === before?.sequence && after?.registrar === before?.registrar;
    return isSame ? 'nothing new' : 'news';
  }

  #ask(from: AgencyCode): Promise<Uint8Array | undefined> {
    return soonerThan(ASK_PATIENCE_MS, this.#connection.getDirectoryEntry(from));
  }
}

function soonerThan<T>(patienceMs: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new Error(`no answer within ${patienceMs} ms`);
    const timer = setTimeout(() => reject(late), patienceMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Content of a kind that nobody foresaw: after some tries it is put aside, the rest goes on. */
function failedCheck(message: ReceivedMessage, error: unknown, triedBefore: number): Judged {
  const detail = `the check itself failed: ${String(error)}`;
  if (triedBefore + 1 < MAX_FAILED_CHECKS) return { kind: 'held', reason: detail };
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

function held(outcome: CheckedMessage, lacks: HeldLack, why: string): Held {
  if (outcome.kind !== 'quarantine') return { kind: 'held', lacks, reason: why };
  const { finding, claim } = outcome;
  return { kind: 'held', lacks, reason: `${finding}, ${why}`, claim };
}

/** Whom to look up: the copy of the directory may be behind what the message shows. */
function senderToLearn(outcome: CheckedMessage): AgencyCode | undefined {
  if (outcome.kind !== 'quarantine') return undefined;
  const { finding, claim } = outcome;
  const mayBeNew = finding === 'SENDER_UNKNOWN' || finding === 'SIGNER_NOT_LISTED';
  return mayBeNew ? (claim.from ?? undefined) : undefined;
}

import { trace } from '@opentelemetry/api';
import { setImmediate } from 'node:timers/promises';

import type { AgencyCode } from '../agency/code.ts';
import type { VerifySignature } from '../record/authenticate.ts';
import type { Finding } from '../record/finding.ts';
import type { DirectoryCopy } from './directory-copy.ts';
import { DIRECTORY_FINDINGS, type JudgedReport, failedCheck, judgeReport } from './judge-report.ts';
import { type RelayLog, describeError } from './log.ts';
import type { EvidenceKeeper } from './evidence/keeper.ts';
import type { Intake } from './intake.ts';
import type { OnStep } from './step.ts';
import { type Db, isStorageFailure } from './storage/database.ts';
import type { Admission } from './storage/report-store.ts';
import type { HeldMessage, RejectedStore, StoredMessage } from './storage/rejected-store.ts';

/** A message of a report stream; `ack` tells the broker that it is safely kept. */
export interface ReportMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly storedAt: Date;
  ack(): void;
}

export interface IngestOptions {
  readonly db: Db;
  readonly intake: Intake;
  readonly rejected: RejectedStore;
  readonly evidence: EvidenceKeeper;
  readonly directory: DirectoryCopy;
  readonly verify: VerifySignature;
  readonly now: () => Date;
  readonly log: RelayLog;
  readonly onStep: OnStep;
  /** An agency sent a report again that is here already. */
  readonly onRepeated: (agency: string, number: number) => void;
}

/** `duplicate`: here already; `fork`: another of its number came first; `rejected`: kept apart. */
export type ReportOutcome = Admission | 'rejected';

/** Verification is synchronous; so many records may keep the event loop from its other work. */
const RECORDS_PER_TURN = 64;

/** The next held messages of a list that stand behind one. */
type NextHeld<T> = (list: T, after: number) => readonly HeldMessage[];

/**
 * Takes reports in: verify, one transaction, then acknowledge.
 *
 * Killed before the commit, the broker delivers the batch again; killed after it, what comes again
 * is a duplicate that changes nothing.
 */
export class Ingest {
  readonly #outcomes = { new: 0, duplicate: 0, fork: 0, rejected: 0 };
  readonly #options: IngestOptions;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  /** What became of reports since the start. */
  get outcomes(): Readonly<Record<ReportOutcome, number>> {
    return this.#outcomes;
  }

  /** @returns the agencies whose chain was touched. */
  async takeBatch(site: string, messages: readonly ReportMessage[]): Promise<Set<string>> {
    this.#options.onStep('batch.received');
    const span = trace
      .getTracer('@congvan/bus')
      .startSpan('congvan.ingest', { attributes: { site, messages: messages.length } });
    try {
      return await this.#takeTraced(site, messages);
    } finally {
      span.end();
    }
  }

  async #takeTraced(site: string, messages: readonly ReportMessage[]): Promise<Set<string>> {
    const { intake, onStep } = this.#options;
    const stored = messages.map(({ subject, data, storedAt }) => ({
      subject,
      data,
      storedAt,
      site,
    }));
    const judged = await this.#judgeAll(stored);
    onStep('batch.verified');
    const agencies = new Set<string>();
    intake.inTransaction(() => {
      stored.forEach((message, index) => this.#keepAlone(message, judged[index], agencies));
    });
    onStep('batch.committed');
    for (const message of messages) message.ack();
    onStep('batch.acked');
    return agencies;
  }

  /**
   * Judges messages of some senders again that were rejected for something that may have changed
   * since: many, so in bounded transactions, and what comes in meanwhile is taken in between two of
   * them.
   *
   * @param isOver - asked before each transaction: true leaves the rest for another time.
   * @returns the agencies of which a message was accepted now.
   */
  async recheck(
    codes: Iterable<string>,
    findings: readonly Finding[],
    isOver: () => boolean,
  ): Promise<Set<string>> {
    const { rejected } = this.#options;
    const next: NextHeld<string> = (code, after) =>
      rejected.held(code, findings, after, RECORDS_PER_TURN);
    return await this.#recheckInTurns(codes, next, isOver);
  }

  /** As {@link recheck}, whoever sent them. */
  async recheckAll(findings: readonly Finding[], isOver: () => boolean): Promise<Set<string>> {
    const next: NextHeld<Finding> = (finding, after) =>
      this.#options.rejected.heldFor(finding, after, RECORDS_PER_TURN);
    return await this.#recheckInTurns(findings, next, isOver);
  }

  async #recheckInTurns<T>(
    lists: Iterable<T>,
    next: NextHeld<T>,
    isOver: () => boolean,
  ): Promise<Set<string>> {
    const { intake, log } = this.#options;
    const agencies = new Set<string>();
    for (const list of lists) {
      for (let last = 0; !isOver();) {
        const held = next(list, last);
        const newest = held.at(-1);
        if (newest === undefined) break;
        intake.inTransaction(() => {
          for (const message of held) this.#recheckOne(message, agencies);
        });
        last = newest.id;
        await setImmediate();
      }
    }
    if (agencies.size > 0) log('info', 'rejected reports accepted', { agencies: agencies.size });
    return agencies;
  }

  #recheckOne(message: HeldMessage, agencies: Set<string>): void {
    const judged = this.#judge(message);
    if (!judged.accepted) return;
    this.#keep(message, judged, agencies);
    this.#options.rejected.remove(message.id);
  }

  async #judgeAll(messages: readonly StoredMessage[]): Promise<JudgedReport[]> {
    const judged: JudgedReport[] = [];
    for (const [index, message] of messages.entries()) {
      judged.push(this.#judge(message));
      if ((index + 1) % RECORDS_PER_TURN === 0) await setImmediate();
    }
    const isStale = (one: JudgedReport) =>
      !one.accepted && one.claimedFrom !== null && DIRECTORY_FINDINGS.includes(one.finding);
    if (!judged.some(isStale)) return judged;
    const changed = await this.#refreshDirectory();
    if (changed.size === 0) return judged;
    return judged.map((one, index) => {
      const message = messages[index];
      return message !== undefined && isStale(one) ? this.#judge(message) : one;
    });
  }

  async #refreshDirectory(): Promise<ReadonlySet<AgencyCode>> {
    try {
      return await this.#options.directory.refresh();
    } catch (error) {
      // What stays rejected is judged again once the directory answers.
      this.#options.log('warn', 'directory not refreshed', describeError(error));
      return new Set();
    }
  }

  #judge(message: StoredMessage): JudgedReport {
    const { directory, verify } = this.#options;
    try {
      const { lookup, earlier } = directory;
      return judgeReport(message, { lookup, earlier, verify });
    } catch (error) {
      return failedCheck(message, error);
    }
  }

  /** What cannot be kept is put aside, or the broker would bring it back with its batch for ever. */
  #keepAlone(
    message: StoredMessage,
    judged: JudgedReport | undefined,
    agencies: Set<string>,
  ): void {
    const { db } = this.#options;
    try {
      db.transaction(() => this.#keep(message, judged, agencies))(); // nested: a savepoint
    } catch (error) {
      this.#options.intake.undo();
      if (isStorageFailure(error) || !db.inTransaction) throw error;
      this.#keep(message, failedCheck(message, error), agencies);
    }
  }

  #keep(message: StoredMessage, judged: JudgedReport | undefined, agencies: Set<string>): void {
    if (judged === undefined) return;
    const { intake, rejected, now, log } = this.#options;
    const nowMs = now().getTime();
    if (!judged.accepted) {
      this.#outcomes.rejected += 1;
      rejected.add(message, judged, nowMs);
      const { finding, detail } = judged;
      log('warn', 'report rejected', { subject: message.subject, finding, detail });
      return;
    }
    const { report } = judged;
    const admission = intake.take(judged);
    this.#outcomes[admission] += 1;
    agencies.add(report.agency);
    if (admission !== 'fork') this.#options.evidence.keep(judged, nowMs);
    // The same stored message comes again after a kill; a later one was sent again on purpose.
    if (admission === 'duplicate' && intake.reports.storedMs(report) !== report.storedMs) {
      this.#options.onRepeated(report.agency, report.number);
    }
    if (admission === 'fork') {
      log('warn', 'report chain forked', { agency: report.agency, number: report.number });
    }
  }
}

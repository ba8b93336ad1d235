import {
  type AgencyConnection,
  type DirectoryReader,
  BusError,
  decodeReference,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import type { TransferWait } from '../documents.ts';
import type { OpenedDelivery, ShownDelivery } from '../inbox/check-message.ts';
import { type Held, type Judged, MessageJudge, type Quarantined } from '../inbox/judge.ts';
import { type Final, storeOutcome } from '../inbox/store-outcome.ts';
import { Signal } from '../signal.ts';
import type { DownloadListRow, DownloadRow } from '../storage/download-store.ts';
import { storageTroubleOf } from '../storage/trouble.ts';
import { MAX_PENDING_EVER } from '../inbox/take.ts';
import { fetchContent, fetchMessage } from './fetch.ts';
import { SenderTurns } from './sender-turns.ts';
import { transferRetryMs } from './limits.ts';

const MAX_IDLE_MS = 60_000;

type Client = Pick<
  AgencyConnection,
  'locateFile' | 'getChunk' | 'getDirectoryEntry' | 'status' | 'onStatus'
>;
/** One slot takes whatever is next; the other keeps small and urgent contents from waiting for it. */
type Slot = 'any' | 'small';
/** What cannot go on now, and why. */
type Waiting = Held & { readonly waitsFor?: TransferWait };

/**
 * Fetches what deliveries name, in the background: the broker was told that they are taken. Receipt 01
 * is given in the transaction that stores the document, when its content is on disk and checked.
 */
export class DownloadWorker {
  readonly #core: AgentCore;
  readonly #connection: Client;
  readonly #judge: MessageJudge;
  readonly #signals: Record<Slot, Signal> = { any: new Signal(), small: new Signal() };
  readonly #active = new Set<number>();
  readonly #turns: SenderTurns;

  constructor(core: AgentCore, connection: AgencyConnection, reader: DirectoryReader) {
    this.#core = core;
    this.#connection = connection;
    this.#judge = new MessageJudge(core, connection, reader);
    this.#turns = new SenderTurns(core.transferLimits.urgentAheadMs);
    connection.onStatus((status) => {
      if (status !== 'connected') return;
      // What waited for the line need not wait for its back-off too.
      core.commit
        .commit(() => core.downloads.wakeAll(core.now().getTime()))
        .then(() => this.notify())
        .catch((error: unknown) => core.log.warn({ error: String(error) }, 'downloads sleep on'));
    });
  }

  /** New deliveries may wait to be fetched. */
  notify(): void {
    this.#signals.any.notify();
    this.#signals.small.notify();
  }

  /** Works until `signal` fires; rejects when storing fails, and can be called again. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const slots = (['any', 'small'] as const).map((slot) =>
      this.#runSlot(slot, both).catch((error: unknown) => {
        stop.abort();
        throw error;
      }),
    );
    const ended = await Promise.allSettled(slots);
    const failed = ended.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #runSlot(slot: Slot, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const row = this.#connection.status() === 'connected' ? this.#pick(slot) : undefined;
      if (row === undefined) {
        await this.#signals[slot].wait(this.#idleMs(), signal);
        continue;
      }
      this.#active.add(row.id);
      this.#turns.begin(row.sender);
      try {
        await this.#handle(row, slot, signal);
      } finally {
        this.#active.delete(row.id);
        this.#turns.end(row.sender);
      }
    }
  }

  #pick(slot: Slot): DownloadRow | undefined {
    const found = this.#turns.next(this.#candidates(slot));
    return found && this.#core.downloads.find(found.id);
  }

  #candidates(slot: Slot): DownloadListRow[] {
    const { downloads, now } = this.#core;
    const fits = (row: DownloadListRow): boolean =>
      slot === 'any' ||
      row.lane === 'urgent' ||
      row.total_bytes <= this.#core.transferLimits.smallContentBytes;
    const due = downloads.due(now().getTime(), MAX_PENDING_EVER);
    return due.filter((row) => !this.#active.has(row.id) && fits(row));
  }

  /** Ends a turn that is over while others wait: who sends slowly, or nothing, keeps no slot. */
  #beginTurn(row: DownloadRow, slot: Slot): Disposable & { readonly signal: AbortSignal } {
    const over = new AbortController();
    const timer = setInterval(() => {
      if (this.#candidates(slot).some(({ sender }) => sender !== row.sender)) over.abort();
    }, this.#core.transferLimits.turnMs);
    return { signal: over.signal, [Symbol.dispose]: () => clearInterval(timer) };
  }

  #idleMs(): number {
    if (this.#connection.status() !== 'connected') return MAX_IDLE_MS;
    const dueInMs = (this.#core.downloads.nextDueMs() ?? Infinity) - this.#core.now().getTime();
    // What is due and not picked is in the other slot's hands.
    return Math.max(500, Math.min(dueInMs, MAX_IDLE_MS));
  }

  async #handle(row: DownloadRow, slot: Slot, signal: AbortSignal): Promise<void> {
    try {
      using turn = this.#beginTurn(row, slot);
      const fetching = AbortSignal.any([signal, turn.signal]);
      const outcome = await this.#work(row, signal, fetching);
      if (outcome === undefined) return;
      if (outcome.kind === 'held') {
        await this.#postpone(row, outcome.reason, outcome.waitsFor ?? 'judgement');
      } else await this.#settle(row, outcome);
    } catch (error) {
      if (signal.aborted) return;
      if (storageTroubleOf(error) !== undefined) throw error;
      await this.#failed(row, error);
    }
  }

  /**
   * @param fetching - fires when the agent stops, or when it is somebody else's turn.
   * @returns `undefined` when the row is to be picked anew.
   */
  async #work(
    row: DownloadRow,
    signal: AbortSignal,
    fetching: AbortSignal,
  ): Promise<Final | Waiting | undefined> {
    const core = this.#core;
    const reference = decodeReference(row.data);
    const data = row.message ?? (reference === undefined ? row.data : undefined);
    const message =
      data ?? (reference && (await fetchMessage(core, this.#connection, row, reference, fetching)));
    if (message === undefined) return undefined;
    const outcome = await this.#judge.judge(
      { subject: row.nats_subject, data: message, storedAt: new Date(row.stored_ms) },
      this.#judge.newRound(),
      row.attempt_count,
    );
    if (outcome.kind !== 'delivery') return withoutReference(outcome);
    if (row.message === null && reference !== undefined) {
      const { delivery, id: deliveryId } = outcome;
      const { documentId } = delivery;
      const totalBytes = delivery.sealed.bytes;
      await core.commit.commit(() =>
        core.downloads.setMessage(row.id, { message, deliveryId, documentId, totalBytes }),
      );
    }
    return await this.#fetchAndOpen(row, outcome, signal, fetching);
  }

  async #fetchAndOpen(
    row: DownloadRow,
    shown: ShownDelivery,
    signal: AbortSignal,
    fetching: AbortSignal,
  ): Promise<OpenedDelivery | Quarantined | Waiting | undefined> {
    const content = await fetchContent(this.#core, this.#connection, row, shown, fetching);
    if (content === undefined) return undefined;
    if ('lacks' in content) return { kind: 'held', reason: content.lacks, waitsFor: 'disk' };
    const opened = await this.#judge.open(shown, content.source, signal);
    if (opened.kind === 'document') this.#core.step('download.checked');
    return opened;
  }

  async #settle(row: DownloadRow, outcome: Final): Promise<void> {
    const { commit, downloads, files, now } = this.#core;
    const data = row.message ?? row.data;
    const referenced = decodeReference(row.data)?.sha256 ?? null;
    // A repeat of the reference is known by the reference, not by what it stands for.
    const named =
      outcome.kind === 'quarantine' ? { ...outcome, messageSha256: row.message_sha256 } : outcome;
    await commit.commit(() => {
      const message = { subject: row.nats_subject, data };
      storeOutcome(this.#core, message, named, now().getTime(), referenced);
      downloads.remove(row.id);
    });
    this.#core.step('download.committed');
    await files.removeParts(row.id);
    this.#core.changed();
  }

  async #failed(row: DownloadRow, error: unknown): Promise<void> {
    const code = error instanceof BusError ? error.code : undefined;
    const text = error instanceof Error ? error.message : String(error);
    if (code === 'BUS_BLOB_INVALID') {
      await this.#core.files.removeParts(row.id);
      await this.#core.commit.commit(() => this.#core.downloads.countRestart(row.id));
      if (row.restart_count + 1 >= this.#core.transferLimits.maxWrongContents) {
        await this.#settle(row, await this.#quarantine(row, 'CONTENT_CORRUPT', text));
        return;
      }
    }
    const isForeseen = code !== undefined;
    if (!isForeseen && row.attempt_count + 1 >= this.#core.transferLimits.maxFailedTries) {
      await this.#settle(row, await this.#quarantine(row, 'CHECK_FAILED', text));
      return;
    }
    const waitsFor = code === 'BUS_BLOB_INCOMPLETE' ? 'sender' : 'broker';
    await this.#postpone(row, text, isForeseen ? waitsFor : 'retry');
  }

  async #postpone(row: DownloadRow, why: string, waitsFor: TransferWait): Promise<void> {
    const { commit, downloads, log, now, transferLimits } = this.#core;
    // The row may have moved on since it was read.
    const current = downloads.find(row.id);
    if (current === undefined) return;
    const nowMs = now().getTime();
    const isOver = nowMs - row.stored_ms >= this.#core.transferLimits.retentionMs;
    // The site answered, and had nothing new of it.
    const empty = waitsFor === 'sender';
    if (isOver || (empty && current.attempt_count + 1 >= this.#core.transferLimits.maxEmptyTries)) {
      const detail = `not to be had in ${current.attempt_count + 1} tries since ${new Date(row.stored_ms).toISOString()}: ${why}`;
      await this.#settle(current, await this.#quarantine(current, 'CONTENT_MISSING', detail));
      return;
    }
    const waitMs = transferRetryMs(transferLimits, current.attempt_count, Math.random());
    await commit.commit(() => downloads.retryAt(row.id, nowMs + waitMs, waitsFor));
    log.warn({ from: row.sender, documentId: row.document_id, waitMs }, `fetched later: ${why}`);
  }

  /** The refusal needs what the record says; without the message there is nobody to refuse to. */
  async #quarantine(
    row: DownloadRow,
    finding: Quarantined['finding'],
    detail: string,
  ): Promise<Quarantined> {
    const data = this.#core.downloads.find(row.id)?.message ?? row.data;
    const subject = { subject: row.nats_subject, data, storedAt: new Date(row.stored_ms) };
    const judged = await this.#judge.judge(subject, this.#judge.newRound(), 0);
    const claim = 'claim' in judged ? judged.claim : undefined;
    const natsSubject = 'natsSubject' in judged ? judged.natsSubject : null;
    const nobody = { from: null, documentId: null, delivery: null };
    const { message_sha256: messageSha256 } = row;
    return {
      kind: 'quarantine',
      finding,
      detail,
      claim: claim ?? nobody,
      messageSha256,
      natsSubject,
    };
  }
}

/** A message that a reference stands for cannot be a reference again. */
function withoutReference(outcome: Exclude<Judged, ShownDelivery>): Final | Held {
  if (outcome.kind !== 'reference') return outcome;
  const { natsSubject, claim, messageSha256 } = outcome;
  const detail = 'a reference stands for another reference';
  const finding = 'RECORD_MALFORMED';
  return { kind: 'quarantine', finding, detail, claim, messageSha256, natsSubject };
}

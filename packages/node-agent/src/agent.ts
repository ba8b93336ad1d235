import { randomBytes } from 'node:crypto';

import { type AgencyCode, type DirectoryEntry, yearInVietnam } from '@congvan/bus';
import type { BuiltEvidence } from '@congvan/bus/evidence';
import type { LongWork } from '@congvan/signer';

import { standingConditions } from './condition/at-rest.ts';
import { describeCondition } from './condition/describe.ts';
import { type AgentCore } from './core.ts';
import type {
  AgentStatus,
  HeldRow,
  InboxFilter,
  InboxRow,
  IncomingDocument,
  OutboxRow,
  PaperRequest,
  QuarantineRow,
  RegisterEntry,
  SendRequest,
  SentDocument,
  TrackedDocument,
  Transfer,
} from './documents.ts';
import type { DamagedEntry } from './directory/copy.ts';
import { AgentError } from './errors.ts';
import { type EvidenceRequest, exportEvidence } from './evidence/export.ts';
import type { AgentConfig } from './home/config.ts';
import {
  type AcceptOptions,
  type CompleteOptions,
  type RefuseOptions,
  acceptDocument,
  completeDocument,
  findIncoming,
  markDone,
  refuseDocument,
} from './inbox/answer.ts';
import {
  handOver,
  openIncoming,
  toHeldRow,
  toInboxRow,
  toQuarantineRow,
} from './inbox/hand-over.ts';
import { giveUpMessage, retryMessage } from './outbox/dead-letters.ts';
import { toOutboxRow } from './outbox/describe.ts';
import { registerPaper } from './register/register-paper.ts';
import { toRegisterEntry, voidNumber } from './register/reserve.ts';
import { sendDocument } from './register/send.ts';
import { trackDocument } from './register/track.ts';
import type { BusSide } from './bus-side.ts';
import { requireInboxFilter, requireLimit, requireSendShape } from './request-shape.ts';
import { Signal } from './signal.ts';
import { activeTraceId, endWithError, startSpan } from './trace.ts';
import { listTransfers } from './transfer/list.ts';

const DEFAULT_LIST_LIMIT = 200;

/**
 * The agent of one agency, as a department system embeds it.
 *
 * Made by `openAgent`. All methods may be called at the same time; what they promise is on disk when
 * they resolve. Methods that take the id of a received document also take an unambiguous start of it
 * (at least 6 characters). Every method throws {@link AgentError} `AGENT_CLOSED` after `close`.
 */
export class Agent implements AsyncDisposable {
  readonly #core: AgentCore;
  readonly #bus: BusSide | undefined;
  readonly #listeners: Set<Signal>;
  readonly #release: () => void;
  readonly #stop = new AbortController();
  /** Fires when a part of the agent has failed for good. */
  readonly #failure = new AbortController();
  /** What is being done: `close` waits for it. */
  readonly #calls = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @internal Use `openAgent`. */
  constructor(
    core: AgentCore,
    bus: BusSide | undefined,
    listeners: Set<Signal>,
    release: () => void,
  ) {
    this.#core = core;
    this.#bus = bus;
    this.#listeners = listeners;
    this.#release = release;
    this.#bus?.finished.catch((error: unknown) => this.#failure.abort(error));
  }

  get code(): AgencyCode {
    return this.#core.config.code;
  }

  get config(): AgentConfig {
    return this.#core.config;
  }

  /**
   * Registers, signs and keeps a document for its recipients.
   *
   * "Kept", not "delivered": `agentRunning` tells whether anything carries it out now. With an
   * `idempotencyKey` the call can be repeated after a crash without a second number or document.
   *
   * @throws {@link AgentError} `AGENT_REQUEST_INVALID` (with `details.field`), `AGENT_SECRET_DOCUMENT`,
   *   `AGENT_RECIPIENT_UNKNOWN`, `AGENT_RECIPIENT_CLOSED`, `AGENT_PACKAGE_TOO_LARGE`,
   *   `AGENT_KEY_REUSED`, `AGENT_KEY_MISSING`, `AGENT_KEY_NOT_LISTED`; SignerError for a PDF that
   *   must not be signed, or an attachment that changes meanwhile.
   * @param work - tells how many bytes were read of large attachments, three times their size in all,
   *   and gives the call up with the signal's reason; a number taken for it without a key is made void
   *   then. Once the call has resolved nothing takes the document back.
   */
  send(request: SendRequest, work: LongWork = {}): Promise<SentDocument> {
    const stop = this.#stopWith(work.signal);
    return this.#call(() => this.#send(request, { ...work, signal: stop }));
  }

  async #send(request: SendRequest, work: LongWork): Promise<SentDocument> {
    requireSendShape(request);
    const traceId = request.traceId ?? activeTraceId() ?? randomBytes(16).toString('hex');
    const span = startSpan('send', traceId, { from: this.code, recipients: request.to.length });
    try {
      const sent = await sendDocument(this.#core, { ...request, traceId }, work);
      span.setAttribute('documentId', sent.documentId);
      span.end();
      return sent;
    } catch (error) {
      endWithError(span, error);
      throw error;
    }
  }

  /** Enters a document that goes out on paper; it counts in the share's denominator. */
  registerPaper(request: PaperRequest): Promise<RegisterEntry> {
    return this.#call(() => registerPaper(this.#core, request));
  }

  /** Gives up a number that a draft has reserved; the register keeps it with the reason. */
  voidNumber(year: number, number: number, reason: string): Promise<void> {
    return this.#call(() => voidNumber(this.#core, year, number, reason));
  }

  /**
   * Received documents, oldest first, then as they come, until `signal` fires or the agent closes.
   *
   * One call gives each document once; the next call gives again, in this process or the next, what is
   * neither accepted, refused nor marked done: the application may crash at any point. Use one loop per
   * agency.
   *
   * @throws what `finished` rejects with: after that nothing would come any more.
   */
  incoming(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<IncomingDocument> {
    this.#requireOpen();
    return this.#listen(this.#stopWith(options.signal));
  }

  async *#listen(stop: AbortSignal): AsyncGenerator<IncomingDocument> {
    const wake = new Signal();
    this.#listeners.add(wake);
    try {
      const failure = this.#failure.signal;
      yield* handOver(this.#core, wake, AbortSignal.any([stop, failure]));
      if (!stop.aborted) failure.throwIfAborted();
    } finally {
      this.#listeners.delete(wake);
    }
  }

  /** Receipt 03: enters the document in the incoming register and returns its number there. */
  accept(
    id: string,
    options: AcceptOptions = {},
  ): Promise<{ readonly incomingNumber: { readonly year: number; readonly number: number } }> {
    return this.#call(async () => ({
      incomingNumber: await acceptDocument(this.#core, id, options),
    }));
  }

  /** Receipt 02, with a reason. @throws {@link AgentError} `AGENT_STATE_CONFLICT` once accepted. */
  refuse(id: string, options: RefuseOptions): Promise<void> {
    return this.#call(() => refuseDocument(this.#core, id, options));
  }

  /** Receipt 06. @throws {@link AgentError} `AGENT_STATE_CONFLICT` unless accepted before. */
  complete(id: string, options: CompleteOptions = {}): Promise<void> {
    return this.#call(() => completeDocument(this.#core, id, options));
  }

  /** Ends the hand-over of a document without a receipt: the application answers it later. */
  done(id: string): Promise<void> {
    return this.#call(() => markDone(this.#core, id));
  }

  /** One received document with its files. */
  openIncoming(id: string): IncomingDocument {
    this.#requireOpen();
    return openIncoming(this.#core, id);
  }

  /**
   * The inbox, newest first, {@link InboxFilter.limit} rows at once; the next ones with `after`.
   *
   * @throws {@link AgentError} `AGENT_REQUEST_INVALID`; for `after` as {@link Agent.openIncoming}.
   */
  listInbox(filter: InboxFilter = {}): InboxRow[] {
    this.#requireOpen();
    requireInboxFilter(filter);
    const { state = 'all', limit = DEFAULT_LIST_LIMIT, after } = filter;
    const last = after === undefined ? undefined : findIncoming(this.#core, after).id;
    return this.#core.inbox.list(state, limit, last).map((row) => toInboxRow(this.#core, row));
  }

  /** What failed the check on arrival, newest first. */
  listQuarantine(limit = DEFAULT_LIST_LIMIT): QuarantineRow[] {
    this.#requireOpen();
    requireLimit(limit);
    return this.#core.inbox.listQuarantine(limit).map((row) => toQuarantineRow(row));
  }

  /** What cannot be judged yet, oldest first; it is judged again by itself. */
  listHeld(limit = DEFAULT_LIST_LIMIT): HeldRow[] {
    this.#requireOpen();
    requireLimit(limit);
    return this.#core.held.list(limit).map((row) => toHeldRow(this.#core, row));
  }

  /** What waits to leave or for its answer; with `settled` also what is finished. */
  listOutbox(filter: { readonly settled?: boolean; readonly limit?: number } = {}): OutboxRow[] {
    this.#requireOpen();
    const { settled = false, limit = DEFAULT_LIST_LIMIT } = filter;
    requireLimit(limit);
    return this.#core.outbox.list(settled, limit).map((row) => toOutboxRow(this.#core, row));
  }

  /**
   * Tries a message of the outbox again, at once and for another 30 days.
   *
   * @throws {@link AgentError} `AGENT_DOCUMENT_NOT_FOUND`, `AGENT_ID_AMBIGUOUS`, `AGENT_STATE_CONFLICT`.
   */
  retryMessage(id: string): Promise<void> {
    return this.#call(() => retryMessage(this.#core, id));
  }

  /** Ends a message that cannot be delivered, with the reason. Errors as `retryMessage`. */
  giveUpMessage(id: string, reason: string): Promise<void> {
    return this.#call(() => giveUpMessage(this.#core, id, reason));
  }

  /** What goes up and comes down apart from its message, urgent first. */
  transfers(limit = DEFAULT_LIST_LIMIT): Transfer[] {
    this.#requireOpen();
    requireLimit(limit);
    return listTransfers(this.#core, limit);
  }

  /** The outgoing register of a year (default: this year), void numbers included. */
  listRegister(filter: { readonly year?: number } = {}): RegisterEntry[] {
    this.#requireOpen();
    const year = filter.year ?? yearInVietnam(this.#core.now());
    return this.#core.register.list(year).map((row) => toRegisterEntry(row));
  }

  /** An outgoing document by DocumentId, `7`, `7/2026` or `07/UBND-VP`. */
  track(idOrNumber: string): TrackedDocument {
    this.#requireOpen();
    return trackDocument(this.#core, idOrNumber);
  }

  /**
   * Everything this agency has about a sent or received document in one signed file.
   *
   * @throws {@link AgentError} `AGENT_DOCUMENT_NOT_FOUND`, `AGENT_DOCUMENT_NOT_SENT`,
   *   `AGENT_ID_AMBIGUOUS`, `AGENT_FILE_TOO_LARGE`; BusError `BUS_EVIDENCE_TOO_LARGE`.
   */
  exportEvidence(request: EvidenceRequest): Promise<BuiltEvidence> {
    return this.#call(() => exportEvidence(this.#core, request));
  }

  /**
   * The agency's verified copy of the directory, by code.
   *
   * @param onDamaged - hears of each entry that a disk has damaged; left out, the log does.
   */
  listDirectory(onDamaged?: (damaged: DamagedEntry) => void): DirectoryEntry[] {
    this.#requireOpen();
    const { directory, log } = this.#core;
    return directory.list(onDamaged ?? (({ damage }) => log.error({}, damage)));
  }

  /** The entry that holds for one agency, closed ones too. */
  findAgency(code: AgencyCode): DirectoryEntry | undefined {
    this.#requireOpen();
    return this.#core.directory.find(code);
  }

  /** Reads the trust folder now, not at the next check. */
  reloadTrust(): Promise<void> {
    return this.#call(async () => {
      await this.#core.trust.refresh(this.#core.now().getTime(), true);
    });
  }

  status(): AgentStatus {
    this.#requireOpen();
    const { config, outbox, watermarks, inbox, held, directory, isRunning } = this.#core;
    const running = this.#core.running();
    return {
      code: config.code,
      running: isRunning(),
      broker: this.#bus?.status() ?? running?.broker ?? 'not-used',
      outbox: outbox.counts(),
      inbox: { ...inbox.counts(), held: held.used().count },
      report: { last: outbox.chainHead().number, watermark: watermarks.highest() },
      directoryEntries: directory.count(),
      directory: directory.status(this.#core.now()),
      conditions: standingConditions(this.#core, running).map((one) => describeCondition(one)),
      connectedAt:
        running === undefined || running.connectedMs === 0 ? null : new Date(running.connectedMs),
      rates: running?.rates ?? { urgent: 0, normal: 0 },
    };
  }

  /**
   * Resolves when the agent has closed; rejects when a part of it failed for good, such as a full
   * disk. What is stored stays sound: close it and open it again.
   */
  get finished(): Promise<void> {
    return this.#bus?.finished ?? this.#closing ?? Promise.resolve();
  }

  /**
   * Ends all loops, waits for what is being written and frees the folder. A `send` whose document is
   * not kept yet rejects with `AGENT_CLOSED`.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#stop.abort(this.#closedError());
    await Promise.allSettled(this.#calls);
    try {
      await this.#bus?.stop();
    } finally {
      this.#core.commit.close();
      this.#release();
    }
  }

  /** A call that `close` waits for. */
  async #call<T>(work: () => Promise<T>): Promise<T> {
    this.#requireOpen();
    const call = work();
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  #stopWith(signal: AbortSignal | undefined): AbortSignal {
    const { signal: stop } = this.#stop;
    return signal === undefined ? stop : AbortSignal.any([signal, stop]);
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw this.#closedError();
  }

  #closedError(): AgentError {
    return new AgentError('AGENT_CLOSED', `the agent of ${this.#core.config.code} is closed`);
  }
}

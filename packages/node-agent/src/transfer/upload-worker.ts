import { open } from 'node:fs/promises';

import {
  type AgencyConnection,
  BusError,
  type Lane,
  MAX_TRANSFER_WINDOW,
  encodeMessage,
  uploadFile,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { reportWithdrawn } from '../outbox/withdraw.ts';
import type { LineGate } from '../outbox/line-gate.ts';
import { Signal } from '../signal.ts';
import { storageTroubleOf } from '../storage/trouble.ts';
import type { UploadRow } from '../storage/upload-store.ts';
import { transferRetryMs } from './limits.ts';
import { ProgressKeeper } from './progress-keeper.ts';
import { releaseEnded } from './release.ts';

const MAX_IDLE_MS = 60_000;

/** Bytes of a blob, to be read in any order. */
interface Source extends AsyncDisposable {
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** What was read is not needed any more. */
  readonly release: (bytes: Uint8Array) => void;
}
type Client = Pick<
  AgencyConnection,
  'putChunk' | 'locateFile' | 'dropFile' | 'status' | 'onStatus'
>;

/**
 * Brings blobs to the broker before the messages that name them: of urgent packages first, then the
 * oldest. One package at a time, since two would only share the line; its blobs go together, so that
 * none waits for the questions, answers and commits of another.
 */
export class UploadWorker {
  readonly #core: AgentCore;
  readonly #connection: Client;
  readonly #gate: LineGate;
  readonly #signal = new Signal();
  /** Ends an ordinary upload when an urgent one has come. */
  #current: { readonly lane: Lane; readonly preempt: AbortController } | undefined;
  #releasedMs = Number.NEGATIVE_INFINITY;
  /** Something was committed since the last look for what may be released. */
  #mayRelease = true;

  constructor(core: AgentCore, connection: Client, gate: LineGate) {
    this.#core = core;
    this.#connection = connection;
    this.#gate = gate;
    connection.onStatus((status) => {
      if (status === 'connected') this.#signal.notify();
    });
  }

  /** New packages may be there, or the last receipt of an old one. */
  notify(): void {
    this.#mayRelease = true;
    this.#signal.notify();
    const { lane, preempt } = this.#current ?? {};
    if (lane !== 'normal') return;
    if (this.#core.uploads.next(this.#core.now().getTime())?.lane === 'urgent') preempt?.abort();
  }

  /** Works until `signal` fires; rejects when storing fails, and can be called again. */
  async run(signal: AbortSignal): Promise<void> {
    const { uploads, now } = this.#core;
    while (!signal.aborted) {
      const nowMs = now().getTime();
      const row = this.#connection.status() === 'connected' ? uploads.next(nowMs) : undefined;
      if (row === undefined) await this.#idle(nowMs, signal);
      else await this.#upload(row.lane, uploads.dueOf(row.package_id, nowMs), signal);
      await this.#tidy(signal);
    }
  }

  async #idle(nowMs: number, signal: AbortSignal): Promise<void> {
    const dueInMs = (this.#core.uploads.nextDueMs() ?? Infinity) - nowMs;
    const waitMs = this.#connection.status() === 'connected' ? dueInMs : MAX_IDLE_MS;
    // Without a line nothing is dropped.
    const isDue = this.#connection.status() === 'connected' && this.#mayRelease;
    const untilReleaseMs = isDue
      ? this.#releasedMs + this.#core.transferLimits.releaseEveryMs - performance.now()
      : MAX_IDLE_MS;
    await this.#signal.wait(Math.max(10, Math.min(waitMs, untilReleaseMs, MAX_IDLE_MS)), signal);
  }

  /** Rejects when storing fails, once nothing of the package is under way any more. */
  async #upload(lane: Lane, rows: readonly UploadRow[], signal: AbortSignal): Promise<void> {
    const preempt = new AbortController();
    this.#current = { lane, preempt };
    const ended = AbortSignal.any([signal, preempt.signal]);
    const parts = rows.map(async (row) => {
      try {
        await this.#send(row, ended);
      } catch (error) {
        if (storageTroubleOf(error) === undefined) return await this.#postpone(row, error);
        preempt.abort();
        throw error;
      }
    });
    const results = await Promise.allSettled(parts);
    this.#current = undefined;
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #send(row: UploadRow, signal: AbortSignal): Promise<void> {
    const core = this.#core;
    const { config, uploads } = core;
    const keeper = new ProgressKeeper(
      core,
      (progress) => uploads.setProgress(row, progress),
      'upload.begun.committed',
    );
    await using source = await openSource(core, row);
    const doneChunks = Math.floor(row.done_bytes / row.chunk_bytes);
    const { finished } = await uploadFile({
      connection: {
        locateFile: (file) => this.#connection.locateFile(file),
        putChunk: async (chunk) => {
          const { data } = chunk;
          const put = () => this.#connection.putChunk(chunk);
          const result = await this.#gate.pass('normal', data.length, put);
          source.release(data);
          return result;
        },
      },
      file: {
        sha256: row.sha256,
        bytes: row.bytes,
        chunkBytes: row.chunk_bytes,
        fromSite: config.site,
        from: config.code,
      },
      scope: row.scope,
      read: source.read,
      from: Math.max(0, doneChunks - MAX_TRANSFER_WINDOW),
      window: config.line.window,
      onProgress: keeper.onProgress,
      signal,
    });
    if (!finished) return await keeper.settled();
    // Hundreds of references may wait for it. What went before is kept with it, or does not matter any more.
    const finish = () => uploads.finish(row, core.now().getTime());
    await Promise.all([
      core.commit.commit(finish, { soon: true }),
      keeper.settled().catch(() => undefined),
    ]);
    core.step('upload.committed');
    core.log.info(
      { documentId: row.document_id, part: row.part, bytes: row.bytes },
      'uploaded: the deliveries may leave',
    );
    core.changed();
  }

  async #postpone(row: UploadRow, error: unknown): Promise<void> {
    const { commit, log, now, uploads } = this.#core;
    const waitMs = transferRetryMs(this.#core.transferLimits, row.attempt_count, Math.random());
    const waitsFor = reasonOf(error);
    await commit.commit(() => uploads.retryAt(row, now().getTime() + waitMs, waitsFor));
    log.warn(
      { documentId: row.document_id, part: row.part, waitMs, waitsFor, error: String(error) },
      'an upload waits for its next try',
    );
  }

  /** Gives up what took too long, and releases what nobody waits for any more. */
  async #tidy(signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    if (signal.aborted || nowMs - this.#releasedMs < this.#core.transferLimits.releaseEveryMs)
      return;
    this.#releasedMs = nowMs;
    this.#mayRelease = false;
    const { commit, log, now, uploads } = this.#core;
    const beforeMs = now().getTime() - this.#core.transferLimits.retentionMs;
    const given = await commit.commit(() => {
      // An older copy reports nothing before the relay has answered.
      if (!this.#core.outbox.mayAppend()) return [];
      const ended = uploads.giveUpBefore(beforeMs, now().getTime());
      for (const id of ended) reportWithdrawn(this.#core, id, 'unanswered', now().getTime());
      return ended;
    });
    if (given.length > 0)
      log.error({ count: given.length }, 'not uploaded for 30 days: undelivered');
    const released = await releaseEnded(this.#core, this.#connection);
    if (released >= this.#core.transferLimits.releaseBatch) this.#mayRelease = true;
  }
}

async function openSource(core: AgentCore, row: UploadRow): Promise<Source> {
  const stored = core.register.sealedOf(row.package_id);
  if (stored === undefined || stored.open_part === null) {
    throw new TypeError(`package ${row.package_id} has nothing to upload`);
  }
  if (row.part === 'message') {
    const frame = core.outbox.frameOf(row.package_id);
    if (frame === undefined) throw new TypeError(`package ${row.package_id} has no signed record`);
    const isInline = core.uploads.blobsOf(row.package_id).every(({ part }) => part === 'message');
    const inside = isInline ? (stored.sealed ?? new Uint8Array()) : new Uint8Array();
    return fromMemory(encodeMessage(frame, stored.open_part, inside));
  }
  if (stored.sealed !== null) return fromMemory(stored.sealed);
  return await fromFile(core.files.sealedPath(row.sha256), row.chunk_bytes);
}

/** Buffers are used again: the collector would let some 64 MB of them pile up. */
async function fromFile(path: string, chunkBytes: number): Promise<Source> {
  const handle = await open(path, 'r');
  const free: ArrayBufferLike[] = [];
  return {
    read: async (offset, length) => {
      const buffer = free.pop() ?? Buffer.allocUnsafeSlow(chunkBytes).buffer;
      const { bytesRead } = await handle.read(new Uint8Array(buffer), 0, length, offset);
      return new Uint8Array(buffer, 0, bytesRead);
    },
    release: ({ buffer }) => {
      if (buffer.byteLength === chunkBytes) free.push(buffer);
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

function fromMemory(bytes: Uint8Array): Source {
  return {
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    release: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** A code that commands put into words. */
function reasonOf(error: unknown): string {
  if (!(error instanceof BusError)) return 'file';
  switch (error.code) {
    case 'BUS_QUOTA_EXCEEDED':
      return 'quota';
    case 'BUS_STORE_FULL':
      return 'room';
    case 'BUS_BLOB_INVALID':
      return 'file';
    default:
      return 'broker';
  }
}

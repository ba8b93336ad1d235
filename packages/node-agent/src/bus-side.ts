import {
  type AgencyConnectOptions,
  type AgencyConnection,
  BusError,
  LANES,
  connectAgency,
} from '@congvan/bus';

import { CredentialsFile } from './condition/credentials-file.ts';
import { type StorageGuard, sleep } from './condition/storage-guard.ts';
import type { RunningStatus } from './condition/status-file.ts';
import { ConditionWatch } from './condition/watch.ts';
import type { AgentCore } from './core.ts';
import { createDirectoryReader, followDirectory, readDirectory } from './directory/follow.ts';
import { keepHouse } from './home/housekeeping.ts';
import type { HomeLayout } from './home/layout.ts';
import { keepFresh } from './enrolment/keep-fresh.ts';
import { TlsSettings } from './home/tls.ts';
import { HoldWorker } from './inbox/hold.ts';
import { InboxReceiver } from './inbox/receive.ts';
import { OutboxWorker } from './outbox/worker.ts';
import { DownloadWorker } from './transfer/download-worker.ts';
import { UploadWorker } from './transfer/upload-worker.ts';

const FIRST_CONNECT_RETRY_MS = 1_000;
const MAX_CONNECT_RETRY_MS = 30_000;

/** The part of a running agent that talks to the broker. */
export class BusSide {
  readonly #core: AgentCore;
  readonly #guard: StorageGuard;
  readonly #watch: ConditionWatch;
  readonly #options: AgencyConnectOptions;
  readonly #layout: HomeLayout;
  readonly #tls: TlsSettings | undefined;
  readonly #stop = new AbortController();
  readonly finished: Promise<void>;
  #hasFailed = false;
  #connection: AgencyConnection | undefined;
  #worker: OutboxWorker | undefined;
  #uploads: UploadWorker | undefined;
  #downloads: DownloadWorker | undefined;
  #holds: HoldWorker | undefined;

  private constructor(
    core: AgentCore,
    guard: StorageGuard,
    layout: HomeLayout,
    credentials: CredentialsFile,
    tls: TlsSettings | undefined,
  ) {
    const { code, site, servers } = core.config;
    this.#core = core;
    this.#guard = guard;
    this.#options = {
      servers,
      // Asked at each connection: renewed rights are picked up.
      credentials: () => credentials.current(),
      code,
      site,
      name: 'agent',
      ...(tls === undefined ? {} : { tls: () => tls.current() }),
    };
    this.#layout = layout;
    this.#tls = tls;
    const rates = (): RunningStatus['rates'] => this.#worker?.rates() ?? { urgent: 0, normal: 0 };
    const statusFile = layout.status;
    this.#watch = new ConditionWatch({ core, guard, credentials, tls, statusFile, rates });
    this.finished = this.#run();
    // Whoever awaits `finished` hears of a failure; the log does in any case.
    this.finished.catch((error: unknown) => {
      this.#hasFailed = true;
      core.log.error({ error: String(error) }, 'the agent stops working: a part of it failed');
    });
  }

  /** Starts at once, also while the broker cannot be reached: what is sent meanwhile is kept. */
  static async open(core: AgentCore, guard: StorageGuard, layout: HomeLayout): Promise<BusSide> {
    // A wrong passphrase shows at the start, not with the first receipt.
    await core.keys.open('node');
    const credentials = await CredentialsFile.open(layout.credentials);
    const tls = await TlsSettings.open(core.config, layout, core.keys);
    return new BusSide(core, guard, layout, credentials, tls);
  }

  /** New rows may wait to leave. */
  notify(): void {
    this.#worker?.notify();
    this.#uploads?.notify();
    this.#downloads?.notify();
    this.#holds?.notify();
  }

  /** Whether a part of it has failed for good: then it does nothing any more. */
  hasFailed(): boolean {
    return this.#hasFailed;
  }

  status(): 'connected' | 'disconnected' {
    return this.#connection?.status() ?? 'disconnected';
  }

  /** What the status file holds, as of now. */
  running(): RunningStatus {
    return this.#watch.status();
  }

  /** Destinations that publishing pauses for. */
  paused(): string[] {
    return this.#worker?.paused() ?? [];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.finished;
  }

  async #run(): Promise<void> {
    await allOrStop(this.#stop, [this.#work(), this.#watch.run(this.#stop.signal)]);
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    const connection = await this.#connect(signal);
    if (connection === undefined) return;
    this.#connection = connection;
    this.#watch.connected(connection);
    const core = this.#core;
    const worker = new OutboxWorker({ ...core, connection });
    const directory = createDirectoryReader(core, connection);
    const receiver = new InboxReceiver(core, connection, directory);
    this.#worker = worker;
    const uploads = new UploadWorker(core, connection, core.gate);
    const downloads = new DownloadWorker(core, connection, directory);
    this.#uploads = uploads;
    this.#downloads = downloads;
    const holds = new HoldWorker(core, connection, directory);
    this.#holds = holds;
    try {
      // What waited for days leaves by the directory of today.
      await readDirectory(core, directory, signal);
      await allOrStop(this.#stop, [
        ...LANES.map((lane) => this.#keep(`outbox ${lane}`, () => worker.run(lane, signal))),
        ...LANES.map((lane) => this.#keep(`inbox ${lane}`, () => receiver.run(lane, signal))),
        this.#keep('housekeeping', () => keepHouse(core, signal)),
        this.#keep('uploads', () => uploads.run(signal)),
        this.#keep('held', () => holds.run(signal)),
        this.#keep('downloads', () => downloads.run(signal)),
        followDirectory(core, connection, directory, signal),
        keepFresh({ core, layout: this.#layout, connection, tls: this.#tls }, signal),
        this.#keep('presence', () => this.#watch.tellPresence(connection, signal)),
      ]);
    } finally {
      await connection.close();
    }
  }

  /** A part that cannot store is tried again: a full disk does not end the agent. */
  #keep(name: string, loop: () => Promise<void>): Promise<void> {
    return this.#guard.keepGoing(name, loop, this.#stop.signal);
  }

  async #connect(signal: AbortSignal): Promise<AgencyConnection | undefined> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        // What was put there since the last try counts at once.
        if (attempt > 0) await this.#tls?.refresh();
        return await connectAgency(this.#options);
      } catch (error) {
        // Nothing but an operator makes a broken credentials file whole.
        const isFinal = !(error instanceof BusError) || error.code === 'BUS_CREDENTIALS_INVALID';
        if (isFinal) throw error;
        this.#core.log.warn(
          { code: error.code, servers: this.#options.servers },
          `no connection to the broker, tried again soon: ${error.message}`,
        );
        const ceiling = Math.min(FIRST_CONNECT_RETRY_MS * 2 ** attempt, MAX_CONNECT_RETRY_MS);
        const waitMs = ceiling * (0.5 + Math.random() / 2);
        this.#watch.connectFailed(error.details, this.#core.now().getTime() + waitMs);
        await sleep(waitMs, signal);
      }
    }
    return undefined;
  }
}

/** When one part fails, the others stop too: half an agent would look alive and do half its work. */
async function allOrStop(stop: AbortController, parts: readonly Promise<void>[]): Promise<void> {
  const stopping = parts.map((part) =>
    part.catch((error: unknown) => {
      stop.abort();
      throw error;
    }),
  );
  const results = await Promise.allSettled(stopping);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

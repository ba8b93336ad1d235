import { readFile } from 'node:fs/promises';

import {
  type AgencyConnectOptions,
  type AgencyConnection,
  BusError,
  LANES,
  connectAgency,
} from '@congvan/bus';
import type { Signer } from '@congvan/signer';

import type { AgentCore } from './core.ts';
import { AgentError } from './errors.ts';
import type { HomeLayout } from './home/layout.ts';
import { InboxReceiver } from './inbox/receive.ts';
import { OutboxWorker } from './outbox/worker.ts';
import { Signal } from './signal.ts';

const CONNECT_RETRY_MS = 2_000;
const DIRECTORY_RETRY_MS = 5_000;
/** Changes are announced; this repairs a missed announcement. */
const DIRECTORY_REFRESH_MS = 60_000;

/** The part of a running agent that talks to the broker. */
export class BusSide {
  readonly #core: AgentCore;
  readonly #options: AgencyConnectOptions;
  readonly #nodeSigner: Signer;
  readonly #stop = new AbortController();
  readonly finished: Promise<void>;
  #connection: AgencyConnection | undefined;
  #worker: OutboxWorker | undefined;

  private constructor(core: AgentCore, options: AgencyConnectOptions, nodeSigner: Signer) {
    this.#core = core;
    this.#options = options;
    this.#nodeSigner = nodeSigner;
    this.finished = this.#run();
    // Whoever awaits `finished` hears of a failure; the log does in any case.
    this.finished.catch((error: unknown) => {
      core.log.error({ error: String(error) }, 'the agent stops working: a part of it failed');
    });
  }

  /** Starts at once, also while the broker cannot be reached: what is sent meanwhile is kept. */
  static async open(core: AgentCore, layout: HomeLayout): Promise<BusSide> {
    const { code, site, servers } = core.config;
    const nodeSigner = await core.keys.open('node');
    const credentials = await readCredentials(layout.credentials);
    return new BusSide(core, { servers, credentials, code, site, name: 'agent' }, nodeSigner);
  }

  /** New rows may wait to leave. */
  notify(): void {
    this.#worker?.notify();
  }

  status(): 'connected' | 'disconnected' {
    return this.#connection?.status() ?? 'disconnected';
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.finished;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const connection = await this.#connect(signal);
    if (connection === undefined) return;
    this.#connection = connection;
    const core = this.#core;
    const worker = new OutboxWorker({ ...core, connection, nodeSigner: this.#nodeSigner });
    const receiver = new InboxReceiver(core, connection);
    this.#worker = worker;
    try {
      // What waited for days leaves by the directory of today.
      await this.#fetchDirectory(connection);
      await allOrStop(this.#stop, [
        worker.run(signal),
        ...LANES.map((lane) => receiver.run(lane, signal)),
        this.#followDirectory(connection, signal),
      ]);
    } finally {
      await connection.close();
    }
  }

  async #connect(signal: AbortSignal): Promise<AgencyConnection | undefined> {
    while (!signal.aborted) {
      try {
        return await connectAgency(this.#options);
      } catch (error) {
        // Nothing but an operator makes a broken credentials file whole.
        const isFinal = !(error instanceof BusError) || error.code === 'BUS_CREDENTIALS_INVALID';
        if (isFinal) throw error;
        this.#core.log.warn(
          { code: error.code, servers: this.#options.servers },
          `no connection to the broker, tried again soon: ${error.message}`,
        );
        await sleep(CONNECT_RETRY_MS, signal);
      }
    }
    return undefined;
  }

  /** Keeps the directory copy up to date; the copy serves on while the bus cannot be asked. */
  async #followDirectory(connection: AgencyConnection, signal: AbortSignal): Promise<void> {
    const news = new Signal();
    const unsubscribe = connection.onDirectoryChanged(() => news.notify());
    const unwatch = connection.onStatus(() => news.notify());
    while (!signal.aborted) {
      const fetched = await this.#fetchDirectory(connection);
      await news.wait(fetched ? DIRECTORY_REFRESH_MS : DIRECTORY_RETRY_MS, signal);
    }
    unsubscribe();
    unwatch();
  }

  async #fetchDirectory(connection: AgencyConnection): Promise<boolean> {
    const { directory, commit, now, log } = this.#core;
    try {
      for await (const page of connection.directoryPages(directory.readUpTo())) {
        await commit.commit(() => directory.import(page, now()));
        log.info({ entries: page.length }, 'directory entries learned');
      }
      return true;
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        log.warn({ error: String(error) }, 'the directory could not be read; the copy serves on');
      }
      return false;
    }
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

async function readCredentials(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new AgentError('AGENT_HOME_INVALID', `the credentials ${file} cannot be read`, {
      cause,
      details: { file },
    });
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
  });
}

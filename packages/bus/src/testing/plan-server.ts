import type { ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { FoundServer } from '../local-server/find.ts';
import { readGreeting } from '../local-server/loopback.ts';
import { readLogTail, sendSignal, spawnServer } from '../local-server/process.ts';
import type { PlanServer } from '../plan/bus-plan.ts';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const GREETING_TIMEOUT_MS = 2_000;
const POLL_MS = 20;

/** One nats-server of a test plan; it keeps its ports and its data through kills and restarts. */
export interface PlanServerHandle {
  readonly name: string;
  /** `nats://127.0.0.1:<port>`. */
  readonly url: string;
  readonly monitorUrl: string;
  readonly folder: string;
  readonly logFile: string;
  /** `undefined` while it does not run. */
  pid(): number | undefined;
  start(): void;
  /** When it greets; fails with the end of its log. */
  ready(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL when it takes too long. */
  stop(): Promise<void>;
  /**
   * Stops it when it runs, starts it and waits until it greets.
   *
   * @param release - another nats-server program, from then on.
   */
  restart(release?: FoundServer): Promise<void>;
  /** SIGSTOP: it is there and does nothing. */
  pause(): void;
  resume(): void;
  /** SIGKILL and no start any more. */
  end(): Promise<void>;
}

export function createServerHandle(
  found: FoundServer,
  server: PlanServer,
  configFile: string,
): PlanServerHandle {
  const folder = dirname(configFile);
  const logFile = join(folder, 'nats-server.log');
  let program = found.path;
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  const killOnExit = () => child?.kill('SIGKILL');

  const start = (): void => {
    if (child !== undefined) return;
    const started = spawnServer(program, ['-c', configFile], join(folder, 'output.log'), false);
    child = started;
    process.once('exit', killOnExit);
    ended = new Promise((resolve) => {
      const finish = () => {
        process.removeListener('exit', killOnExit);
        if (child === started) child = undefined;
        resolve();
      };
      started.once('exit', finish);
      started.once('error', finish);
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child?.pid === undefined) return;
    sendSignal(child.pid, signal);
    if (signal === 'SIGTERM') {
      const timer = setTimeout(killOnExit, STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    }
    await ended;
  };
  const ready = async (): Promise<void> => {
    if (await greets(server, () => child !== undefined)) return;
    const said = [await readLogTail(logFile), await readLogTail(join(folder, 'output.log'))];
    throw new Error(`${server.name} did not start: ${said.join(' ')}`);
  };
  return {
    name: server.name,
    url: `nats://${server.host}:${server.clientPort}`,
    monitorUrl: `http://${server.host}:${server.monitorPort}`,
    folder,
    logFile,
    pid: () => child?.pid,
    start,
    ready,
    kill: async () => await end('SIGKILL'),
    stop: async () => await end('SIGTERM'),
    restart: async (release) => {
      await end('SIGTERM');
      program = release?.path ?? program;
      start();
      await ready();
    },
    pause: () => {
      if (child?.pid !== undefined) sendSignal(child.pid, 'SIGSTOP');
    },
    resume: () => {
      if (child?.pid !== undefined) sendSignal(child.pid, 'SIGCONT');
    },
    end: async () => await end('SIGKILL'),
  };
}

async function greets(server: PlanServer, runs: () => boolean): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (runs() && performance.now() < deadline) {
    const greeting = await readGreeting(server.clientPort, GREETING_TIMEOUT_MS);
    if (greeting?.serverName === server.name) return true;
    await delay(POLL_MS);
  }
  return false;
}

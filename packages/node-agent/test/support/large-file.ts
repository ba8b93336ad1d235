import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  type ShapedLine,
  TEST_STREAM_LIMITS,
  startShapedLine,
  waitUntil,
} from '@congvan/bus/testing';

import { type Town, foundTown, makePdf } from './town.ts';

const CHILD = fileURLToPath(new URL('agent-child.ts', import.meta.url));
/** As `congvan agent run` starts itself: short-lived objects get little room, so that memory stays flat. */
const AGENT_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=200', '--expose-gc'];
const PIECE_BYTES = 1024 * 1024;
const STORE_BYTES = 8 * 1024 * 1024 * 1024;
const MIN_STORE_BYTES = 256 * 1024 * 1024;

export interface LargeFileRun {
  readonly fileBytes: number;
  /** Each direction of each agent's line; without it as fast as the machine. */
  readonly bitsPerSecond?: number;
  /** Shares of the file after which the sender, and then the recipient, is killed with SIGKILL. */
  readonly killSenderAt: readonly number[];
  readonly killRecipientAt: readonly number[];
  readonly timeoutMs: number;
  readonly onProgress?: (what: 'up' | 'down', share: number) => void;
}

export interface LargeFileFigures {
  /** Over the line of the sender towards the broker, all that it sent, divided by the file's size. */
  readonly sentRatio: number;
  /** Over the line of the recipient from the broker. */
  readonly receivedRatio: number;
  /** Largest resident memory of any process of theirs, in MiB. */
  readonly senderRssMib: number;
  readonly recipientRssMib: number;
  readonly seconds: number;
  readonly kills: number;
  readonly sha256Sent: string;
  readonly sha256Received: string;
}

/** Sends one large attachment between two agents in processes of their own, and kills them. */
export async function sendLargeFile(run: LargeFileRun): Promise<LargeFileFigures> {
  // One agency may hold a part of its site's store; the three sites of the town share one disk.
  const limits = {
    ...TEST_STREAM_LIMITS,
    blobBytes: Math.max(Math.ceil(2.2 * run.fileBytes), MIN_STORE_BYTES),
  };
  await using town = await foundTown({ limits, storeBytes: 4 * limits.blobBytes + STORE_BYTES });
  const shape = {
    target: town.bus.url,
    ...(run.bitsPerSecond && { bitsPerSecond: run.bitsPerSecond }),
  };
  await using up = await startShapedLine(shape);
  await using down = await startShapedLine(shape);
  const { sender, recipient } = await addOffices(town, up, down);
  const pdf = join(town.folder, 'van-ban.pdf');
  await writeFile(pdf, await makePdf('Van ban'));
  const attachment = join(town.folder, 'phu-luc.bin');
  const sha256Sent = await writeNoise(attachment, run.fileBytes);
  // What runs from sources is compiled on the fly; an installed agent is not, and needs less memory.
  const environment = { NODE_COMPILE_CACHE: join(town.folder, 'compiled'), MALLOC_ARENA_MAX: '2' };
  for (const office of [sender, recipient]) {
    {
      await using _warm = new Mortal([office.home, 'idle', 'none'], environment);
    }
    await using agent = await office.open();
    await waitUntil(() => agent.status().directoryEntries >= 3, run.timeoutMs);
  }
  const [upBefore, downBefore] = [up.bytesUp(), down.bytesDown()];
  const startedMs = performance.now();
  const toMove = { fileBytes: run.fileBytes, timeoutMs: run.timeoutMs };
  const senderRss = await walk(
    () =>
      new Mortal(
        [sender.home, 'sender', 'none', 'large', recipient.code, pdf, attachment],
        environment,
      ),
    { ...toMove, kills: run.killSenderAt, moved: () => up.bytesUp() - upBefore },
    async (watch) => {
      await using desk = await sender.open({ mode: 'desk' });
      await waitUntil(() => isUp(desk, watch, run), run.timeoutMs);
    },
  );
  const recipientRss = await walk(
    () => new Mortal([recipient.home, 'recipient', 'none'], environment),
    { ...toMove, kills: run.killRecipientAt, moved: () => down.bytesDown() - downBefore },
    async (watch) => {
      await using desk = await recipient.open({ mode: 'desk' });
      await waitUntil(() => {
        const [row] = desk.transfers();
        if (row !== undefined) run.onProgress?.('down', row.doneBytes / row.totalBytes);
        watch();
        return desk.listInbox().length === 1;
      }, run.timeoutMs);
    },
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  await using desk = await recipient.open({ mode: 'desk' });
  const hash = createHash('sha256');
  const document = desk.openIncoming(desk.listInbox()[0]?.id ?? '');
  for await (const piece of document.files[1]?.stream() ?? []) hash.update(piece);
  return {
    sentRatio: (up.bytesUp() - upBefore) / run.fileBytes,
    receivedRatio: (down.bytesDown() - downBefore) / run.fileBytes,
    senderRssMib: senderRss / 1024,
    recipientRssMib: recipientRss / 1024,
    seconds,
    kills: run.killSenderAt.length + run.killRecipientAt.length,
    sha256Sent,
    sha256Received: hash.digest('hex'),
  };
}

type Desk = Awaited<ReturnType<Awaited<ReturnType<typeof addOffices>>['sender']['open']>>;

/** Everything is at the broker: the message waits for its receipt. */
function isUp(desk: Desk, watch: () => void, run: LargeFileRun): boolean {
  const content = desk.transfers().find(({ part }) => part === 'content');
  if (content !== undefined) run.onProgress?.('up', content.doneBytes / content.totalBytes);
  watch();
  const documents = desk.listOutbox().filter(({ purpose }) => purpose === 'document');
  return documents.length === 1 && documents[0]?.state === 'published';
}

async function addOffices(town: Town, up: ShapedLine, down: ShapedLine) {
  const sender = await town.addOffice({
    code: 'H09.12.034',
    tier: 'commune',
    site: 'H09',
    servers: [up.url],
  });
  const recipient = await town.addOffice({
    code: 'H09.20',
    tier: 'district',
    site: 'H09',
    servers: [down.url],
  });
  return { sender, recipient };
}

/** Runs a process, kills it at each share of the file that has moved, and starts it again. */
async function walk(
  start: () => Mortal,
  plan: {
    readonly fileBytes: number;
    readonly timeoutMs: number;
    readonly kills: readonly number[];
    readonly moved: () => number;
  },
  finished: (watch: () => void) => Promise<void>,
): Promise<number> {
  let peakKib = 0;
  for (const share of plan.kills) {
    const mortal = start();
    const watch = (): boolean => {
      peakKib = Math.max(peakKib, mortal.peakKib());
      return plan.moved() >= share * plan.fileBytes;
    };
    await waitUntil(watch, plan.timeoutMs);
    await mortal.kill();
  }
  await using last = start();
  await finished(() => {
    peakKib = Math.max(peakKib, last.peakKib());
  });
  return peakKib;
}

/** An agent in a process of its own. */
class Mortal implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(parameters: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, [...AGENT_FLAGS, CHILD, ...parameters], {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.#exited = once(this.#process, 'exit');
  }

  /** Largest resident memory so far, as the system counts it; 0 when the process is gone. */
  peakKib(): number {
    try {
      const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    } catch {
      return 0;
    }
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin?.end();
    await this.#exited;
  }
}

/** @returns SHA-256 of what was written. */
async function writeNoise(path: string, bytes: number): Promise<string> {
  const handle = await open(path, 'w');
  try {
    for (let left = bytes; left > 0; left -= PIECE_BYTES) {
      await handle.write(randomBytes(Math.min(PIECE_BYTES, left)));
    }
  } finally {
    await handle.close();
  }
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path))
    if (piece instanceof Uint8Array) hash.update(piece);
  return hash.digest('hex');
}

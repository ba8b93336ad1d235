import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { PDFDocument, PDFName, StandardFonts } from 'pdf-lib';

import type { BenchResult } from '../../../../bench/report.ts';
import { AGENT_FLAGS } from '../../src/running/small-memory.ts';
import type { Town } from './town.ts';

const PROCESS = fileURLToPath(new URL('process.ts', import.meta.url));
const PDF_BYTES = 20 * 1024;
const CLOCK_TICKS_PER_SECOND = 100;
/** Whole chain, sealed, 20 KB, two cores. */
const GOAL_PER_SECOND = 300;
/** Before the clock starts: agents run for months, their code is compiled in the first seconds. */
const WARM_UP_DOCUMENTS = 1_000;
/** Each count reads a table of the relay, so it is asked seldom while many are left: none comes faster. */
const MIN_MS_PER_DOCUMENT = 2;
const MIN_POLL_MS = 40;

/** `send` in one process, an agent in another, the relay in a third: until all receipts are tracked. */
export async function measureChain(
  place: Town,
  bytes: Uint8Array,
  { documents, senders }: { readonly documents: number; readonly senders: number },
): Promise<BenchResult[]> {
  const pdfFile = join(place.folder, 'van-ban.pdf');
  writeFileSync(pdfFile, bytes);
  const relay = await start(place, 'relay', place.homeOf('relay'));
  const recipient = await start(place, 'recipient', place.homeOf('recipient'));
  const order = [pdfFile, documents, senders, WARM_UP_DOCUMENTS];
  const sender = await start(place, 'sender', place.homeOf('sender'), ...order);
  sender.send('warm');
  await waitForReceipts(relay, WARM_UP_DOCUMENTS);
  const server = place.bus.server().pid;
  const serverBefore = cpuMsOf(server);
  const startedMs = performance.now();
  recipient.send('go');
  relay.send('go');
  sender.send('go');
  let keptMs = 0;
  sender.on('message', (message: { worked?: true }) => {
    if (message.worked) keptMs = performance.now() - startedMs;
  });
  await waitForReceipts(relay, WARM_UP_DOCUMENTS + documents);
  const totalMs = performance.now() - startedMs;
  const cpuMs = {
    sender: (await ask(sender, 'stop', 'cpuMs')).cpuMs ?? 0,
    recipient: (await ask(recipient, 'stop', 'cpuMs')).cpuMs ?? 0,
    relay: (await ask(relay, 'stop', 'cpuMs')).cpuMs ?? 0,
    'nats-server': cpuMsOf(server) - serverBefore,
  };
  return chainResults(documents, totalMs, keptMs, cpuMs);
}

async function waitForReceipts(relay: ChildProcess, count: number): Promise<void> {
  for (;;) {
    const { receipted = 0 } = await ask(relay, 'count', 'receipted');
    progress(receipted, count);
    if (receipted >= count) return;
    await sleep(Math.max(MIN_POLL_MS, (count - receipted) * MIN_MS_PER_DOCUMENT));
  }
}

function chainResults(
  documents: number,
  totalMs: number,
  keptMs: number,
  cpuMs: Readonly<Record<string, number>>,
): BenchResult[] {
  const rate = (documents * 1_000) / totalMs;
  const parts = Object.entries(cpuMs).toSorted(([, a], [, b]) => b - a);
  const [busiest = '', busiestMs = 0] = parts[0] ?? [];
  const allMs = parts.reduce((sum, [, ms]) => sum + ms, 0);
  return [
    {
      name: 'chain documents',
      value: rate,
      unit: '1/s',
      against: `goal ${GOAL_PER_SECOND}/s, after ${WARM_UP_DOCUMENTS} to warm up`,
      ratio: rate / GOAL_PER_SECOND,
    },
    { name: 'kept by send', value: (documents * 1_000) / keptMs, unit: '1/s' },
    ...parts.map(([name, ms]) => ({
      name: `CPU of ${name} a document`,
      value: ms / documents,
      unit: 'ms',
      against: 'CPU of all',
      ratio: ms / allMs,
    })),
    {
      name: `limiting stage: ${busiest}`,
      value: busiestMs / totalMs,
      unit: 'cores',
      against: 'cores busy in all',
      ratio: busiestMs / allMs,
    },
    { name: 'cores busy in all', value: allMs / totalMs, unit: 'cores' },
  ];
}

/** Starts a process of the chain as the command does; when it fails, nothing is left behind. */
export async function start(
  place: Town,
  ...parameters: readonly (string | number)[]
): Promise<ChildProcess> {
  const execArgv = parameters[0] === 'relay' ? [] : [...AGENT_FLAGS];
  const child = fork(PROCESS, parameters.map(String), { execArgv });
  child.on('exit', (code) => {
    if (code === 0) return;
    process.stderr.write(`error: the ${parameters[0]} process ended with ${code}\n`);
    void abandon(place);
  });
  await once(child, 'message');
  return child;
}

async function abandon(place: Town): Promise<never> {
  await place[Symbol.asyncDispose]();
  process.exit(1);
}

interface Answer {
  readonly worked?: true;
  readonly receipted?: number;
  readonly cpuMs?: number;
  readonly latenciesMs?: readonly number[];
  /** Rows of the outbox without an answer: documents, and reports too. */
  readonly waiting?: number;
}

export async function ask(
  child: ChildProcess,
  question: string,
  key: keyof Answer,
): Promise<Answer> {
  const answered = new Promise<Answer>((resolve) => {
    const listen = (message: Answer): void => {
      if (message[key] === undefined) return;
      child.off('message', listen);
      resolve(message);
    };
    child.on('message', listen);
  });
  child.send(question);
  return await answered;
}

/** User and system time of another process, from /proc; 0 where there is none. */
export function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / CLOCK_TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

function progress(receipted: number, documents: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${receipted} of ${documents} receipted `);
}

/** A real PDF of 20 KB that does not compress. */
export async function makePdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.TimesRoman);
  document.addPage([595, 842]).drawText('Cong van', { x: 72, y: 760, size: 13, font });
  const plain = (await document.save()).length;
  const noise = Buffer.alloc(PDF_BYTES - plain - 200);
  for (let offset = 0; offset < noise.length; offset += 32) {
    createHash('sha256').update(String(offset)).digest().copy(noise, offset);
  }
  document.catalog.set(
    PDFName.of('BenchNoise'),
    document.context.register(document.context.stream(noise)),
  );
  return await document.save();
}

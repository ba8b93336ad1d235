import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { type AgencyCode, parseAgencyCode } from '@congvan/bus';
import { startShapedLine } from '@congvan/bus/testing';

import type { BenchResult } from '../../../../bench/report.ts';
import { tell } from '../../../../bench/until-stopped.ts';
import { type Town, RECIPIENT } from '../chain/town.ts';
import type { LineOrder, LineTimes } from './office-process.ts';

const OFFICE = fileURLToPath(new URL('office-process.ts', import.meta.url));
/** All that is sent: the PDF and its attachment. */
const DOCUMENT_BYTES = 5_000_000;
const AGENTS_PER_PROCESS = 63;
const TELL_EVERY = 50;
const URGENT_EVERY_MS = 250;
/** The upload that urgent documents pass lasts about this long, as far as the size below allows. */
const UPLOAD_S = 25;
const MAX_UPLOAD_BYTES = 300_000_000;
const URGENT_AT_SENDER_MS = 300;
const URGENT_TO_RECEIPT_MS = 1_000;
const COST_GOAL = 1.05;
const TIME_GOAL = 1.1;
/** What the sender sends before it is measured: an agent is in use for months, not for a second. */
const WARM_BYTES = 1_000_000;
/** The province's agents have machines of their own; here they take what sender, broker and line leave. */
const PROVINCE_NICE = 10;
/** Commune lines take small chunks one by one, so that a document can pass between two of them. */
const THIN_BITS_PER_SECOND = 10_000_000;

/** The agencies of one province. */
export async function addProvince(town: Town, count: number): Promise<AgencyCode[]> {
  const codes: AgencyCode[] = [];
  for (let index = 0; index < count; index += 1) {
    const code = parseAgencyCode(`H09.30.${String(index + 1).padStart(3, '0')}`);
    await town.addAgency({ name: `xa-${index + 1}`, code, site: 'H09', tier: 'commune' });
    codes.push(code);
    if (codes.length % TELL_EVERY === 0) tell(`${codes.length} of ${count} agencies added`);
  }
  return codes;
}

/** Runs the agents of the province, a share of them in each process. */
export async function startProvince(town: Town, count: number): Promise<Office[]> {
  const homes = Array.from({ length: count }, (_, index) => town.homeOf(`xa-${index + 1}`));
  const offices: Office[] = [];
  for (let start = 0; start < homes.length; start += AGENTS_PER_PROCESS) {
    const share = homes.slice(start, start + AGENTS_PER_PROCESS);
    offices.push(await Office.start(share, PROVINCE_NICE));
    tell(`${start + share.length} of ${count} agents run`);
  }
  return offices;
}

/** One line: what a document to all costs on it, and how urgent ones pass a large one. */
export async function measureLine(
  town: Town,
  province: readonly AgencyCode[],
  megabits: number,
): Promise<BenchResult[]> {
  const bitsPerSecond = megabits * 1_000_000;
  const on = `${megabits} Mb/s`;
  await using line = await startShapedLine({ target: town.bus.url, bitsPerSecond });
  const name = `duong-${megabits}`;
  const thin = bitsPerSecond <= THIN_BITS_PER_SECOND;
  await town.addAgency({
    name,
    code: parseAgencyCode(`H09.20.${String(megabits).padStart(3, '0')}`),
    site: 'H09',
    tier: 'commune',
    url: line.url,
    ...(thin ? { line: { chunkBytes: 32 * 1024, window: 1 } } : {}),
  });
  await using sender = await Office.start([town.homeOf(name)]);
  await sender.expect(province.length);
  await sender.send({ to: [RECIPIENT], totalBytes: WARM_BYTES, priority: 0 });
  tell(`${on}: 5 MB to ${province.length} agencies`);
  const before = line.bytesUp();
  const all = await sender.send({ to: province, totalBytes: DOCUMENT_BYTES, priority: 0 });
  const costBytes = line.bytesUp() - before;
  const limitMs = (costBytes * 8_000) / bitsPerSecond;
  const lineMs = all.publishedMs - all.keptMs;
  tell(`${on}: urgent documents past an upload`);
  const urgent = await measureUrgent(
    sender,
    Math.min(MAX_UPLOAD_BYTES, (bitsPerSecond / 8) * UPLOAD_S),
  );
  return [
    ratioOf(
      `bytes up for 5 MB to ${province.length}, ${on}`,
      costBytes,
      'bytes',
      DOCUMENT_BYTES,
      '5 MB',
      COST_GOAL,
    ),
    ratioOf(
      `until all have their reference, ${on}`,
      lineMs,
      'ms',
      limitMs,
      "the line's limit",
      TIME_GOAL,
    ),
    { name: `until all receipts are in, ${on}`, value: all.receiptedMs - all.keptMs, unit: 'ms' },
    { name: `urgent documents past an upload, ${on}`, value: urgent.length, unit: 'documents' },
    percentile(`urgent at the broker, p99, ${on}`, urgent, 'publishedMs', URGENT_AT_SENDER_MS),
    percentile(`urgent to its receipt, p99, ${on}`, urgent, 'receiptedMs', URGENT_TO_RECEIPT_MS),
  ];
}

async function measureUrgent(sender: Office, uploadBytes: number): Promise<LineTimes[]> {
  let uploading = true;
  const upload = sender
    .send({ to: [RECIPIENT], totalBytes: uploadBytes, priority: 0 })
    .finally(() => (uploading = false));
  const times: LineTimes[] = [];
  // The upload has to be under way.
  await sleep(2_000);
  while (uploading) {
    times.push(await sender.send({ to: [RECIPIENT], priority: 2 }));
    await sleep(URGENT_EVERY_MS);
  }
  await upload;
  return times;
}

function ratioOf(
  name: string,
  value: number,
  unit: string,
  reference: number,
  against: string,
  goal: number,
): BenchResult {
  return { name, value, unit, against: `${against}, goal ${goal}`, ratio: value / reference };
}

/** From the moment it was kept: signing and sealing take the same on every line. */
function percentile(
  name: string,
  times: readonly LineTimes[],
  until: 'publishedMs' | 'receiptedMs',
  goalMs: number,
): BenchResult {
  const sorted = times.map((one) => one[until] - one.keptMs).toSorted((a, b) => a - b);
  const value = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
  return { name, value, unit: 'ms', against: `goal ${goalMs} ms`, ratio: value / goalMs };
}

interface Answer {
  readonly id?: number;
  readonly ready?: true;
  readonly times?: LineTimes;
}

/** A process with the agents of some agencies. */
export class Office implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (answer: Answer) => {
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  static async start(homes: readonly string[], nice = 0): Promise<Office> {
    const child = fork(OFFICE, homes);
    if (child.pid !== undefined && nice > 0) setPriority(child.pid, nice);
    const office = new Office(child);
    child.once('exit', (code) => {
      if (code === 0 || code === null) return;
      process.stderr.write(`error: an office process ended with ${code}\n`);
      process.exit(1);
    });
    await once(child, 'message');
    return office;
  }

  /** Waits until its agents know that many agencies. */
  async expect(agencies: number): Promise<void> {
    await this.#ask({ expect: agencies });
  }

  async send(order: LineOrder): Promise<LineTimes> {
    const { times } = await this.#ask({ send: order });
    if (times === undefined) throw new TypeError('no times for what was sent');
    return times;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.send({ id: 0 });
    await ended;
  }

  async #ask(question: object): Promise<Answer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#child.send({ id, ...question });
    const answer = await answered;
    this.#waiting.delete(id);
    return answer;
  }
}

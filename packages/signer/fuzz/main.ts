/**
 * `npm run fuzz -- TARGET [--seconds N] [--seed N] [--keep]`: coverage-guided fuzzing of a reader.
 *
 * Findings go to `fuzz-out/TARGET/` in the working folder: `crash-…`, `hang-…`, `memory-…`, and
 * `new-…` for inputs that reach new code; the next run starts from those too. `--keep` copies the
 * inputs that together reach most to the kept corpus, as `kept-…`. Exit status: 0 nothing found, 1
 * something was found.
 */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

import { corpusFolder, keepInput, readFolder } from './corpus.ts';
import { FUZZ_TARGETS } from './targets.ts';
import { type FuzzJob, type FuzzMessage, SHARED_HEAD_BYTES } from './worker.ts';

/** An input that takes longer is a hang. */
const MAX_INPUT_MS = 5_000;
/** The whole process may not grow beyond this over where it started. */
const MAX_GROWTH_BYTES = 512 * 1024 * 1024;
const WATCH_EVERY_MS = 500;
const REPORT_EVERY_MS = 30_000;
const MAX_INPUT_BYTES = 1024 * 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    keep: { type: 'boolean', default: false },
  },
});
const [target] = positionals;
const seconds = Number(values.seconds);
if (target === undefined || FUZZ_TARGETS[target] === undefined || !(seconds > 0)) {
  const names = Object.keys(FUZZ_TARGETS).join(', ');
  process.stderr.write(`usage: npm run fuzz -- TARGET [--seconds N]\nhint: targets are ${names}\n`);
  process.exit(2);
}

const folder = resolve('fuzz-out', target);
let findingCount = 0;
let stats = { edges: 0, corpus: 0 };
let executions = 0;
const startedMs = Date.now();
await runOnce(target, seconds);
const spentSeconds = (Date.now() - startedMs) / 1000;
say(
  `${target}: ${executions} executions, ${Math.round(executions / spentSeconds)}/s, ` +
    `${stats.edges} edges, ${stats.corpus} inputs in the corpus, ${findingCount} findings`,
);
process.exitCode = findingCount > 0 ? 1 : 0;

/** Runs the loop in a thread and watches it; after a hang or a full memory a new one goes on. */
async function runOnce(name: string, remaining: number): Promise<void> {
  const shared = new SharedArrayBuffer(SHARED_HEAD_BYTES + MAX_INPUT_BYTES);
  const folders = [corpusFolder(name), folder];
  const seed = Number(values.seed) + findingCount;
  const isKept = values.keep;
  const job: FuzzJob = { target: name, seconds: remaining, seed, folders, shared, isKept };
  const head = new Uint32Array(shared, 0, SHARED_HEAD_BYTES / 4);
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: job,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxOldGenerationSizeMb: MAX_GROWTH_BYTES / 1024 / 1024 },
  });
  const began = Date.now();
  const baseBytes = process.memoryUsage().rss;
  let lastCount = -1;
  let fullAt: number | undefined;
  let lastChangeMs = Date.now();
  let lastReportMs = Date.now();
  const currentInput = (): Uint8Array =>
    Uint8Array.from(new Uint8Array(shared, SHARED_HEAD_BYTES, head[1] ?? 0));
  const stop = (kind: string): void => {
    record(kind, currentInput(), `${kind} in ${name}`);
    void worker.terminate();
  };
  const watch = setInterval(() => {
    const now = Date.now();
    if (head[0] !== lastCount) {
      lastCount = head[0] ?? 0;
      lastChangeMs = now;
    } else if (lastCount > 0 && now - lastChangeMs > MAX_INPUT_MS) stop('hang');
    // Garbage of many inputs is no finding: only what stays, or grows while one input is read.
    if (process.memoryUsage().rss - baseBytes < MAX_GROWTH_BYTES) fullAt = undefined;
    else if (fullAt === undefined) {
      fullAt = head[0];
      head[2] = 1;
    } else if (head[2] === 0 || head[0] === fullAt) stop('memory');
    if (now - lastReportMs > REPORT_EVERY_MS) {
      lastReportMs = now;
      const perSecond = Math.round(((head[0] ?? 0) * 1000) / (now - began));
      say(`${name}: ${head[0]} executions, ${perSecond}/s, ${stats.edges} edges`);
    }
  }, WATCH_EVERY_MS);
  const isDone = await new Promise<boolean>((done) => {
    worker.on('message', (message: FuzzMessage) => {
      if (message.kind === 'found') {
        stats = { edges: message.edges, corpus: stats.corpus + 1 };
        keepInput(folder, 'new', message.bytes);
      } else if (message.kind === 'crash') record('crash', message.bytes, message.text);
      else {
        stats = { edges: message.edges, corpus: message.corpus };
        if (isKept) keepCover(name, message.cover);
      }
    });
    worker.on('error', (error: Error) => {
      record('memory', currentInput(), error.stack ?? error.message);
    });
    worker.on('exit', (code) => {
      done(code === 0);
    });
  });
  clearInterval(watch);
  executions += head[0] ?? 0;
  const left = remaining - (Date.now() - began) / 1000;
  if (!isDone && left > 1 && findingCount < 50) await runOnce(name, left);
}

function record(kind: string, bytes: Uint8Array, text: string): void {
  findingCount += 1;
  const file = keepInput(folder, kind, bytes);
  say(`FOUND ${kind}: ${file}\n${text}`);
}

/** Beside the seeds, the kept corpus holds what reaches most. */
function keepCover(name: string, cover: readonly Uint8Array[]): void {
  const kept = corpusFolder(name);
  for (const file of readFolder(kept).keys()) {
    if (file.startsWith('kept-')) rmSync(`${kept}/${file}`);
  }
  for (const bytes of cover) keepInput(kept, 'kept', bytes);
  say(`${cover.length} inputs are kept in ${kept}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';

import { readFolder } from './corpus.ts';
import { EDGE_SLOTS, instrumentSources } from './instrument.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

/**
 * The loop of one fuzzing run, in a thread of its own: the main thread watches it, and still has
 * the input when this one hangs or runs out of memory.
 */
export interface FuzzJob {
  readonly target: string;
  readonly seconds: number;
  readonly seed: number;
  /** Folders whose files the run starts from. */
  readonly folders: readonly string[];
  /** `[executions, input length, 1 for "collect garbage"]` and then the input itself. */
  readonly shared: SharedArrayBuffer;
}

export const SHARED_HEAD_BYTES = 16;

/** What the thread tells: an input that reaches new code, a wrong answer, or the end. */
export type FuzzMessage =
  | { readonly kind: 'found'; readonly bytes: Uint8Array; readonly edges: number }
  | { readonly kind: 'crash'; readonly bytes: Uint8Array; readonly text: string }
  | { readonly kind: 'end'; readonly edges: number; readonly corpus: number };

interface Kept {
  readonly bytes: Uint8Array;
  /** Microseconds of one run: quick inputs are taken more often. */
  readonly cost: number;
}

/** How often an edge was taken, in classes (1, 2, 3, 4–7, 8–15, …): one bit each. */
const CLASS_OF = Uint8Array.from({ length: 256 }, (_, count) =>
  count < 4
    ? ([0, 1, 2, 4][count] ?? 0)
    : count < 8
      ? 8
      : count < 16
        ? 16
        : count < 32
          ? 32
          : count < 128
            ? 64
            : 128,
);
const MAX_DISTINCT_CRASHES = 20;

async function fuzz(job: FuzzJob): Promise<void> {
  const instrumentation = instrumentSources(new URL('../src/', import.meta.url));
  const { FUZZ_TARGETS } = await import('./targets.ts');
  const target = FUZZ_TARGETS[job.target];
  if (target === undefined) throw new Error(`no target ${job.target}`);
  const random = new Random(job.seed);
  const dictionary = [...instrumentation.literals].map((text) => Buffer.from(text, 'latin1'));
  const head = new Uint32Array(job.shared, 0, SHARED_HEAD_BYTES / 4);
  const body = new Uint8Array(job.shared, SHARED_HEAD_BYTES);
  const { edges } = instrumentation;
  const words = new Uint32Array(edges.buffer);
  const seen = new Uint8Array(EDGE_SLOTS);
  const corpus: Kept[] = [];
  const crashes = new Set<string>();
  let edgeCount = 0;

  // Most inputs end in an error that nobody looks at: its stack would cost more than the reading.
  Error.stackTraceLimit = 0;

  /** Runs one input and says whether it took an edge in a new way. */
  const execute = (bytes: Uint8Array): boolean => {
    edges.fill(0);
    Object.assign(globalThis, { __place: 0 });
    body.set(bytes.subarray(0, body.length));
    head[1] = bytes.length;
    head[0] = (head[0] ?? 0) + 1;
    try {
      target.run(bytes);
    } catch (error) {
      const text = traced(() => {
        target.run(bytes);
      }, error);
      const place = text
        .split('\n')
        .slice(0, 3)
        .join('\n')
        .replace(/byte \d+/g, '');
      if (!crashes.has(place) && crashes.size < MAX_DISTINCT_CRASHES) {
        crashes.add(place);
        send({ kind: 'crash', bytes: Uint8Array.from(bytes), text });
      }
      return false;
    }
    let isNew = false;
    for (let word = 0; word < words.length; word += 1) {
      if (words[word] === 0) continue;
      for (let slot = word * 4; slot < word * 4 + 4; slot += 1) {
        const bit = CLASS_OF[edges[slot] ?? 0] ?? 0;
        const known = seen[slot] ?? 0;
        if ((known & bit) === bit) continue;
        if (known === 0) edgeCount += 1;
        seen[slot] = known | bit;
        isNew = true;
      }
    }
    return isNew;
  };

  const start = (bytes: Uint8Array): void => {
    const before = process.hrtime.bigint();
    execute(bytes);
    corpus.push({ bytes, cost: Number((process.hrtime.bigint() - before) / 1000n) });
  };
  for (const folder of job.folders) {
    for (const bytes of readFolder(folder).values()) start(bytes.subarray(0, target.maxBytes));
  }
  if (corpus.length === 0) start(Buffer.from([0]));

  const end = Date.now() + job.seconds * 1000;
  while (Date.now() < end) {
    await setImmediate(); // what zlib leaves behind is freed by the event loop alone
    if (head[2] === 1) {
      collectGarbage();
      head[2] = 0;
    }
    for (let round = 0; round < 64; round += 1) {
      const kept = choose(corpus, random);
      const others = [choose(corpus, random).bytes, choose(corpus, random).bytes];
      const material = { random, others, dictionary, maxBytes: target.maxBytes };
      const mutant = mutate(kept.bytes, target.mutators, material);
      const before = process.hrtime.bigint();
      if (!execute(mutant)) continue;
      const bytes = Uint8Array.from(mutant);
      corpus.push({ bytes, cost: Number((process.hrtime.bigint() - before) / 1000n) });
      send({ kind: 'found', bytes, edges: edgeCount });
    }
  }
  send({ kind: 'end', edges: edgeCount, corpus: corpus.length });
}

/** The error again, this time with its stack. */
function traced(work: () => void, first: unknown): string {
  Error.stackTraceLimit = 12;
  try {
    work();
    return String(first);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    Error.stackTraceLimit = 0;
  }
}

/** The newer half as often as all of it; of two, the one that is quicker and shorter. */
function choose(corpus: readonly Kept[], random: Random): Kept {
  const from = random.chance(2) ? corpus.length >> 1 : 0;
  const one = corpus[from + random.below(corpus.length - from)];
  const two = corpus[from + random.below(corpus.length - from)];
  if (one === undefined || two === undefined) throw new Error('the corpus is empty');
  if (random.chance(3)) return one;
  return one.cost * one.bytes.length <= two.cost * two.bytes.length ? one : two;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}

function send(message: FuzzMessage): void {
  parentPort?.postMessage(message);
}

if (parentPort !== null) await fuzz(workerData as FuzzJob);

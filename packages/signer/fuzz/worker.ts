import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';

import { corpusFolder, readFolder } from './corpus.ts';
import { Coverage, pickCover } from './coverage.ts';
import { type Instrumentation, instrumentSources } from './instrument.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { FuzzTarget } from './targets.ts';

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
  /** Ask for the inputs worth keeping at the end. */
  readonly isKept: boolean;
  /** `[executions, input length, 1 for "collect garbage"]` and then the input itself. */
  readonly shared: SharedArrayBuffer;
}

export const SHARED_HEAD_BYTES = 16;

/** What the thread tells: an input that reaches new code, a wrong answer, or the end. */
export type FuzzMessage =
  | { readonly kind: 'found'; readonly bytes: Uint8Array; readonly edges: number }
  | { readonly kind: 'crash'; readonly bytes: Uint8Array; readonly text: string }
  | {
      readonly kind: 'end';
      readonly edges: number;
      readonly corpus: number;
      readonly cover: readonly Uint8Array[];
    };

interface Kept {
  readonly bytes: Uint8Array;
  /** Microseconds of one run: quick inputs are taken more often. */
  readonly cost: number;
}

const MAX_KEPT_FILES = 30;
const MAX_KEPT_BYTES = 8_000;
const MAX_DISTINCT_CRASHES = 20;

/** One run: its corpus, its coverage, and what it has told already. */
class FuzzRun {
  private readonly job: FuzzJob;
  private readonly target: FuzzTarget;
  private readonly coverage: Coverage;
  private readonly dictionary: readonly Uint8Array[];
  private readonly random: Random;
  private readonly head: Uint32Array;
  private readonly body: Uint8Array;
  private readonly corpus: Kept[] = [];
  private readonly crashes = new Set<string>();
  private readonly causes: unknown[];

  constructor(job: FuzzJob, target: FuzzTarget, instrumentation: Instrumentation) {
    const { edges, literals, causes } = instrumentation;
    this.causes = causes;
    this.job = job;
    this.target = target;
    this.coverage = new Coverage(edges);
    this.dictionary = [...literals].map((text) => Buffer.from(text, 'latin1'));
    this.random = new Random(job.seed);
    this.head = new Uint32Array(job.shared, 0, SHARED_HEAD_BYTES / 4);
    this.body = new Uint8Array(job.shared, SHARED_HEAD_BYTES);
  }

  async run(): Promise<void> {
    for (const folder of this.job.folders) {
      for (const bytes of readFolder(folder).values()) {
        this.add(bytes.subarray(0, this.target.maxBytes));
      }
    }
    if (this.corpus.length === 0) this.add(Buffer.from([0]));
    const end = Date.now() + this.job.seconds * 1000;
    while (Date.now() < end) {
      await setImmediate(); // what zlib leaves behind is freed by the event loop alone
      if (this.head[2] === 1) {
        collectGarbage();
        this.head[2] = 0;
      }
      for (let round = 0; round < 64; round += 1) this.tryMutant();
    }
    const cover = this.job.isKept ? this.pickCover() : [];
    const { edgeCount: edges } = this.coverage;
    send({ kind: 'end', edges, corpus: this.corpus.length, cover });
  }

  private add(bytes: Uint8Array): boolean {
    const before = process.hrtime.bigint();
    const isNew = this.execute(bytes);
    const cost = Number((process.hrtime.bigint() - before) / 1000n);
    this.corpus.push({ bytes, cost });
    return isNew;
  }

  private tryMutant(): void {
    const { random, dictionary, corpus, target } = this;
    const others = [choose(corpus, random).bytes, choose(corpus, random).bytes];
    const material = { random, others, dictionary, maxBytes: target.maxBytes };
    const bytes = Uint8Array.from(mutate(choose(corpus, random).bytes, target.mutators, material));
    const isNew = this.add(bytes);
    if (isNew) send({ kind: 'found', bytes, edges: this.coverage.edgeCount });
    else corpus.pop();
  }

  /** Runs one input and says whether it reached anything new. */
  private execute(bytes: Uint8Array): boolean {
    this.coverage.reset();
    this.body.set(bytes.subarray(0, this.body.length));
    this.head[1] = bytes.length;
    this.head[0] = (this.head[0] ?? 0) + 1;
    const fault = this.faultOf(bytes);
    if (fault !== undefined) this.report(bytes, fault);
    return this.coverage.merge();
  }

  /** What came out of the target, or was hidden as the cause of an error that did not. */
  private faultOf(bytes: Uint8Array): unknown {
    this.causes.length = 0;
    try {
      this.target.run(bytes);
    } catch (error) {
      return error;
    }
    return this.causes.find(isFault);
  }

  /** Tells of a crash once: others from the same place are the same fault. */
  private report(bytes: Uint8Array, error: unknown): void {
    Error.stackTraceLimit = 12;
    const again = this.faultOf(bytes) ?? error;
    Error.stackTraceLimit = 0;
    const text = again instanceof Error ? (again.stack ?? again.message) : String(again);
    const place = text
      .split('\n')
      .slice(0, 3)
      .join('\n')
      .replace(/byte \d+/g, '');
    if (this.crashes.has(place) || this.crashes.size >= MAX_DISTINCT_CRASHES) return;
    this.crashes.add(place);
    send({ kind: 'crash', bytes, text });
  }

  /** The short inputs that reach most beyond the seeds. */
  private pickCover(): readonly Uint8Array[] {
    const slotsOf = (bytes: Uint8Array): number[] => {
      this.execute(bytes);
      return this.coverage.slots();
    };
    const seeds = [...readFolder(corpusFolder(this.job.target))]
      .filter(([name]) => name.startsWith('seed-'))
      .flatMap(([, bytes]) => slotsOf(bytes));
    const candidates = this.corpus
      .filter(({ bytes }) => bytes.length <= MAX_KEPT_BYTES)
      .map(({ bytes }) => ({ bytes, slots: slotsOf(bytes) }));
    return pickCover(seeds, candidates, MAX_KEPT_FILES);
  }
}

async function fuzz(job: FuzzJob): Promise<void> {
  const instrumentation = instrumentSources(new URL('../src/', import.meta.url));
  // Only now: what is loaded before is not counted.
  const { FUZZ_TARGETS } = await import('./targets.ts');
  const target = FUZZ_TARGETS[job.target];
  if (target === undefined) throw new Error(`no target ${job.target}`);
  // Most inputs end in an error that nobody looks at: its stack would cost more than the reading.
  Error.stackTraceLimit = 0;
  await new FuzzRun(job, target, instrumentation).run();
}

/** Errors of the language itself; those of Node have a code, and belong to what is refused. */
function isFault(cause: unknown): boolean {
  const isOfLanguage =
    cause instanceof TypeError || cause instanceof RangeError || cause instanceof ReferenceError;
  return isOfLanguage && !('code' in cause);
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

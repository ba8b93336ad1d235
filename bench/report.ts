import { cpus, release, totalmem } from 'node:os';

import Table from 'cli-table3';

export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is measured against, in the same run. */
  readonly against?: string;
  readonly ratio?: number;
  /** The same by the clock on the wall, where `value` is per second of processor time. */
  readonly wall?: number;
}

/** Prints results as `{bench, machine, results}` with `--json`, else as a table. */
export function printResults(
  bench: string,
  results: readonly BenchResult[],
  argv: readonly string[],
): void {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
  };
  if (argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ bench, machine, results })}\n`);
    return;
  }
  const table = new Table({
    head: ['result', 'value', 'unit', 'by the clock', 'against', 'ratio'],
  });
  for (const { name, value, unit, against, ratio, wall } of results) {
    table.push([
      name,
      format(value),
      unit,
      wall === undefined ? '' : format(wall),
      against ?? '',
      ratio === undefined ? '' : format(ratio),
    ]);
  }
  process.stdout.write(
    `${bench} on ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}\n`,
  );
  process.stdout.write(`${table.toString()}\n`);
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Repeats `work` for about `forMs` and returns how often a second it ran. */
export async function ratePerSecond(work: () => unknown, forMs = 700): Promise<number> {
  for (let index = 0; index < 5; index += 1) await work();
  const startedMs = performance.now();
  let count = 0;
  while (performance.now() - startedMs < forMs) {
    await work();
    count += 1;
  }
  return (count * 1_000) / (performance.now() - startedMs);
}

/** How often something ran: by processor time (all threads of this process) and by the clock. */
export interface Rate {
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

/**
 * Runs works in turns and takes the best turn of each: other programs only ever slow a turn down, by
 * emptying its caches, and the more turns the likelier one is left alone. Processor time does not
 * count the time that other programs take themselves.
 */
export async function measureInTurns<Name extends string>(
  works: Readonly<Record<Name, () => unknown>>,
  { turns = 20, turnMs = 80 }: { readonly turns?: number; readonly turnMs?: number } = {},
): Promise<(name: Name) => Rate> {
  const measured = new Map<string, Rate[]>();
  const entries: [string, () => unknown][] = Object.entries(works);
  for (const [, work] of entries) await warmUp(work);
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [name, work] of entries) {
      const rate = await measureTurn(work, turnMs);
      measured.set(name, [...(measured.get(name) ?? []), rate]);
    }
  }
  return (name) => {
    const none: Rate = { perCpuSecond: 0, perSecond: 0 };
    const rates = measured.get(name) ?? [];
    return rates.reduce(
      (best, rate) => (rate.perCpuSecond > best.perCpuSecond ? rate : best),
      none,
    );
  };
}

/** The optimising compiler wants some thousand runs before it has done its part. */
const WARM_UP_RUNS = 4_000;
const WARM_UP_MS = 2_000;

async function warmUp(work: () => unknown): Promise<void> {
  const startedMs = performance.now();
  for (let run = 0; run < WARM_UP_RUNS; run += 1) {
    await work();
    if (performance.now() - startedMs > WARM_UP_MS) return;
  }
}

async function measureTurn(work: () => unknown, turnMs: number): Promise<Rate> {
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  let count = 0;
  while (performance.now() - startedMs < turnMs) {
    await work();
    count += 1;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const wallMs = performance.now() - startedMs;
  return { perCpuSecond: (count * 1e6) / (user + system), perSecond: (count * 1_000) / wallMs };
}

export function readCount(argv: readonly string[], name: string, fallback: number): number {
  const index = argv.indexOf(`--${name}`);
  if (index === -1) return fallback;
  const value = Number(argv[index + 1]);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`error: --${name} takes a positive whole number\n`);
  process.exit(2);
}

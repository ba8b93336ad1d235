import { cpus, release, totalmem } from 'node:os';

import Table from 'cli-table3';

export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is measured against, in the same run. */
  readonly against?: string;
  readonly ratio?: number;
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
  const table = new Table({ head: ['result', 'value', 'unit', 'against', 'ratio'] });
  for (const { name, value, unit, against, ratio } of results) {
    table.push([
      name,
      format(value),
      unit,
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

export function readCount(argv: readonly string[], name: string, fallback: number): number {
  const index = argv.indexOf(`--${name}`);
  if (index === -1) return fallback;
  const value = Number(argv[index + 1]);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`error: --${name} takes a positive whole number\n`);
  process.exit(2);
}

/**
 * Partitions: a small country of real processes whose lines are cut and whose processes are killed while
 * documents flow; then everything that was promised is compared with what is there.
 *
 * `npm run campaign -- partition [--seed N] [--documents N] [--rounds N] [--only NAME,…] [--keep] [--json]`
 *
 * The same seed gives the same order of disturbances and the same documents. Exit status: 0 when
 * nothing was lost, doubled or left open, 3 otherwise, 130 after Ctrl-C.
 */
import { parseArgs } from 'node:util';

import { tell, untilStopped } from '../../../bench/until-stopped.ts';
import { DISTURBANCES } from './partition/disturbance.ts';
import { type PartitionOutcome, runPartition } from './partition/run.ts';

const EXIT_FAULTS = 3;
const EXIT_USAGE = 2;

const flags = readFlags();

await untilStopped(async (signal) => {
  const outcome = await runPartition({ ...flags, signal, tell });
  process.stdout.write(flags.json ? `${JSON.stringify(outcome)}\n` : render(outcome));
  process.exitCode = outcome.verdict.faults.length === 0 ? 0 : EXIT_FAULTS;
});

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        documents: { type: 'string', default: '2000' },
        rounds: { type: 'string' },
        only: { type: 'string' },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const { seed, documents, rounds, only, keep, json } = values;
    return {
      seed: toCount('seed', seed),
      documents: toCount('documents', documents),
      ...(rounds === undefined ? {} : { rounds: toCount('rounds', rounds) }),
      ...(only === undefined ? {} : { only: toNames(only) }),
      keep,
      json,
    };
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EXIT_USAGE);
  }
}

function toCount(flag: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new RangeError(`--${flag} takes a positive whole number`);
}

function toNames(text: string): string[] {
  const known = DISTURBANCES.map(({ name }) => name);
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new RangeError(`no disturbance "${unknown}"; there are ${known.join(', ')}`);
}

function render({ seed, seconds, disturbances, verdict, ...figures }: PartitionOutcome): string {
  const { faults, missing: _missing, ...counts } = verdict;
  const lines = [`partition, seed ${seed}, ${seconds.toFixed(0)} s`];
  for (const { name, text } of DISTURBANCES) {
    const count = disturbances[name];
    if (count !== undefined) lines.push(`  ${String(count).padStart(5)} × ${text}`);
  }
  for (const [name, value] of Object.entries({ ...figures, ...counts })) {
    lines.push(`  ${String(value).padStart(7)} ${name}`);
  }
  for (const fault of faults) lines.push(`  ${fault}`);
  return `${lines.join('\n')}\n`;
}

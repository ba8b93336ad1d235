/**
 * The relay killed with SIGKILL at every step of taking reports in, under load, over and over.
 *
 * `npm run campaign -- relay [--seed N] [--kills N] [--json]`
 *
 * Real nats-server, real signed records, a relay in a process of its own, and beside it one that
 * nobody disturbs. Exit status: 0 when every record is there once and both say the same, 3
 * otherwise, 130 after Ctrl-C.
 */
import { parseArgs } from 'node:util';

import { tell, untilStopped } from '../../../bench/until-stopped.ts';
import { type KillOutcome, runKills } from './relay/run.ts';

const EXIT_FAULTS = 3;
const EXIT_USAGE = 2;

const flags = readFlags();

await untilStopped(async (signal) => {
  const outcome = await runKills({ ...flags, signal, tell });
  process.stdout.write(flags.json ? `${JSON.stringify(outcome)}\n` : render(outcome));
  process.exitCode = isSound(outcome) ? 0 : EXIT_FAULTS;
});

function isSound({ lost, doubled, altered, differences, faults }: KillOutcome): boolean {
  return lost + doubled + altered + differences.length + faults.length === 0;
}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        kills: { type: 'string', default: '200' },
        json: { type: 'boolean', default: false },
      },
    });
    return {
      seed: toCount('seed', values.seed),
      kills: toCount('kills', values.kills),
      json: values.json,
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

function render({ seed, seconds, kills, differences, faults, ...counts }: KillOutcome): string {
  const lines = [`relay, seed ${seed}, ${seconds.toFixed(0)} s`];
  for (const [step, count] of Object.entries(kills)) {
    lines.push(`  ${String(count).padStart(7)} × killed at ${step}`);
  }
  for (const [name, value] of Object.entries(counts)) {
    lines.push(`  ${String(value).padStart(7)} ${name}`);
  }
  lines.push(`  ${String(differences.length).padStart(7)} differences from the undisturbed relay`);
  for (const fault of [...differences, ...faults]) lines.push(`  ${fault}`);
  return `${lines.join('\n')}\n`;
}

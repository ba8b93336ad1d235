/**
 * Partitions: a small country of real processes whose lines are cut and whose processes are killed while
 * documents flow; then everything that was promised is compared with what is there.
 *
 * `npm run campaign -- partition [--seed N] [--documents N] [--keep] [--json]`
 *
 * The same seed gives the same order of disturbances. Exit status: 0 when nothing was lost, doubled or
 * left open, 3 otherwise.
 */
import { readCount } from '../../../bench/report.ts';
import { runPartition } from './partition/run.ts';

const argv = process.argv.slice(2);
const seed = readCount(argv, 'seed', Date.now() % 1_000_000);
const documents = readCount(argv, 'documents', 2_000);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('stopped by Ctrl-C')));

const outcome = await runPartition({
  seed,
  documents,
  keep: argv.includes('--keep'),
  signal: stop.signal,
  tell: (line) => process.stderr.write(`${line}\n`),
});
const { faults, ...figures } = outcome.verdict;
if (argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ campaign: 'partition', ...outcome })}\n`);
} else {
  process.stdout.write(`partition, seed ${seed}, ${outcome.seconds.toFixed(0)} s\n`);
  for (const [name, count] of Object.entries(outcome.disturbances)) {
    process.stdout.write(`  ${String(count).padStart(5)} × ${name}\n`);
  }
  for (const [name, value] of Object.entries(figures)) {
    process.stdout.write(`  ${String(value).padStart(7)} ${name}\n`);
  }
  for (const fault of faults) process.stdout.write(`  ${fault}\n`);
}
process.exitCode = faults.length === 0 ? 0 : 3;

/**
 * The relay: signed records on their whole way in.
 *
 * `npm run bench -- relay [--records N] [--seed N] [--json]`
 */
import { type BenchResult, printResults, readCount } from '../../../bench/report.ts';
import { measureIngest } from './relay/ingest.ts';

const argv = process.argv.slice(2);
const records = readCount(argv, 'records', 100_000);
const seed = readCount(argv, 'seed', 1);
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => stop.abort(new Error('stopped')));
}
const { signal } = stop;
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

const results: BenchResult[] = [];
results.push(...(await measureIngest({ records, seed, tell, signal })));
printResults('relay', results, argv);

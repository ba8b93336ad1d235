/**
 * The relay: signed records on their whole way in, then traffic of 24 months through the same
 * transaction with verification done before, then questions to API and pages over what was loaded.
 *
 * `npm run bench -- relay [--records N] [--deliveries N] [--agencies N] [--seed N] [--only ingest|load]
 *   [--folder DIR] [--keep] [--json]`
 *
 * `--folder` is where the database goes, and where an interrupted load goes on; `--keep` leaves it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type BenchResult, printResults, readCount } from '../../../bench/report.ts';
import { tell, untilStopped } from '../../../bench/until-stopped.ts';
import { measureIngest } from './relay/ingest.ts';
import { loadDeliveries } from './relay/load.ts';
import { askQuestions } from './relay/questions.ts';

const argv = process.argv.slice(2);
const records = readCount(argv, 'records', 100_000);
const deliveries = readCount(argv, 'deliveries', 200_000);
const agencies = readCount(argv, 'agencies', 15_000);
const seed = readCount(argv, 'seed', 1);
const only = readText('only');

await untilStopped(async (signal) => {
  printResults('relay', await measure(signal), argv);
});

async function measure(signal: AbortSignal): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  if (only !== 'load') results.push(...(await measureIngest({ records, seed, tell, signal })));
  if (only === 'ingest') return results;
  const given = readText('folder');
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'congvan-relay-load-')));
  try {
    const loaded = await loadDeliveries({ folder, deliveries, agencies, seed, tell, signal });
    results.push(...loaded.results);
    results.push(...(await askQuestions({ ...loaded, seed, tell, signal })));
    if (argv.includes('--keep')) tell(`the database stays in ${loaded.home}`);
    return results;
  } finally {
    // An interrupted load in a folder of one's own can go on.
    const stays = argv.includes('--keep') || (signal.aborted && given !== undefined);
    if (!stays) await rm(join(folder, 'relay'), { recursive: true, force: true });
    if (!stays && given === undefined) await rm(folder, { recursive: true, force: true });
  }
}

function readText(name: string): string | undefined {
  const index = argv.indexOf(`--${name}`);
  return index === -1 ? undefined : argv[index + 1];
}

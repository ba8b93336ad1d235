/**
 * The bus as a whole: sealed documents through the chain, urgent ones past a long queue, and what idle
 * agencies cost the broker.
 *
 * `npm run bench -- bus [--documents N] [--queued N] [--urgent N] [--largest N]
 *   [--only chain|urgent|idle] [--json]`
 */
import { measureIdle } from './bus/idle.ts';
import { tooFewOpenFiles } from './bus/open-files.ts';
import { measureUrgent } from './bus/urgent.ts';
import { makePdf, measureChain } from './chain/measure.ts';
import { foundTown } from './chain/town.ts';
import { type BenchResult, printResults, readCount } from '../../../bench/report.ts';
import { tell, untilStopped } from '../../../bench/until-stopped.ts';

const EXIT_USAGE = 2;
const PARTS: readonly string[] = ['chain', 'urgent', 'idle'];
/** A province, a large ministry, the country. */
const SIZES = [252, 2_000, 15_000];
const argv = process.argv.slice(2);
const documents = readCount(argv, 'documents', 3_000);
const queued = readCount(argv, 'queued', 50_000);
const urgent = readCount(argv, 'urgent', 200);
const largest = readCount(argv, 'largest', 15_000);
const parts = readParts();

await untilStopped(async (signal) => {
  printResults('bus', await measure(signal), argv);
});

async function measure(signal: AbortSignal): Promise<BenchResult[]> {
  const sizes = SIZES.filter((size) => size <= largest);
  const lacking = parts.has('idle') ? tooFewOpenFiles(Math.max(...sizes, 0)) : undefined;
  if (lacking !== undefined) {
    tell(`error: ${lacking}`);
    process.exit(EXIT_USAGE);
  }
  const results: BenchResult[] = [];
  if (parts.has('chain') || parts.has('urgent')) {
    const pdf = await makePdf();
    await using town = await foundTown();
    if (parts.has('chain')) {
      results.push(...(await measureChain(town, pdf, { documents, senders: 32 })));
    }
    if (parts.has('urgent')) results.push(...(await measureUrgent(town, pdf, { queued, urgent })));
  }
  signal.throwIfAborted();
  if (parts.has('idle')) results.push(...(await measureIdle({ sizes, tell, signal })));
  return results;
}

function readParts(): ReadonlySet<string> {
  const index = argv.indexOf('--only');
  const only = argv[index + 1] ?? '';
  if (index === -1) return new Set(PARTS);
  if (PARTS.includes(only)) return new Set([only]);
  process.stderr.write(`error: --only takes one of ${PARTS.join(', ')}\n`);
  process.exit(EXIT_USAGE);
}

/**
 * The bus as a whole: sealed documents through the chain, urgent ones past a long queue, and what idle
 * agencies cost the broker.
 *
 * `npm run bench -- bus [--documents N] [--queued N] [--urgent N] [--largest N] [--json]`
 */
import { measureIdle } from './bus/idle.ts';
import { measureUrgent } from './bus/urgent.ts';
import { makePdf, measureChain } from './chain/measure.ts';
import { foundTown } from './chain/town.ts';
import { printResults, readCount } from '../../../bench/report.ts';

const argv = process.argv.slice(2);
const documents = readCount(argv, 'documents', 3_000);
const queued = readCount(argv, 'queued', 50_000);
const urgent = readCount(argv, 'urgent', 200);
const largest = readCount(argv, 'largest', 15_000);

const pdf = await makePdf();
const results = [];
{
  await using town = await foundTown();
  results.push(...(await measureChain(town, pdf, { documents, senders: 32 })));
  results.push(...(await measureUrgent(town, pdf, { queued, urgent })));
}
results.push(...(await measureIdle([252, 2_000, 15_000].filter((size) => size <= largest))));
printResults('bus', results, argv);

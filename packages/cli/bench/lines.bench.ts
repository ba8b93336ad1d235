/**
 * Thin lines: a document of 5 MB to a whole province, and urgent documents past a running upload, over
 * a shaped line between the sender's agent and the broker.
 *
 * PDF and attachment together have 5 MB. What they cost is every byte of TCP payload that the sender's
 * agent writes from the moment of sending until all receipts are in: chunks, message, references,
 * report, and the acknowledgements of the receipts.
 *
 * `npm run bench -- lines [--agencies N] [--json]`
 */
import { foundTown } from './chain/town.ts';
import { Office, addProvince, measureLine, startProvince } from './lines/measure.ts';
import { printResults, readCount } from '../../../bench/report.ts';

const argv = process.argv.slice(2);
const agencies = readCount(argv, 'agencies', 252);

/** One agency may hold a part of its site's files, and the largest upload has 300 MB. */
const BLOB_BYTES = 2_048 * 1024 * 1024;
const INBOX_BYTES = 512 * 1024 * 1024;

await using town = await foundTown({ blobBytes: BLOB_BYTES, inboxBytes: INBOX_BYTES });
const province = await addProvince(town, agencies);
await using running = new AsyncDisposableStack();
for (const office of await startProvince(town, agencies)) running.use(office);
running.use(await Office.start([town.homeOf('recipient')]));
const results = [];
for (const megabits of [4, 30, 300]) results.push(...(await measureLine(town, province, megabits)));
printResults('lines', results, argv);

/**
 * One large attachment between two agents in processes of their own, through a real broker and lines
 * that count, with five SIGKILLs: `npm run bench -- large-file [--mib N] [--json]`. It needs about six
 * times the file's size on the disk of the temporary folder.
 */
import { type BenchResult, printResults, readCount } from '../../../bench/report.ts';
import { sendLargeFile } from '../test/support/large-file.ts';

const MIB = 1024 * 1024;
const argv = process.argv.slice(2);
const mib = readCount(argv, 'mib', 2_000);
/** What this may take, and what an agent may use, whatever the size. */
const MAX_RATIO = 1.02;
const MAX_RSS_MIB = 150;
const TIMEOUT_MS = 60 * 60 * 1_000;

let toldMs = Number.NEGATIVE_INFINITY;
const figures = await sendLargeFile({
  fileBytes: mib * MIB,
  killSenderAt: [0.2, 0.5, 0.8],
  killRecipientAt: [0.3, 0.7],
  timeoutMs: TIMEOUT_MS,
  onProgress: (what, share) => {
    if (performance.now() - toldMs < 2_000) return;
    toldMs = performance.now();
    process.stderr.write(`${what} ${(share * 100).toFixed(0)} %\n`);
  },
});
if (figures.sha256Received !== figures.sha256Sent) throw new Error('another file arrived');

const size = `${mib} MiB`;
const results: BenchResult[] = [
  ratio('sent by the sender', figures.sentRatio),
  ratio('fetched by the recipient', figures.receivedRatio),
  memory('largest memory of the sender', figures.senderRssMib),
  memory('largest memory of the recipient', figures.recipientRssMib),
  { name: `${figures.kills} kills, file whole`, value: figures.seconds, unit: 's' },
];
printResults('large-file', results, argv);

function ratio(name: string, value: number): BenchResult {
  return {
    name,
    value,
    unit: `× ${size}`,
    against: `at most ${MAX_RATIO}`,
    ratio: value / MAX_RATIO,
  };
}

function memory(name: string, value: number): BenchResult {
  return {
    name,
    value,
    unit: 'MiB',
    against: `at most ${MAX_RSS_MIB}`,
    ratio: value / MAX_RSS_MIB,
  };
}

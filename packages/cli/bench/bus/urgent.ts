import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { BenchResult } from '../../../../bench/report.ts';
import { ask, start } from '../chain/measure.ts';
import type { Town } from '../chain/town.ts';

/** From `send` to the receipt at the sender. */
const GOAL_MS = 1_000;

/**
 * How long an urgent document takes from `send` to the recipient's receipt while ordinary ones wait
 * in the same outbox and in the same inbox.
 */
export async function measureUrgent(
  place: Town,
  pdf: Uint8Array,
  { queued, urgent }: { readonly queued: number; readonly urgent: number },
): Promise<BenchResult[]> {
  const pdfFile = join(place.folder, 'van-ban.pdf');
  writeFileSync(pdfFile, pdf);
  // Kept while nothing carries them out: all of them wait when the agents start.
  const desk = await start(place, 'desk', place.homeOf('sender'), pdfFile, queued, 32);
  const kept = ask(desk, 'go', 'worked');
  await kept;
  await ask(desk, 'stop', 'cpuMs');
  const recipient = await start(place, 'recipient', place.homeOf('recipient'));
  const sender = await start(place, 'sender', place.homeOf('sender'), pdfFile, urgent, 1);
  recipient.send('go');
  const { latenciesMs = [], waiting = 0 } = await ask(sender, 'urgent', 'latenciesMs');
  await ask(sender, 'stop', 'cpuMs');
  await ask(recipient, 'stop', 'cpuMs');
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return [
    { name: 'ordinary documents waiting at the start', value: queued, unit: 'documents' },
    { name: 'outbox rows at the end, reports included', value: waiting, unit: 'rows' },
    { name: 'urgent document to receipt, median', value: at(0.5), unit: 'ms' },
    {
      name: 'urgent document to receipt, p99',
      value: at(0.99),
      unit: 'ms',
      against: `goal ${GOAL_MS} ms`,
      ratio: at(0.99) / GOAL_MS,
    },
  ];
}

import type { Transfer } from '@congvan/node-agent';

import type { Cli } from '../context.ts';
import { renderTable } from './table.ts';

const UNITS = ['B', 'KB', 'MB', 'GB'];
const STEP = 1_000;

/** What goes up and comes down, as a table; the empty string when there is nothing. */
export function renderTransfers(cli: Cli, rows: readonly Transfer[]): string {
  if (rows.length === 0) return '';
  const { text, transfers: words } = cli.messages;
  return renderTable(
    cli.io,
    [
      { title: words.direction },
      { title: text.documentId },
      { title: words.done, align: 'right' },
      { title: words.size, align: 'right' },
      { title: words.rate, align: 'right' },
      { title: words.left, align: 'right' },
      { title: words.waitsFor },
    ],
    rows.map((row) => [
      words[row.direction],
      row.documentId ?? row.partner ?? '',
      `${Math.floor((100 * row.doneBytes) / row.totalBytes)} %`,
      formatBytes(row.totalBytes),
      row.bytesPerSecond > 0 ? `${formatBytes(row.bytesPerSecond)}/s` : '',
      row.secondsLeft === null ? '' : formatDuration(row.secondsLeft),
      row.waitsFor === null ? '' : words.waits[row.waitsFor],
    ]),
  );
}

/** `1.5 GB`; as on the packaging of disks, a kilobyte has 1,000 bytes. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toPrecision(2)} ${UNITS[unit]}`;
}

/** `1:02:03` or `2:03`. */
export function formatDuration(seconds: number): string {
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? part : String(part).padStart(2, '0'))).join(':');
}

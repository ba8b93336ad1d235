import Table from 'cli-table3';

import type { Io } from '../context.ts';
import { safeText } from './safe-text.ts';

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** One column: its title, and on which side its cells stand. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/**
 * A table with borders on a terminal, aligned columns without any elsewhere. Cells are made safe for
 * terminals here, so callers pass what they have.
 */
export function renderTable(
  io: Pick<Io, 'outIsTty'>,
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const table = new Table({
    head: columns.map((column) => column.title),
    colAligns: columns.map((column) => column.align ?? 'left'),
    style: io.outIsTty
      ? { head: ['bold'], border: [], compact: true }
      : { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    ...(io.outIsTty ? {} : { chars: NO_BORDERS }),
  });
  for (const row of rows) table.push(row.map((cell) => safeText(String(cell))));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** Names and values below each other, the values aligned; lines without a value are left out. */
export function renderFields(
  fields: readonly (readonly [name: string, value: string | number | undefined | null])[],
): string {
  const shown = fields.flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [[name, String(value)] as const],
  );
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${safeText(value)}\n`).join('');
}

import Table from 'cli-table3';

import type { Io } from '../context.ts';
import { safeText } from './safe-text.ts';
import { displayWidth, fitColumns, type Frame, type TableText, wrapText } from './table-layout.ts';

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

/** Borders with a space at both sides of a cell: `│ a │ b │`. */
const BORDERED: Frame = { edges: 4, between: 3 };
const BARE: Frame = { edges: 0, between: 2 };
/** A text in a narrower column than this gives is read better below its name. */
const MAX_CELL_LINES = 4;

/**
 * A table with borders on a terminal, aligned columns without any elsewhere. On a terminal columns
 * without any text are left out, and it fits the width: long texts are broken between words, then the
 * borders go, and at last each row stands as names and values below each other. Elsewhere lines are as long as they are. Cells are made safe for
 * terminals here, so callers pass what they have.
 */
export function renderTable(
  io: Pick<Io, 'outIsTty' | 'columns'>,
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const table: TableText = {
    titles: columns.map(({ title }) => title),
    rows: rows.map((row) => row.map((cell) => safeText(String(cell)))),
    unbroken: columns.map(({ align }) => align === 'right'),
  };
  if (!io.outIsTty) return draw(columns, table, false);
  return renderFitting(io.columns, columns, table);
}

function renderFitting(width: number, all: readonly Column[], whole: TableText): string {
  const [columns, table] = withoutEmptyColumns(all, whole);
  for (const [frame, borders] of [
    [BORDERED, true],
    [BARE, false],
  ] as const) {
    const widths = fitColumns(table, frame, width);
    const wrapped = widths === undefined ? undefined : wrapCells(table, widths);
    if (wrapped !== undefined && tallestCell(wrapped) <= MAX_CELL_LINES)
      return draw(columns, wrapped, borders);
  }
  return table.rows
    .map((row) => renderFields(table.titles.map((title, index) => [title, row[index]] as const)))
    .join('\n');
}

function tallestCell({ rows }: TableText): number {
  return Math.max(1, ...rows.flat().map((cell) => cell.split('\n').length));
}

function withoutEmptyColumns(
  columns: readonly Column[],
  { titles, rows, unbroken }: TableText,
): [readonly Column[], TableText] {
  const used = columns.map((_, index) => rows.some((row) => (row[index] ?? '') !== ''));
  const keep = <T>(list: readonly T[]): T[] => list.filter((_, index) => used[index] === true);
  return [keep(columns), { titles: keep(titles), rows: rows.map(keep), unbroken: keep(unbroken) }];
}

function wrapCells(table: TableText, widths: readonly number[]): TableText {
  const wrap = (cells: readonly string[]): string[] =>
    cells.map((cell, index) => wrapText(cell, widths[index] ?? Number.POSITIVE_INFINITY));
  return { ...table, titles: wrap(table.titles), rows: table.rows.map(wrap) };
}

function draw(columns: readonly Column[], { titles, rows }: TableText, borders: boolean): string {
  const wrapped = rows.some((row) => row.some((cell) => cell.includes('\n')));
  const table = new Table({
    head: [...titles],
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: borders
      ? { head: ['bold'], border: [], compact: !wrapped }
      : { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    ...(borders ? {} : { chars: NO_BORDERS }),
  });
  for (const row of rows) table.push([...row]);
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
  const width = Math.max(0, ...shown.map(([name]) => displayWidth(name)));
  return shown
    .map(
      ([name, value]) => `${name}${' '.repeat(width - displayWidth(name))}  ${safeText(value)}\n`,
    )
    .join('');
}

import type { FlatRow, FlatValue } from '@congvan/bus/figures';
import type { Cell, Row, Sheet } from 'write-excel-file/node';

import type { Cli } from '../../context.ts';
import type { StatsColumn } from '../../messages/stats/en.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { type CellKind, CellWriter, kindOf } from '../cells.ts';
import { cutRate } from '../format.ts';
import type { StatsReport } from '../report.ts';
import { aboutReport } from './about.ts';

/** Excel takes no longer text in a cell. */
const MAX_CELL_LENGTH = 32_767;
const VIETNAM_OFFSET_MS = 7 * 3_600_000;
const FORMATS: Readonly<Partial<Record<CellKind, string>>> = {
  count: '#,##0',
  plain: '0',
  rate: '0.0%',
  ms: '#,##0.000',
};
const HEAD = { fontWeight: 'bold', backgroundColor: '#e8e8e8', wrap: true } as const;
const WIDE: ReadonlySet<string> = new Set([
  'name',
  'abstract',
  'from_name',
  'to_name',
  'document_id',
]);
const ABOUT_WIDTH = 44;

/**
 * A workbook: the rows with numbers as numbers and days as days, and a sheet that says what they are
 * about and what is lacking. Text stays text: nothing in it is a formula.
 */
export async function renderXlsx(cli: Cli, report: StatsReport): Promise<Uint8Array> {
  const { default: writeExcelFile } = await import('write-excel-file/node');
  const { FLAT_COLUMNS } = await import('@congvan/bus/figures');
  const { sheets } = cli.messages.stats;
  const figures: Sheet<never> = {
    sheet: sheets.figures,
    data: figureRows(cli, report, FLAT_COLUMNS[report.query.table]),
    columns: FLAT_COLUMNS[report.query.table].map((name) => ({ width: widthOf(name) })),
    stickyRowsCount: 1,
    stickyColumnsCount: report.query.table === 'breakdown' ? 2 : 0,
  };
  const about: Sheet<never> = {
    sheet: sheets.about,
    data: aboutRows(cli, report),
    columns: [{ width: ABOUT_WIDTH }, { width: ABOUT_WIDTH * 2 }],
  };
  return await writeExcelFile([figures, about]).toBuffer();
}

function figureRows(cli: Cli, report: StatsReport, columns: readonly string[]): Row[] {
  const { by } = report.query;
  const writer = new CellWriter(cli, by);
  const head = columns.map((name) => ({ value: titleOf(cli, name), ...HEAD }));
  const cells = (row: FlatRow, style: object): Cell[] =>
    columns.map((name) => cellOf(writer, name, row[name] ?? null, style));
  return [
    head,
    ...report.rows.map((row) => cells(row, {})),
    ...(report.sum === null ? [] : [cells(report.sum, { fontWeight: 'bold' })]),
  ];
}

function titleOf({ messages }: Cli, name: string): string {
  const { columns } = messages.stats;
  return isColumn(columns, name) ? columns[name] : name;
}

function isColumn(columns: object, name: string): name is StatsColumn {
  return Object.hasOwn(columns, name);
}

function cellOf(writer: CellWriter, name: string, value: FlatValue, style: object): Cell {
  if (value === null) return null;
  if (typeof value === 'boolean') return { value, type: Boolean, ...style };
  const kind = kindOf(name, value);
  if (typeof value === 'number') {
    const format = FORMATS[kind];
    return {
      value: shownNumber(kind, value),
      type: Number,
      ...(format !== undefined && { format }),
      ...style,
    };
  }
  if (kind === 'day') {
    return { value: new Date(`${value}T00:00:00Z`), type: Date, format: 'dd/mm/yyyy', ...style };
  }
  if (kind === 'moment') {
    // A workbook knows no zone: the clock of Vietnam stands in it.
    const local = new Date(Date.parse(value) + VIETNAM_OFFSET_MS);
    return { value: local, type: Date, format: 'dd/mm/yyyy hh:mm:ss', ...style };
  }
  return { value: cellText(writer.value(name, value)), type: String, ...style };
}

/** A workbook rounds what it shows: a share is cut before, as everywhere else. */
function shownNumber(kind: CellKind, value: number): number {
  if (kind === 'rate') return cutRate(value);
  return kind === 'ms' ? value / 1_000 : value;
}

function aboutRows(cli: Cli, report: StatsReport): Row[] {
  const { stats } = cli.messages;
  const title = stats.titles[report.query.name];
  const facts = aboutReport(cli, report).map(([name, value]): Row => [
    cellText(name),
    typeof value === 'number' ? value : cellText(value),
  ]);
  const lacking = report.lacking.length === 0 ? [stats.lacking.nothing] : report.lacking;
  return [
    [{ value: title, fontWeight: 'bold' }],
    ...facts,
    [],
    [{ value: stats.lacking.title, fontWeight: 'bold' }],
    ...lacking.map((line): Row => [null, { value: cellText(line), wrap: true }]),
    [],
    [{ value: stats.about.definitions, fontWeight: 'bold' }],
    ...stats.pdf.definitions.map((line): Row => [null, { value: line, wrap: true }]),
  ];
}

function cellText(text: string): string {
  return safeText(text.toWellFormed())
    .replaceAll(/[\u{FFFE}\u{FFFF}]/gu, '')
    .slice(0, MAX_CELL_LENGTH);
}

function widthOf(name: string): number {
  if (WIDE.has(name)) return 40;
  return name === 'key' || name.endsWith('_at') ? 20 : 14;
}

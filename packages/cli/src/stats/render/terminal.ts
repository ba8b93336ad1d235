import type { FiguresAnswer, FlatRow } from '@congvan/bus/figures';

import type { Cli } from '../../context.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import { formatDay } from '../../terminal/time.ts';
import { CellWriter } from '../cells.ts';
import { formatFor } from '../format.ts';
import { describePeriod } from '../periods.ts';
import type { StatsReport, View } from '../report.ts';
import { sparkline } from '../sparkline.ts';

/** From this width on two tables stand side by side. */
const WIDE_COLUMNS = 160;

/** @param history - shares of the months up to the period, the oldest first. */
export function renderReport(
  cli: Cli,
  report: StatsReport,
  history: readonly (number | null)[],
): string {
  const { stats } = cli.messages;
  const { name, views } = report.query;
  const { answer, asOf } = report;
  const format = formatFor(cli);
  const period = describePeriod(cli, answer.period);
  const asOfText = stats.asOf(formatDay(asOf.day), format.count(asOf.record));
  const head = `${stats.titles[name]}, ${period} (${asOfText})\n`;
  const rows = report.sum === null ? report.rows : [...report.rows, report.sum];
  if (rows.length === 0) return `${head}${stats.nothing}\n`;
  const tables = tablesFor(cli, views).map((view) => renderView(cli, report, view, rows));
  return `${head}${headline(cli, answer, report, history)}${tables.join('\n')}`;
}

/** Share, target, period before and the months up to now in one line. */
function headline(
  cli: Cli,
  { figures, before, target }: FiguresAnswer,
  { query }: StatsReport,
  history: readonly (number | null)[],
): string {
  if (!query.hasSum) return '';
  const { stats } = cli.messages;
  const format = formatFor(cli);
  const rate = figures.rate_electronic;
  const parts: string[] = [];
  const bound = figures.lower_bound ? '≥ ' : '';
  if (rate !== null) parts.push(`${stats.columns.rate_electronic} ${bound}${format.rate(rate)}`);
  if (target !== null) parts.push(`${stats.columns.target} ${format.rate(target)}`);
  if (rate !== null && before !== null && before.rate_electronic !== null) {
    parts.push(`${stats.columns.change} ${format.points(rate - before.rate_electronic)}`);
  }
  if (history.some((one) => one !== null)) {
    parts.push(`${stats.lastPeriods(history.length)} ${sparkline(history)}`);
  }
  return parts.length === 0 ? '' : `${parts.join(' · ')}\n`;
}

/** On a terminal as many side by side as its width takes; a file has lines of any length. */
function tablesFor({ io }: Pick<Cli, 'io'>, views: readonly View[]): readonly View[] {
  if (!io.outIsTty) return [mergeViews(views)];
  if (io.columns < WIDE_COLUMNS) return views;
  return [mergeViews(views.slice(0, 2)), ...views.slice(2)];
}

/** The columns of all views once each. */
function mergeViews(views: readonly View[]): View {
  const merged = new Map(views.flat());
  return [...merged];
}

function renderView(
  cli: Cli,
  { query }: StatsReport,
  view: View,
  rows: readonly FlatRow[],
): string {
  const writer = new CellWriter(cli, query.by);
  const columns = view.map(([name]): Column => ({
    title: writer.title(name),
    align: writer.isNumeric(name, rows) ? 'right' : 'left',
  }));
  const cells = rows.map((row) => view.map(([name]) => writer.text(name, row)));
  return renderTable(cli.io, columns, cells);
}

import { stringify } from 'csv-stringify/sync';

import { FLAT_COLUMNS, type FlatTable, type FlatValue, flattenRow } from './flat-row.ts';

/** The names of the columns as the first line of a file. */
export function csvHeader(table: FlatTable): string {
  return lines([FLAT_COLUMNS[table]]);
}

/**
 * Rows of an answer as CSV (RFC 4180), in the columns of {@link csvHeader}. A text that a spreadsheet
 * would run as a formula gets a quote in front.
 */
export function csvRows(table: FlatTable, rows: readonly object[]): string {
  return lines(rows.map((row) => Object.values(flattenRow(table, row))));
}

function lines(rows: readonly (readonly FlatValue[])[]): string {
  return stringify(
    rows.map((row) => [...row]),
    {
      escape_formulas: true,
      record_delimiter: '\r\n',
      quoted_match: /[\r\n]/u,
      cast: { boolean: (value) => String(value) },
    },
  );
}

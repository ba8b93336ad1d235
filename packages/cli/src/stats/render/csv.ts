import type { Page } from '@congvan/bus/figures';

import type { StatsQuery } from '../report.ts';

/** What Excel needs to take a file for UTF-8. Files get it; programs that read stdout do not want it. */
const MARK = '\u{FEFF}';

/** Rows in the columns of the API; page by page, so that no list is too long. */
export async function* renderCsv(
  { table }: StatsQuery,
  pages: AsyncIterable<Page<object>>,
  isFile: boolean,
): AsyncGenerator<string> {
  const { csvHeader, csvRows } = await import('@congvan/bus/figures');
  yield `${isFile ? MARK : ''}${csvHeader(table)}`;
  for await (const page of pages) yield csvRows(table, page.rows);
}

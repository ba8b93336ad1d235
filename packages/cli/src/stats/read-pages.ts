import { setImmediate } from 'node:timers/promises';

import type { Page, PageRequest } from '@congvan/bus/figures';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { startProgress } from '../terminal/progress.ts';

/** Rows of one question; the relay gives no more. */
export const MAX_LIMIT = 1_000;
/** Rows that are held at once, for tables, workbooks and JSON; CSV goes out page by page. */
export const MAX_ROWS_HELD = 100_000;

export type Ask = (paging: PageRequest) => Page<object>;

export interface Wanted {
  readonly limit: number;
  /** Every row, page by page. */
  readonly all: boolean;
}

export interface WantedAtOnce extends Wanted {
  /** {@link MAX_ROWS_HELD} unless told; whole pages are read. */
  readonly maxRows?: number;
}

/**
 * The pages of an answer: one, or with `all` every one, with a bar on the terminal.
 *
 * @throws {@link CliError} `CLI_GIVEN_UP` after Ctrl-C.
 */
export async function* readPages(
  cli: Cli,
  ask: Ask,
  { limit, all }: Wanted,
): AsyncGenerator<Page<object>> {
  if (!all) {
    yield ask({ limit });
    return;
  }
  const signal = cli.stopSignal();
  if (signal.aborted) throw new CliError('CLI_GIVEN_UP', cli.messages.stats.stopped);
  let page = ask({ limit: MAX_LIMIT });
  using progress = startProgress(cli.io, cli.messages.stats.reading, page.total ?? 0);
  for (;;) {
    yield page;
    progress.advance(page.rows.length);
    if (page.next === null) return;
    // Reading does not wait for anything: without this pause nobody would hear Ctrl-C.
    await setImmediate();
    if (signal.aborted) throw new CliError('CLI_GIVEN_UP', cli.messages.stats.stopped);
    page = ask({ limit: MAX_LIMIT, after: page.next });
  }
}

/** The same as one page; `next` tells where `maxRows` cut it. */
export async function readRows(
  cli: Cli,
  ask: Ask,
  { maxRows = MAX_ROWS_HELD, ...wanted }: WantedAtOnce,
): Promise<Page<object>> {
  const rows: object[] = [];
  let last: Page<object> | undefined;
  for await (const page of readPages(cli, ask, wanted)) {
    rows.push(...page.rows);
    last = page;
    if (rows.length >= maxRows) break;
  }
  if (last === undefined) throw new TypeError('an answer has at least one page');
  return { ...last, rows };
}

import type { Page, PageRequest, RelayReader } from '@congvan/bus/figures';
import type { Signer } from '@congvan/signer';
import type { Command } from 'commander';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { writeNewFile } from '../documents/write-new-file.ts';
import { CliError } from '../errors.ts';
import { requireRelay } from '../home/relay.ts';
import { printNote, printResult } from '../output.ts';
import { renderFields } from '../terminal/table.ts';
import { formatFor } from './format.ts';
import { lackingOf } from './lacking.ts';
import { type StatsOptions, requestOf } from './options.ts';
import { type Outputs, planOutputs } from './outputs.ts';
import { monthsUpTo } from './periods.ts';
import { type Ask, readPages, readRows } from './read-pages.ts';
import type { StatsQuery, StatsReport } from './report.ts';
import { renderCsv } from './render/csv.ts';
import { renderReport } from './render/terminal.ts';
import { openReportSigner, signReport } from './sign-report.ts';

/** What a command has to say beyond the rows, with `--json`. */
export type MoreJson = (
  relay: RelayReader,
  report: StatsReport,
  read: ReadRows,
) => object | Promise<object>;

/** Reads a further list as far as the command line wants its rows. */
export type ReadRows = (ask: Ask) => Promise<Page<object>>;

interface Written {
  readonly file: string;
  readonly rows: number;
  readonly signer?: string;
  readonly level?: string;
}

/** Asks the relay of this home, and gives the answer where the command line wants it. */
export async function runStats(
  cli: Cli,
  command: Command,
  options: StatsOptions,
  query: StatsQuery,
  more: MoreJson = () => ({}),
): Promise<void> {
  const globals = command.optsWithGlobals<GlobalOptions>();
  const home = await requireRelay(cli, globals);
  const outputs = await planOutputs(cli, globals, options);
  // Asks for a passphrase, if any, before the work and not after it.
  await using signer =
    outputs.pdf === undefined ? undefined : await openReportSigner(cli, home, options);
  const { openRelayReader } = await import('@congvan/bus/figures');
  using reader = openRelayReader(home);
  const run = new StatsRun(cli, globals, { home, query, options, outputs, reader, more });
  await run.give(signer);
}

interface Task {
  readonly home: string;
  readonly query: StatsQuery;
  readonly options: StatsOptions;
  readonly outputs: Outputs;
  readonly reader: RelayReader;
  readonly more: MoreJson;
}

/** One question and where its answer goes. */
class StatsRun {
  readonly #cli: Cli;
  readonly #globals: GlobalOptions;
  readonly #task: Task;
  readonly #request;
  readonly #wanted;
  #lastCsvPage: Page<object> | undefined;
  #csvRows = 0;

  constructor(cli: Cli, globals: GlobalOptions, task: Task) {
    this.#cli = cli;
    this.#globals = globals;
    this.#task = task;
    this.#request = requestOf(cli, globals, task.options);
    this.#wanted = { limit: task.options.limit, all: task.options.all === true };
  }

  async give(signer: Signer | undefined): Promise<void> {
    const { outputs, query } = this.#task;
    const isCsv = outputs.csvToStdout || outputs.csv !== undefined;
    const isCsvOnly = isCsv && outputs.xlsx === undefined && outputs.pdf === undefined;
    // CSV is read page by page, and nothing else needs the rows then.
    const report = await this.#collect(isCsvOnly ? { limit: 1, all: false } : this.#wanted);
    const written = await this.#writeFiles(report, signer);
    if (outputs.csvToStdout) {
      for await (const piece of renderCsv(query, this.#csvPages(), false)) this.#cli.io.out(piece);
    } else if (written.length > 0) this.#tell(written);
    else await this.#print(report);
    this.#note(report.lacking);
    if (!isCsvOnly) this.#noteCut(report.page, report.rows.length);
    else if (this.#lastCsvPage !== undefined) this.#noteCut(this.#lastCsvPage, this.#csvRows);
  }

  async #collect(wanted: { limit: number; all: boolean }): Promise<StatsReport> {
    const { reader, query } = this.#task;
    const { flattenRow } = await import('@congvan/bus/figures');
    const request = this.#request;
    const answer = reader.figures(request);
    const page = await readRows(this.#cli, this.#ask, wanted);
    const { all } = this.#cli.messages.stats;
    const { figures, before, target, agencies, agencies_silent } = answer;
    const { isOfSenders } = query;
    const total = { key: '', name: all, figures, before, target, agencies, agencies_silent };
    return {
      query,
      request,
      answer,
      asOf: page.as_of,
      page,
      rows: page.rows.map((row) => flattenRow(query.table, row)),
      sum: query.hasSum ? flattenRow('breakdown', total) : null,
      lacking: await lackingOf(this.#cli, reader, { request, answer, isOfSenders }),
    };
  }

  #ask = (paging: PageRequest): Page<object> =>
    this.#task.query.ask(this.#task.reader, this.#request, paging);

  async *#csvPages(): AsyncGenerator<Page<object>> {
    this.#csvRows = 0;
    for await (const page of readPages(this.#cli, this.#ask, this.#wanted)) {
      this.#csvRows += page.rows.length;
      this.#lastCsvPage = page;
      yield page;
    }
  }

  async #writeFiles(report: StatsReport, signer: Signer | undefined): Promise<Written[]> {
    const { outputs } = this.#task;
    const written: Written[] = [];
    const { stats } = this.#cli.messages;
    // From here on Ctrl-C is heard between two files: what is begun is finished or not there.
    const signal = this.#cli.stopSignal();
    const throwIfStopped = (): void => {
      if (signal.aborted) throw new CliError('CLI_GIVEN_UP', stats.stopped);
    };
    throwIfStopped();
    if (outputs.csv !== undefined) written.push(await this.#writeCsv(outputs.csv));
    throwIfStopped();
    if (outputs.xlsx !== undefined) {
      const { renderXlsx } = await import('./render/xlsx.ts');
      const bytes = await renderXlsx(this.#cli, report);
      await writeNewFile(this.#cli, outputs.xlsx, bytes, outputs.force);
      written.push({ file: outputs.xlsx, rows: report.rows.length });
    }
    throwIfStopped();
    if (outputs.pdf !== undefined && signer !== undefined) {
      written.push(await this.#writePdf(outputs.pdf, report, signer));
    }
    return written;
  }

  async #writeCsv(file: string): Promise<Written> {
    const { outputs, query } = this.#task;
    const pieces = renderCsv(query, this.#csvPages(), true);
    await writeNewFile(this.#cli, file, pieces, outputs.force);
    return { file, rows: this.#csvRows };
  }

  async #writePdf(file: string, report: StatsReport, signer: Signer): Promise<Written> {
    const { home, options, outputs } = this.#task;
    const { readRelayConfig } = await import('@congvan/bus/figures');
    const { MAX_PDF_ROWS, renderPdf } = await import('./render/pdf.ts');
    const { name: issuer } = await readRelayConfig(home);
    const { commonName, subjectText } = signer.certificate;
    const signedAt = this.#cli.now();
    const who = { issuer, name: commonName ?? subjectText, signedAt };
    const drawn = await renderPdf(this.#cli, report, options, who);
    const { bytes, level } = await signReport(this.#cli, drawn, signer, signedAt, options);
    await writeNewFile(this.#cli, file, bytes, outputs.force);
    const rows = Math.min(report.rows.length, MAX_PDF_ROWS);
    return { file, rows, signer: subjectText, level };
  }

  async #print(report: StatsReport): Promise<void> {
    const { more, reader, query } = this.#task;
    if (this.#globals.json === true) {
      const read: ReadRows = async (ask) => await readRows(this.#cli, ask, this.#wanted);
      const said = { ...(await more(reader, report, read)), ...report.page };
      printResult(this.#cli, this.#globals, said, () => '');
      return;
    }
    const period = monthsUpTo(
      report.answer.period.to < report.asOf.day ? report.answer.period.to : report.asOf.day,
    );
    const history = query.hasSum
      ? reader
          .breakdown({ ...report.request, period, by: 'month' })
          .rows.map(({ figures }) => figures.rate_electronic)
      : [];
    this.#cli.io.out(renderReport(this.#cli, report, history));
  }

  #tell(written: readonly Written[]): void {
    const { stats } = this.#cli.messages;
    printResult(this.#cli, this.#globals, { files: written }, () =>
      written
        .map(({ file, rows, signer, level }) =>
          renderFields([
            [stats.wrote, file],
            [stats.rows, rows],
            [stats.pdf.signer, signer],
            [stats.pdf.level, level],
          ]),
        )
        .join(''),
    );
  }

  #note(lacking: readonly string[]): void {
    const { note } = this.#cli.messages.text;
    for (const line of lacking) printNote(this.#cli, this.#globals, `${note}: ${line}`);
  }

  #noteCut(page: Page<object>, rows: number): void {
    if (page.next === null) return;
    const { stats } = this.#cli.messages;
    const { count } = formatFor(this.#cli);
    const shown = count(rows);
    const text = this.#wanted.all
      ? stats.rowsLeftOut(shown)
      : stats.moreRows(shown, page.total === null ? null : count(page.total));
    this.#note([text]);
  }
}

import type { FlatRow } from '@congvan/bus/figures';

import type { Cli } from '../../context.ts';
import type { Bar, Block, TableColumn } from '../../drawing/blocks.ts';
import type { BodyLook } from '../../drawing/body.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { dayInVietnam, formatDay, formatTime } from '../../terminal/time.ts';
import { CellWriter, isTimeKey } from '../cells.ts';
import { formatFor } from '../format.ts';
import type { OutputOptions } from '../outputs.ts';
import { describePeriod, shortPeriod } from '../periods.ts';
import type { StatsReport, View } from '../report.ts';
import { scopeOf } from './about.ts';

/** Rows on paper; nobody reads more, and CSV has them all. */
export const MAX_PDF_ROWS = 1_000;
const MAX_BARS = 36;
/** One long text is not to push all others off the page. */
const MAX_CELL_LETTERS = 240;
/** Narrower than the column of the agency, the narrowest place for a word. */
const TITLE_WORD_WIDTH = 150;
/** Where a number will be entered by hand or by a later stamp. */
const BLANK_NUMBER = '        ';
const ROMAN = ['I', 'II', 'III', 'IV', 'V', 'VI'] as const;

/** Text of 13 points as Decree 30/2020, appendix I, has it; tables are smaller to be wide enough. */
const LOOK: BodyLook = {
  body: { face: 'regular', size: 13 },
  basis: { face: 'italic', size: 13 },
  heading: { face: 'bold', size: 13 },
  tableHead: { face: 'bold', size: 10 },
  tableCell: { face: 'regular', size: 10 },
  firstIndent: 28,
};

/** Who a report is from and who signs it. */
export interface ReportSigner {
  /** The agency that issues it unless another is named. */
  readonly issuer: string;
  /** Of the certificate. */
  readonly name: string;
  readonly signedAt: Date;
}

/** The report as an official document in the layout of Decree 30/2020, ready to be signed. */
export async function renderPdf(
  cli: Cli,
  report: StatsReport,
  options: OutputOptions,
  signer: ReportSigner,
): Promise<Uint8Array> {
  const { drawDocument } = await import('../../drawing/official/draw-document.ts');
  const { drawableBlock, drawableText } = await import('../../drawing/drawable.ts');
  const { fitColumns } = await import('../../drawing/fit-columns.ts');
  const { loadTypefaces } = await import('../../drawing/typefaces.ts');
  const typefaces = await loadTypefaces();
  const { pdf } = cli.messages.stats;
  const { name } = report.query;
  const clean = (text: string): string =>
    drawableText(safeText(text), typefaces, LOOK.heading, TITLE_WORD_WIDTH);
  const fit = (block: Block): Block =>
    block.kind === 'table'
      ? { ...block, columns: fitColumns(block.columns, block.rows, typefaces, LOOK) }
      : block;
  const issuer = clean(options.issuer ?? signer.issuer);
  const [codeNumber = '', ...notation] = (options.number ?? '').split('/');
  const abstract = pdf.inPeriod(pdf.titles[name], describePeriod(cli, report.answer.period));
  const { place, issuerParent } = options;
  const signatory = clean(options.signatory ?? signer.name);
  return await drawDocument({
    language: cli.language,
    look: LOOK,
    ...(issuerParent === undefined ? {} : { parentAgency: clean(issuerParent) }),
    agencyLines: [issuer],
    codeNumber: codeNumber === '' ? BLANK_NUMBER : clean(codeNumber),
    codeNotation: clean(notation.join('/')) || pdf.notation,
    ...(place === undefined ? {} : { place: clean(place) }),
    issuedOn: dayInVietnam(signer.signedAt),
    typeName: pdf.type,
    abstract: clean(abstract),
    body: bodyOf(cli, report).map((block) => drawableBlock(fit(block), typefaces, LOOK)),
    recipients: (options.recipient ?? []).map(clean),
    archive: pdf.archiveOf,
    signatory: {
      titleLines: [options.position === undefined ? issuer : clean(options.position)].map((line) =>
        line.toLocaleUpperCase('vi'),
      ),
      fullName: signatory,
      remarks: [
        signatory === clean(signer.name) ? pdf.digital : `${pdf.signedBy} ${clean(signer.name)}`,
        pdf.signedAt(formatTime(signer.signedAt)),
      ],
    },
  });
}

function bodyOf(cli: Cli, report: StatsReport): Block[] {
  const { stats } = cli.messages;
  const { sections } = stats.pdf;
  const { query, lacking } = report;
  const parts: [title: string, blocks: Block[]][] = [];
  const tables = (query.paperViews ?? query.views).map((view) => tableOf(cli, report, view));
  if (query.hasSum) {
    const [share, deliveries, apart] = tables;
    const chart = query.name === 'trend' ? chartOf(cli, report) : undefined;
    if (chart !== undefined) parts.push([sections.chart, [chart]]);
    if (share !== undefined) parts.push([sections.share, [share]]);
    if (deliveries !== undefined) parts.push([sections.deliveries, [deliveries]]);
    if (apart !== undefined) parts.push([sections.apart, [apart]]);
  } else if (report.rows.length > 0) {
    parts.push([sections.list, tables]);
  } else {
    parts.push([sections.list, [paragraph(`${capital(stats.nothing)}.`)]]);
  }
  const left = leftOut(cli, report);
  if (left !== undefined) parts.at(-1)?.[1].push(paragraph(left));
  const lines = lacking.length === 0 ? [stats.lacking.nothing] : lacking.map(sentence);
  parts.push([sections.lacking, lines.map((line) => paragraph(line))]);
  parts.push([sections.definitions, stats.pdf.definitions.map((line) => paragraph(line))]);
  return [
    ...introduction(cli, report).map((line) => paragraph(line)),
    ...parts.flatMap(([title, blocks], index): Block[] => [
      { kind: 'heading', text: `${ROMAN[index]}. ${title}` },
      ...blocks,
    ]),
  ];
}

/** What the report covers and, of figures, what they say, in sentences. */
function introduction(cli: Cli, { query, request, answer, asOf }: StatsReport): string[] {
  const { pdf, about } = cli.messages.stats;
  const { figures, before, target, period } = answer;
  const format = formatFor(cli);
  const scope = scopeOf(cli, request).map(([name, value]) => `${name.toLowerCase()} ${value}`);
  const what = scope.length === 0 ? about.everything : scope.join(', ');
  const covers = [
    pdf.scope(what, formatDay(period.from), formatDay(period.to)),
    pdf.source(format.count(asOf.record), formatDay(asOf.day)),
  ].join(' ');
  if (!query.hasSum) return [covers];
  const { E, EP, P, rate_electronic: rate, lower_bound: isLower } = figures;
  const counts = [E + EP + P, E, EP, P].map((one) => format.count(one));
  const [all = '', e = '', ep = '', p = ''] = counts;
  const share = [pdf.summary(all, e, ep, p)];
  if (rate === null) share.push(pdf.noRate);
  else share.push((isLower ? pdf.rateAtLeast : pdf.rate)(format.rate(rate)));
  if (rate !== null && target !== null) {
    share.push(pdf.target(format.rate(target), format.points(rate - target)));
  }
  const rateBefore = before?.rate_electronic ?? null;
  if (rate !== null && rateBefore !== null) {
    share.push(pdf.before(format.rate(rateBefore), format.points(rate - rateBefore)));
  }
  const { deliveries, receipted, overdue } = figures;
  const [sent = '', heard = '', late = ''] = [deliveries, receipted, overdue].map((one) =>
    format.count(one),
  );
  return [covers, share.join(' '), pdf.deliveries(sent, heard, late)];
}

function tableOf(cli: Cli, { query, rows, sum }: StatsReport, view: View): Block {
  const writer = new CellWriter(cli, query.by);
  const shown = rows.slice(0, MAX_PDF_ROWS);
  const whole = view.reduce((total, [, width]) => total + width, 0);
  const columns = view.map(([name, width]): TableColumn => ({
    title: capital(writer.title(name)),
    share: width / whole,
    align: writer.isNumeric(name, sum === null ? shown : [...shown, sum]) ? 'right' : 'left',
  }));
  const cells = (row: FlatRow): string[] =>
    view.map(([name]) => cellText(capital(writer.text(name, row))));
  const drawn = [...shown, ...(sum === null ? [] : [sum])].map(cells);
  return { kind: 'table', columns, rows: drawn, hasTotal: sum !== null };
}

function chartOf(cli: Cli, { query, rows }: StatsReport): Block | undefined {
  if (!isTimeKey(query.by) || rows.length < 2) return undefined;
  const format = formatFor(cli);
  const bars = rows.slice(-MAX_BARS).map((row): Bar => {
    const value = numberOf(row['rate_electronic']);
    return {
      value,
      shown: value === null ? '' : format.rate(value).replace(' %', ''),
      label: shortPeriod(String(row['key'])),
      mark: numberOf(row['target']),
    };
  });
  return { kind: 'chart', bars };
}

/** Says where the table ends before the list does. */
function leftOut(cli: Cli, { rows, page }: StatsReport): string | undefined {
  const { stats } = cli.messages;
  const format = formatFor(cli);
  if (rows.length > MAX_PDF_ROWS) {
    return sentence(stats.rowsLeftOut(format.count(MAX_PDF_ROWS)));
  }
  if (page.next === null) return undefined;
  const total = page.total === null ? null : format.count(page.total);
  return sentence(stats.moreRows(format.count(rows.length), total));
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function paragraph(text: string): Block {
  return { kind: 'paragraph', text: closePercent(safeText(text)) };
}

function cellText(text: string): string {
  const safe = closePercent(safeText(text));
  return safe.length <= MAX_CELL_LETTERS ? safe : `${safe.slice(0, MAX_CELL_LETTERS)}…`;
}

/** On paper nothing else keeps the sign on the line of its number. */
function closePercent(text: string): string {
  return text.replaceAll(/(\d) %/gu, '$1%');
}

function sentence(text: string): string {
  return `${capital(text)}.`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toLocaleUpperCase('vi')}${text.slice(1)}`;
}

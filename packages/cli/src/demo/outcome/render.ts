import { relative } from 'node:path';

import { nameOfStatus, TIERS } from '@congvan/bus';
import type { Agent, TrackedDocument } from '@congvan/node-agent';

import type { Io } from '../../context.ts';
import type { DemoTexts } from '../../messages/demo/en.ts';
import type { Messages } from '../../messages/index.ts';
import { renderTable } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';
import { castAgency } from '../agencies.ts';
import { COUNTED_STATUSES, type DemoFigures } from '../figures.ts';
import { padNumber } from '../texts/text.ts';
import type { CollectedShare } from './collect-figures.ts';
import type { Exported } from './export-files.ts';

/** What the texts of the outcome are made with. */
export interface RenderContext {
  readonly io: Pick<Io, 'outIsTty' | 'columns'>;
  readonly texts: DemoTexts;
  readonly messages: Messages;
}

/** One document and every step of each of its deliveries. */
export function renderTracking(context: RenderContext, tracked: TrackedDocument): string {
  const { io, texts } = context;
  const { columns } = texts;
  const code = `${padNumber(tracked.codeNumber)}/${tracked.codeNotation}`;
  const rows = tracked.deliveries.flatMap((delivery) =>
    delivery.steps.map((step, index) => [
      index === 0 ? `${delivery.to} ${castAgency(delivery.to).shortName}` : '',
      `${step.status} ${nameOfStatus(step.status, texts.language)}`,
      formatTime(step.at),
      [step.reasonCode, step.incomingNumber].filter((part) => part !== null).join(' '),
    ]),
  );
  const paper = tracked.paperTo.map((name) => [name, 'P', '', '']);
  const table = renderTable(
    io,
    [
      { title: columns.agency },
      { title: columns.status },
      { title: columns.at },
      { title: columns.note },
    ],
    [...rows, ...paper],
  );
  return `\n${texts.trackTitle}: ${code}, ${tracked.abstract}\n${table}`;
}

/** The share of each tier, and who has reported nothing. */
export function renderShare(context: RenderContext, share: CollectedShare): string {
  const { io, texts } = context;
  const { columns } = texts;
  const right = (title: string) => ({ title, align: 'right' }) as const;
  const table = renderTable(
    io,
    [
      { title: columns.tier },
      right('E'),
      right('E+P'),
      right('P'),
      right(columns.rateElectronic),
      right(columns.rateAny),
      right(columns.rateSigned),
      right(columns.deliveries),
    ],
    [...TIERS, 'all' as const].map((tier) => {
      const { E, EP, P, rate_electronic, rate_any, rate_signed, deliveries } = share.tiers[tier];
      const rates = [rate_electronic, rate_any, rate_signed].map((rate) => showRate(context, rate));
      return [texts.tiers[tier], E, EP, P, ...rates, deliveries];
    }),
  );
  const silent = share.silent.join(', ');
  const note = silent === '' ? '' : `${texts.silentNote}: ${silent}\n`;
  return `\n${texts.shareTitle}\n${table}${note}`;
}

function showRate({ texts }: RenderContext, rate: number | null): string {
  if (rate === null) return '–';
  const percent = (rate * 100).toFixed(1);
  return `${texts.language === 'vi' ? percent.replace('.', ',') : percent} %`;
}

/** What each agency keeps apart, and why. */
export function renderQuarantine(context: RenderContext, agents: readonly Agent[]): string {
  const { io, texts, messages } = context;
  const { columns } = texts;
  const yesNo = (value: boolean): string => (value ? messages.text.yes : messages.text.no);
  const rows = agents.flatMap((agent) =>
    agent
      .listQuarantine()
      .map((row) => [
        agent.code,
        row.finding,
        messages.findings[row.finding],
        row.claimedFrom ?? '?',
        yesNo(row.refusalSent),
      ]),
  );
  const table = renderTable(
    io,
    [
      { title: columns.agency },
      { title: columns.finding },
      { title: columns.detail },
      { title: columns.claimedFrom },
      { title: columns.refused },
    ],
    rows,
  );
  return `\n${texts.quarantineTitle}\n${table}`;
}

/** The figures in one line. */
export function renderFigures({ texts }: RenderContext, figures: DemoFigures): string {
  const { agencies, dispatches, deliveries, quarantined } = figures;
  const receipts = COUNTED_STATUSES.map((status) => `${status}×${figures.receipts[status]}`);
  const line = texts.figures({
    agencies,
    dispatches,
    deliveries,
    receipts: receipts.join(' '),
    quarantined,
    duplicates: figures.duplicates_suppressed,
    seconds: (figures.elapsed_ms / 1_000).toFixed(1),
  });
  return `\n${line}\n`;
}

/** Where the files lie and how other programs judge them, ready to be pasted. */
export function renderFiles({ texts }: RenderContext, exported: Exported): string {
  const [first] = exported.documents;
  if (first === undefined) return '';
  const inFolder = (file: string): string => shellQuote(relative(exported.folder, file));
  const { pdf, manifest, signature } = first;
  return [
    `\n${texts.filesTitle} (${texts.lookAt})`,
    `  cd ${shellQuote(exported.folder)}`,
    `# ${texts.judgeBy}`,
    `  pdfsig ${inFolder(pdf)}`,
    `  qpdf --check ${inFolder(pdf)}`,
    `  openssl cms -verify -cades -binary -inform DER -in ${inFolder(signature)} \\`,
    `    -content ${inFolder(manifest)} -CAfile ${inFolder(exported.rootCertificate)} -out /dev/null`,
    '',
  ].join('\n');
}

/** How to go on in the demo's home with the command itself. */
export function renderUsage(
  { texts }: RenderContext,
  home: { readonly root: string; readonly passphraseFile: string },
  agency: string,
  pdf: string,
): string {
  return [
    `# ${texts.goOn}`,
    // `npx` finds the command from here, and not from the folder of the lines above.
    `  cd ${shellQuote(process.cwd())}`,
    `  export CONGVAN_HOME=${shellQuote(home.root)} CONGVAN_PASSPHRASE_FILE=${shellQuote(home.passphraseFile)}`,
    `  npx congvan stats share --by agency`,
    `  npx congvan --agency ${agency} inbox --state all`,
    `  npx congvan --agency ${agency} inbox --quarantine`,
    `  npx congvan verify ${shellQuote(pdf)}`,
    '',
  ].join('\n');
}

/** Quotes what a POSIX shell would not take as it stands. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

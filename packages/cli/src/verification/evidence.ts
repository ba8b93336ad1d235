import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { EvidenceCheck, EvidenceReport } from '@congvan/bus/evidence';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { exitOfIndication } from '../exit-codes.ts';
import { pathExists } from '../home/layout.ts';
import { findTrustFolder } from '../home/trust-folder.ts';
import { printNote, printResult } from '../output.ts';
import { safeText } from '../terminal/safe-text.ts';
import { renderFields, renderTable } from '../terminal/table.ts';
import { formatTime } from '../terminal/time.ts';

/** Checks shown to a person; `--json` has all of them. */
const MAX_SHOWN = 200;

const MARK = Buffer.from('"format": "congvan-evidence/');

/** Whether a container is an evidence file, a damaged one too. */
export function isEvidence(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(MARK);
}

/** Verifies an evidence file, prints the report and sets the exit code. */
export async function verifyEvidenceFile(
  cli: Cli,
  globals: GlobalOptions,
  input: {
    readonly file: string;
    readonly bytes: Uint8Array;
    /** The trust folder that the user named. */
    readonly trust: string | undefined;
    /** The time of this check. */
    readonly at: Date;
  },
): Promise<void> {
  const { evidence, text } = cli.messages;
  const { file, bytes } = input;
  const folder = await findTrustFolder(cli, input.trust, globals);
  const { createTrustStore, loadTrustStore, parseCertificate } = await import('@congvan/signer');
  const { verifyEvidence } = await import('@congvan/bus/evidence');
  const trust =
    folder === undefined ? createTrustStore({ anchors: [] }) : await loadTrustStore(folder);
  const pinned = folder === undefined ? undefined : join(folder, 'registrar.crt');
  const rootCertificate =
    pinned !== undefined && (await pathExists(pinned))
      ? parseCertificate(await readFile(pinned)).der
      : null;
  const report = verifyEvidence(bytes, { trust, rootCertificate, now: input.at });
  printResult(cli, globals, { file, trust: folder ?? null, ...report }, () =>
    render(cli, file, report),
  );
  if (rootCertificate === null) {
    const next = folder === undefined ? text.noTrustGiven : evidence.noRegistrarHint;
    printNote(cli, globals, `${text.hint}: ${next}`);
  }
  cli.setExitCode(exitOfIndication(report.indication));
}

function render(cli: Cli, file: string, report: EvidenceReport): string {
  const { evidence, text, files } = cli.messages;
  const { exporter, facts, damages, lacking } = report;
  const head = renderFields([
    [text.file, file],
    [text.result, `${verdictOf(report)}: ${files.indications[report.indication]}`],
    [text.detail, safeText(report.detail)],
    [text.judgedAt, formatTime(report.at)],
    [evidence.exportedBy, exporter && `${exporter.code} (${evidence.roles[exporter.role]})`],
    [evidence.exportedAt, report.exportedAt && formatTime(new Date(report.exportedAt))],
    [files.provenAt, provenAt(cli, report)],
    [text.documentId, facts?.document.documentId ?? null],
    [text.packageDigest, facts?.document.packageDigest ?? null],
    [text.number, facts?.number ?? null],
    [text.abstract, facts?.abstract ?? null],
    ...(facts?.deliveries ?? [])
      .slice(0, MAX_SHOWN)
      .map(
        ({ to, receipts }) =>
          [text.to, `${to} ${receipts.map(({ status }) => status).join(' ')}`] as const,
      ),
    [evidence.lackingTitle, lacking.map((one) => evidence.lacking[one]).join('; ')],
    ...damages.slice(0, MAX_SHOWN).map(({ entry, offset, detail }) => {
      const where = [entry ?? '', offset === null ? '' : evidence.byte(offset)];
      const place = where.filter((one) => one !== '').join(', ');
      return [evidence.damaged, safeText(`${place}: ${detail}`)] as const;
    }),
  ]);
  return report.checks.length === 0 ? head : `${head}\n${renderChecks(cli, report.checks)}`;
}

/** Of a file that could be opened: when it was written, or that nothing proves it. */
function provenAt(cli: Cli, { provenAt: at, exporter }: EvidenceReport): string | null {
  if (at !== null) return formatTime(at);
  return exporter === null ? null : cli.messages.evidence.notProven;
}

/** What did not pass comes first; certificates and lists have no line of their own. */
function renderChecks(cli: Cli, checks: readonly EvidenceCheck[]): string {
  const { evidence, text } = cli.messages;
  const passed = checks.filter(({ indication }) => indication === 'TOTAL-PASSED');
  const others = checks.filter(({ indication }) => indication !== 'TOTAL-PASSED');
  const shown = [...others, ...passed].slice(0, MAX_SHOWN);
  const table = renderTable(
    cli.io,
    [
      { title: evidence.part },
      { title: text.result },
      { title: text.signedBy },
      { title: evidence.time },
      { title: text.detail },
    ],
    shown.map((check) => [
      safeText(`${evidence.kinds[check.kind]} ${check.entry}`),
      verdictOf(check),
      check.signedBy ?? '',
      check.at === null || check.timeFrom === null
        ? ''
        : evidence.judgedAt(formatTime(check.at), evidence.timeFrom[check.timeFrom]),
      safeText(check.detail),
    ]),
  );
  const left = checks.length - shown.length;
  return left === 0 ? table : `${table}${evidence.more(left)}\n`;
}

function verdictOf({
  indication,
  subIndication,
}: Pick<EvidenceCheck, 'indication' | 'subIndication'>): string {
  return subIndication === null ? indication : `${indication} (${subIndication})`;
}

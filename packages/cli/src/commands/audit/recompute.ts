import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { AuditFinding, AuditReport } from '@congvan/bus/relay';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { sizeOfFile } from '../../home/input-file.ts';
import { printResult } from '../../output.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { withProgress } from '../../terminal/stream-progress.ts';
import { renderFields } from '../../terminal/table.ts';

interface RecomputeCommandOptions {
  readonly trust: string;
  readonly registrar?: string;
}

const MAX_FINDINGS_PRINTED = 200;

/** `congvan audit recompute`: needs nothing but the file, own anchors and the registrar's fingerprint. */
export function auditRecomputeCommand(cli: Cli): Command {
  return newCommand(cli, 'recompute', 'auditRecompute')
    .addArgument(newArgument(cli, '<file>', 'auditFile'))
    .addOption(newOption(cli, '--trust <folder>', 'auditTrust').makeOptionMandatory())
    .addOption(newOption(cli, '--registrar <sha256>', 'auditRegistrar'))
    .action(async (file: string, options: RecomputeCommandOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await sizeOfFile(cli, file);
      const { loadTrustStore, parseCertificates } = await import('@congvan/signer');
      const { recomputeAudit } = await import('@congvan/bus/relay');
      const trust = await loadTrustStore(options.trust);
      const registrar =
        options.registrar ?? (await pinnedRegistrar(cli, options.trust, parseCertificates));
      const { audit } = cli.messages;
      const report = await withProgress(
        cli,
        audit.reading,
        100,
        async ({ onProgress, signal }) =>
          await recomputeAudit({
            file,
            trust,
            registrar,
            signal,
            onProgress: (records, of) => onProgress(Math.floor((records / Math.max(of, 1)) * 100)),
          }),
        audit.recomputeStopped,
      );
      printResult(cli, globals, report, () => renderReport(cli, report));
      if (!report.ok) cli.setExitCode(EXIT.verificationFailed);
    });
}

/** `registrar.crt` of the auditor's own trust folder. */
async function pinnedRegistrar(
  cli: Cli,
  folder: string,
  parse: (bytes: Uint8Array) => readonly { readonly sha256: string }[],
): Promise<string> {
  const { audit } = cli.messages;
  const file = join(folder, 'registrar.crt');
  const bytes = await readFile(file).catch((cause: unknown) => {
    const message = `${audit.noRegistrar}; ${audit.noRegistrarHint}`;
    throw new CliError('CLI_FILE_NOT_FOUND', message, { cause, details: { file } });
  });
  const [certificate] = parse(bytes);
  if (certificate !== undefined) return certificate.sha256;
  throw new CliError('CLI_FILE_EMPTY', audit.noRegistrar, { details: { file } });
}

function renderReport(cli: Cli, report: AuditReport): string {
  const { audit } = cli.messages;
  const { period, publications, findings, told } = report;
  const months = period.from === period.to ? period.from : `${period.from}..${period.to}`;
  const head = renderFields([
    ['relay', report.relay],
    [audit.months, months],
    [audit.records, String(report.records)],
    [audit.directoryEntries, String(report.directory_entries)],
    ...publications.map(
      ({ month, revision, figures, differing }) =>
        [
          `${month} (${audit.revision} ${revision})`,
          differing === 0 ? audit.figuresEqual(figures) : audit.figuresDiffer(figures, differing),
        ] as const,
    ),
  ]);
  const all = findings.length + report.more_findings;
  const verdict = report.ok ? audit.equal : audit.differs(all);
  const printed = findings.slice(0, MAX_FINDINGS_PRINTED).map((one) => renderFinding(cli, one));
  const left = all - printed.length;
  return [
    head.trimEnd(),
    '',
    verdict,
    ...(told.length > 0 ? [audit.told(told.length)] : []),
    ...printed,
    ...(left > 0 ? [audit.more(left)] : []),
    '',
  ].join('\n');
}

/** `RECORD_MISSING  H09.12, report 7: the record is missing: … (records/000001.csv, line 8)`. */
function renderFinding(cli: Cli, finding: AuditFinding): string {
  const { audit } = cli.messages;
  const { kind, agency, report, record, part, line, detail } = finding;
  const who = [
    agency,
    report === null ? null : audit.report(report),
    record === null ? null : audit.record(record),
  ].filter((one) => one !== null);
  const where = [part, line === null ? null : audit.line(line)].filter((one) => one !== null);
  const place = where.length === 0 ? '' : ` (${where.join(', ')})`;
  const named = who.length === 0 ? '' : `${who.join(', ')}: `;
  return safeText(`  ${kind}  ${named}${audit.kinds[kind]}: ${detail}${place}`);
}

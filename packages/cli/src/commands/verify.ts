import { basename, join } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../command.ts';
import type { Cli } from '../context.ts';
import { parseTimeOption } from '../documents/request-options.ts';
import { CliError } from '../errors.ts';
import { exitOfIndication } from '../exit-codes.ts';
import { readInputFile } from '../home/input-file.ts';
import { layoutOf, listAgencyFolders, pathExists } from '../home/layout.ts';
import { requireTrustFolder } from '../home/trust-folder.ts';
import { printNote, printResult } from '../output.ts';
import { renderFields } from '../terminal/table.ts';
import { formatTime } from '../terminal/time.ts';
import type { SignatureLine, VerificationReport } from '../verification/verify-file.ts';

interface VerifyOptions {
  readonly trust?: string;
  readonly at?: Date;
}

/** `congvan verify`: exit code 0 TOTAL-PASSED, 3 TOTAL-FAILED, 4 INDETERMINATE. */
export function verifyCommand(cli: Cli): Command {
  return newCommand(cli, 'verify', 'verify')
    .addArgument(newArgument(cli, '<file>', 'verifyFile'))
    .addOption(newOption(cli, '--trust <folder>', 'trust'))
    .addOption(newOption(cli, '--at <time>', 'at').argParser(parseTimeOption(cli)))
    .action(async (file: string, options: VerifyOptions, command: Command) => {
      await verify(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function verify(
  cli: Cli,
  file: string,
  options: VerifyOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text } = cli.messages;
  const bytes = await readInputFile(cli, file);
  const { formatOf, readTrust, verifyFile } = await import('../verification/verify-file.ts');
  const format = formatOf(bytes);
  if (format === undefined) {
    throw new CliError('CLI_FILE_KIND_UNKNOWN', text.fileKindUnknown(file), { details: { file } });
  }
  const folder = await trustFolder(cli, options.trust, globals);
  const { createTrustStore } = await import('@congvan/signer');
  const trust = folder === undefined ? createTrustStore({ anchors: [] }) : await readTrust(folder);
  const at = options.at ?? cli.now();
  const report = verifyFile(bytes, format, { trust, at, name: basename(file) });
  printResult(cli, globals, { file, trust: folder ?? null, ...report }, () =>
    renderReport(cli, file, report),
  );
  if (trust.anchors.length === 0) printNote(cli, globals, `${text.hint}: ${text.noTrustGiven}`);
  cli.setExitCode(exitOfIndication(report.indication));
}

/** `--trust`, else the trust folder of the agency that is set up here. */
async function trustFolder(
  cli: Cli,
  asked: string | undefined,
  globals: GlobalOptions,
): Promise<string | undefined> {
  if (asked !== undefined) return await requireTrustFolder(cli, asked);
  const layout = layoutOf(cli, globals);
  const [first] = await listAgencyFolders(layout);
  if (first !== undefined) return join(layout.agents, first, 'trust');
  return (await pathExists(join(layout.relay, 'trust'))) ? join(layout.relay, 'trust') : undefined;
}

function renderReport(cli: Cli, file: string, report: VerificationReport): string {
  const { text } = cli.messages;
  const head = renderFields([
    [text.file, file],
    [text.result, verdictText(report)],
    [text.judgedAt, formatTime(report.at)],
    [text.packageDigest, report.packageDigest],
    [text.detail, report.signatures.length === 0 ? report.detail : null],
  ]);
  const lines = report.signatures.map((line, index) => renderSignature(cli, line, index + 1));
  return [head, ...lines].join('\n');
}

function renderSignature(cli: Cli, line: SignatureLine, number: number): string {
  const { text } = cli.messages;
  const changes = line.changesAfter.join('; ');
  return renderFields([
    [`${text.signature} ${number}`, verdictText(line)],
    [text.covers, line.kind === 'package' ? text.wholePackage : line.of],
    [text.field, line.fieldName],
    [text.signedBy, line.signer],
    [text.claimedAt, line.claimedAt === null ? null : formatTime(line.claimedAt)],
    [text.changesAfter, changes],
    [
      text.certificate,
      line.certificateSha256 === null ? null : `SHA-256 ${line.certificateSha256}`,
    ],
    [text.detail, line.detail],
  ]);
}

function verdictText(verdict: {
  readonly indication: string;
  readonly subIndication: string | null;
}): string {
  const { indication, subIndication } = verdict;
  return subIndication === null ? indication : `${indication} (${subIndication})`;
}

import { basename } from 'node:path';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitOfIndication } from '../exit-codes.ts';
import { readInputFile } from '../home/input-file.ts';
import { pathExists } from '../home/layout.ts';
import { findTrustFolder } from '../home/trust-folder.ts';
import { printNote, printResult } from '../output.ts';
import { warnOfFetch } from '../signing/evidence-option.ts';
import { isEvidence, verifyEvidenceFile } from './evidence.ts';
import { formatOf } from './format.ts';
import { renderReport } from './render.ts';
import type { VerificationReport } from './report.ts';
import type { VerifyFileOptions } from './verify-file.ts';

/** Options of every form of `verify`. */
export interface VerifyCommandOptions {
  readonly trust?: string;
  readonly at?: Date;
  readonly offline?: true;
  readonly content?: string;
}

/** Endings of what stands beside the file it covers: a signature, a time-stamp. */
const DETACHED_ENDINGS = ['.p7s', '.tst'];

/** Verifies whichever kind of file it is, prints the report and sets the exit code. */
export async function verifyNamedFile(
  cli: Cli,
  file: string,
  options: VerifyCommandOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text, files } = cli.messages;
  const { isLargePackage, verifyLargePackage } = await import('./verify-large.ts');
  if (await isLargePackage(file)) {
    const run = async (how: VerifyFileOptions) => await verifyLargePackage(cli, file, how);
    await judge(cli, file, options, globals, { name: basename(file), hasContent: false, run });
    return;
  }
  const bytes = await readInputFile(cli, file);
  const format = formatOf(bytes);
  const details = { file };
  if (format === undefined) {
    throw new CliError('CLI_FILE_KIND_UNKNOWN', text.fileKindUnknown(file), { details });
  }
  if (format === 'sealed') {
    throw new CliError('CLI_FILE_KIND_UNKNOWN', files.sealedKind(file), { details });
  }
  if (format === 'asic' && isEvidence(bytes)) {
    const at = options.at ?? cli.now();
    await verifyEvidenceFile(cli, globals, { file, bytes, trust: options.trust, at });
    return;
  }
  const { verifyFile } = await import('./verify-file.ts');
  const contentFile = options.content ?? (await contentBeside(file, format));
  const content = contentFile === undefined ? undefined : await readInputFile(cli, contentFile);
  await judge(cli, file, options, globals, {
    name: basename(contentFile ?? file),
    hasContent: content !== undefined,
    run: async (how) =>
      await verifyFile(bytes, format, { ...how, ...(content !== undefined && { content }) }),
  });
}

/** What is judged, however large it is. */
interface Judged {
  readonly name: string;
  readonly hasContent: boolean;
  readonly run: (how: VerifyFileOptions) => Promise<VerificationReport>;
}

async function judge(
  cli: Cli,
  file: string,
  options: VerifyCommandOptions,
  globals: GlobalOptions,
  { name, hasContent, run }: Judged,
): Promise<void> {
  const { text } = cli.messages;
  const folder = await findTrustFolder(cli, options.trust, globals);
  const { collectValidationData, createTrustStore, loadTrustStore } =
    await import('@congvan/signer');
  const trust =
    folder === undefined ? createTrustStore({ anchors: [] }) : await loadTrustStore(folder);
  const at = options.at ?? cli.now();
  const report = await run({
    trust,
    at,
    name,
    // Without an anchor no certificate leads anywhere, and nothing may be asked for.
    ...(options.offline !== true &&
      trust.anchors.length > 0 && {
        gather: async (certificates) =>
          await collectValidationData(certificates, {
            trust,
            at: cli.now(),
            online: true,
            onFailure: (failure) => warnOfFetch(cli, failure),
          }),
      }),
  });
  printResult(cli, globals, { file, trust: folder ?? null, ...report }, () =>
    renderReport(cli, file, report),
  );
  const next =
    trust.anchors.length === 0
      ? text.noTrustGiven
      : nextStep(cli, file, report, { ...options, hasContent });
  if (next !== undefined) printNote(cli, globals, `${text.hint}: ${next}`);
  cli.setExitCode(exitOfIndication(report.indication));
}

/** What would decide a verdict that says nothing for certain, where the command line could. */
function nextStep(
  cli: Cli,
  file: string,
  { subIndication }: VerificationReport,
  { offline, hasContent }: { readonly offline?: true; readonly hasContent: boolean },
): string | undefined {
  const { files } = cli.messages;
  if (subIndication === 'TRY_LATER' && offline === true) return files.offlineNote;
  if (subIndication === 'SIGNED_DATA_NOT_FOUND' && !hasContent) return files.contentNeeded(file);
  return undefined;
}

/** `report.xlsx` for `report.xlsx.p7s`, where it is there. */
async function contentBeside(file: string, format: string): Promise<string | undefined> {
  const ending = DETACHED_ENDINGS.find((one) => file.toLowerCase().endsWith(one));
  if (format !== 'cms' || ending === undefined) return undefined;
  const content = file.slice(0, -ending.length);
  return (await pathExists(content)) ? content : undefined;
}

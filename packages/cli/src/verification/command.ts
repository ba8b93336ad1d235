import { basename, join } from 'node:path';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitOfIndication } from '../exit-codes.ts';
import { readInputFile } from '../home/input-file.ts';
import { layoutOf, listAgencyFolders, pathExists } from '../home/layout.ts';
import { requireTrustFolder } from '../home/trust-folder.ts';
import { printNote, printResult } from '../output.ts';
import { warnOfFetch } from '../signing/level-option.ts';
import { formatOf } from './format.ts';
import { renderReport } from './render.ts';

/** Options of every form of `verify`. */
export interface VerifyCommandOptions {
  readonly trust?: string;
  readonly at?: Date;
  readonly offline?: true;
  readonly content?: string;
}

/** Ending of a signature beside the file it covers. */
const DETACHED_ENDING = '.p7s';

/** Verifies whichever kind of file it is, prints the report and sets the exit code. */
export async function verifyNamedFile(
  cli: Cli,
  file: string,
  options: VerifyCommandOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { text, files } = cli.messages;
  const bytes = await readInputFile(cli, file);
  const format = formatOf(bytes);
  const details = { file };
  if (format === undefined) {
    throw new CliError('CLI_FILE_KIND_UNKNOWN', text.fileKindUnknown(file), { details });
  }
  if (format === 'sealed') {
    throw new CliError('CLI_FILE_KIND_UNKNOWN', files.sealedKind(file), { details });
  }
  const contentFile = options.content ?? (await contentBeside(file, format));
  const content = contentFile === undefined ? undefined : await readInputFile(cli, contentFile);
  const folder = await trustFolder(cli, options.trust, globals);
  const { collectValidationData, createTrustStore, loadTrustStore } =
    await import('@congvan/signer');
  const trust =
    folder === undefined ? createTrustStore({ anchors: [] }) : await loadTrustStore(folder);
  const at = options.at ?? cli.now();
  const { verifyFile } = await import('./verify-file.ts');
  const report = await verifyFile(bytes, format, {
    trust,
    at,
    name: basename(contentFile ?? file),
    ...(content !== undefined && { content }),
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
  if (trust.anchors.length === 0) printNote(cli, globals, `${text.hint}: ${text.noTrustGiven}`);
  cli.setExitCode(exitOfIndication(report.indication));
}

/** `report.xlsx` for `report.xlsx.p7s`, where it is there. */
async function contentBeside(file: string, format: string): Promise<string | undefined> {
  if (format !== 'cms' || !file.toLowerCase().endsWith(DETACHED_ENDING)) return undefined;
  const content = file.slice(0, -DETACHED_ENDING.length);
  return (await pathExists(content)) ? content : undefined;
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

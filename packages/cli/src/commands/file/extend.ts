import type { PdfLevel } from '@congvan/signer';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { outputPath, requireNewFile, writeNewFile } from '../../documents/write-new-file.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../home/input-file.ts';
import { printResult } from '../../output.ts';
import {
  type EvidenceOptions,
  addEvidenceOptions,
  openTimeStamps,
  openValidationData,
  requireTimeStamps,
} from '../../signing/evidence-option.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatOf } from '../../verification/format.ts';

interface ExtendOptions extends EvidenceOptions {
  readonly to: Exclude<PdfLevel, 'B-B'>;
  readonly out?: string;
}

const LEVELS: readonly ExtendOptions['to'][] = ['B-T', 'B-LT', 'B-LTA'];

/** `congvan file extend`: time-stamps and validation data for signatures that are there. */
export function fileExtendCommand(cli: Cli): Command {
  const command = newCommand(cli, 'extend', 'fileExtend')
    .addArgument(newArgument(cli, '<file>', 'signedFile'))
    .addOption(newOption(cli, '--to <level>', 'extendTo').choices(LEVELS).makeOptionMandatory())
    .addOption(newOption(cli, '-o, --out <file>', 'out'));
  return addEvidenceOptions(cli, command).action(
    async (file: string, options: ExtendOptions, self: Command) => {
      await extend(cli, file, options, self.optsWithGlobals<GlobalOptions>());
    },
  );
}

async function extend(
  cli: Cli,
  file: string,
  options: ExtendOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { files } = cli.messages;
  const bytes = await readInputFile(cli, file);
  if (formatOf(bytes) !== 'pdf') {
    throw new CliError('CLI_FILE_KIND_UNKNOWN', files.notExtendable(file), { details: { file } });
  }
  const { to } = options;
  const out = outputPath(options.out, file, to.toLowerCase());
  await requireNewFile(cli, out);
  // B-LT needs a time-stamp only where a signature has none: the library says so by name.
  const timeStamps =
    to === 'B-LT' ? await openTimeStamps(cli, options) : await requireTimeStamps(cli, options, to);
  const { extendPdf } = await import('@congvan/signer');
  const extended = await extendPdf(bytes, {
    to,
    ...(timeStamps !== undefined && { timeStamps }),
    ...(to !== 'B-T' && { validationData: await openValidationData(cli, options, globals, to) }),
  });
  await writeNewFile(cli, out, extended);
  printResult(cli, globals, { file, out, level: to }, () =>
    renderFields([
      [files.wroteUnder, out],
      [files.level, to],
    ]),
  );
}

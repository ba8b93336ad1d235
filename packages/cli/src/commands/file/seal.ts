import type { Certificate } from '@congvan/signer';
import type { Command } from 'commander';

import { collect, type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { outputPath, requireNewFile } from '../../documents/write-new-file.ts';
import { readInputFile, sizeOfFile } from '../../home/input-file.ts';
import { printResult } from '../../output.ts';
import { withProgress } from '../../terminal/stream-progress.ts';
import { renderFields } from '../../terminal/table.ts';

interface SealCommandOptions {
  readonly to: readonly string[];
  readonly context?: string;
  readonly out?: string;
}

const MAX_CERTIFICATE_BYTES = 256 * 1024;
export const SEALED_ENDING = '.sealed';

/** `congvan file seal`: CMS AuthEnvelopedData for the holders of certificates. */
export function fileSealCommand(cli: Cli): Command {
  return newCommand(cli, 'seal', 'fileSeal')
    .addArgument(newArgument(cli, '<file>', 'anyFile'))
    .addOption(
      newOption(cli, '-t, --to <certificate>', 'sealTo').argParser(collect).makeOptionMandatory(),
    )
    .addOption(newOption(cli, '--context <text>', 'sealContext'))
    .addOption(newOption(cli, '-o, --out <file>', 'out'))
    .action(async (file: string, options: SealCommandOptions, command: Command) => {
      await seal(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function seal(
  cli: Cli,
  file: string,
  options: SealCommandOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { files } = cli.messages;
  const bytes = await sizeOfFile(cli, file);
  const out = outputPath(options.out, file, '', SEALED_ENDING);
  await requireNewFile(cli, out);
  const { parseCertificates, sealFile } = await import('@congvan/signer');
  const recipients: Certificate[] = [];
  for (const one of options.to) {
    recipients.push(...parseCertificates(await readInputFile(cli, one, MAX_CERTIFICATE_BYTES)));
  }
  const { context } = options;
  await withProgress(cli, files.sealing, bytes, async (progress) => {
    await sealFile(file, out, {
      recipients,
      ...(context !== undefined && { context: Buffer.from(context.normalize('NFC')) }),
      ...progress,
    });
  });
  const names = recipients.map(({ subjectText }) => subjectText);
  const json = { file, out, bytes, recipients: names, context: context ?? null };
  printResult(cli, globals, json, () =>
    renderFields([
      [files.wroteUnder, out],
      [files.context, context],
      ...names.map((name) => [files.recipients, name] as const),
    ]),
  );
}

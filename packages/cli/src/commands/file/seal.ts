import { stat } from 'node:fs/promises';

import type { Certificate } from '@congvan/signer';
import type { Command } from 'commander';

import { collect, type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { outputPath, requireNewFile } from '../../documents/write-new-file.ts';
import { CliError } from '../../errors.ts';
import { isSystemError, readInputFile } from '../../home/input-file.ts';
import { printResult } from '../../output.ts';
import { startProgress } from '../../terminal/progress.ts';
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

/** What sealing and opening tell while they run, and what stops them. */
interface StreamControl {
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Shows how far a stream is, until it has ended or somebody has pressed Ctrl-C.
 *
 * @throws {@link CliError} `CLI_GIVEN_UP` after Ctrl-C; what `run` throws.
 */
export async function withProgress<T>(
  cli: Cli,
  label: string,
  bytes: number,
  run: (control: StreamControl) => Promise<T>,
): Promise<T> {
  const signal = cli.stopSignal();
  using progress = startProgress(cli.io, label, bytes, 'bytes');
  let done = 0;
  const onProgress = (now: number): void => {
    progress.advance(now - done);
    done = now;
  };
  try {
    return await run({ onProgress, signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new CliError('CLI_GIVEN_UP', cli.messages.files.stopped, { cause });
  }
}

/** The file is not read into memory: it may be larger than that. */
export async function sizeOfFile(cli: Cli, file: string): Promise<number> {
  const { text } = cli.messages;
  const details = { file };
  try {
    const info = await stat(file);
    if (info.isFile()) return info.size;
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT')) throw cause;
    throw new CliError('CLI_FILE_NOT_FOUND', text.fileNotFound(file), { details, cause });
  }
  throw new CliError('CLI_FILE_UNREADABLE', text.notAFile(file), { details });
}

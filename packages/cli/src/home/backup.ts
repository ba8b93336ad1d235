import { resolve } from 'node:path';

import type { Backup } from '@congvan/bus/sqlite';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { printNote, printResult } from '../output.ts';
import { renderFields } from '../terminal/table.ts';

export interface BackupCommandOptions {
  readonly withKeys?: true;
}

/** Runs a backup and says what was kept. @throws {@link CliError} `CLI_ALREADY_EXISTS`. */
export async function runBackup(
  cli: Cli,
  globals: GlobalOptions,
  folder: string,
  options: BackupCommandOptions,
  copy: (to: string) => Promise<Backup>,
): Promise<void> {
  const { text } = cli.messages;
  const to = resolve(folder);
  const withKeys = options.withKeys === true;
  try {
    const { files, bytes } = await copy(to);
    printResult(cli, globals, { folder: to, files, bytes, withKeys }, () =>
      renderFields([
        [text.folder, to],
        [text.file, files],
        [text.bytes, bytes],
      ]),
    );
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    throw new CliError('CLI_ALREADY_EXISTS', text.folderExists(to), { details: { folder: to } });
  }
  printNote(cli, globals, `${text.note}: ${withKeys ? text.keysInside : text.keysApart}`);
}

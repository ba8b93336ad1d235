import { basename, dirname, join, resolve } from 'node:path';

import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireNewFile } from '../../documents/write-new-file.ts';
import { readInputFile, sizeOfFile } from '../../home/input-file.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { withProgress } from '../../terminal/stream-progress.ts';
import { renderFields } from '../../terminal/table.ts';
import { SEALED_ENDING } from './seal.ts';

interface UnsealCommandOptions extends PassphraseFiles {
  readonly p12: string;
  readonly context?: string;
  readonly out?: string;
}

/** `congvan file unseal`: nothing is written under the target's name before all tags are checked. */
export function fileUnsealCommand(cli: Cli): Command {
  return newCommand(cli, 'unseal', 'fileUnseal')
    .addArgument(newArgument(cli, '<file>', 'anyFile'))
    .addOption(newOption(cli, '--p12 <file>', 'p12').makeOptionMandatory())
    .addOption(newOption(cli, '--context <text>', 'sealContext'))
    .addOption(newOption(cli, '-o, --out <file>', 'out'))
    .addOption(passphraseOption(cli))
    .action(async (file: string, options: UnsealCommandOptions, command: Command) => {
      await unseal(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function unseal(
  cli: Cli,
  file: string,
  options: UnsealCommandOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { files } = cli.messages;
  const bytes = await sizeOfFile(cli, file);
  const out = options.out === undefined ? openedName(file) : resolve(options.out);
  await requireNewFile(cli, out);
  const { openPkcs12Decryptor, unsealFile } = await import('@congvan/signer');
  const p12 = await readInputFile(cli, options.p12);
  const passphrase = await passphrasesOf(cli, options).get('general', files.keyOf(options.p12));
  const decryptor = openPkcs12Decryptor(p12, passphrase);
  const { context } = options;
  const info = await withProgress(cli, files.unsealing, bytes, async (progress) => {
    return await unsealFile(file, out, {
      decryptor,
      ...(context !== undefined && { context: Buffer.from(context.normalize('NFC')) }),
      ...progress,
    });
  });
  const recipientCount = info.recipients.length;
  const bound = info.context === null ? null : readContext(info.context);
  printResult(cli, globals, { file, out, form: info.form, recipientCount, context: bound }, () =>
    renderFields([
      [files.wroteUnder, out],
      [files.context, bound],
      [files.recipients, recipientCount],
    ]),
  );
}

/** What the sender bound the file to: text, or hexadecimal where another program put other bytes there. */
function readContext(context: Uint8Array): string | null {
  const bytes = Buffer.from(context);
  if (bytes.length === 0) return null;
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? safeText(text) : bytes.toString('hex');
}

/** `report.pdf` for `report.pdf.sealed`, else `NAME.opened`. */
function openedName(file: string): string {
  const name = basename(file);
  const opened = name.toLowerCase().endsWith(SEALED_ENDING)
    ? name.slice(0, -SEALED_ENDING.length)
    : `${name}.opened`;
  return join(dirname(resolve(file)), opened);
}

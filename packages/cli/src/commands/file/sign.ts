import type { PdfLevel } from '@congvan/signer';
import { type Command, InvalidArgumentError } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { addEvidenceOptions } from '../../signing/evidence-option.ts';
import { type SignFileOptions, signFile } from '../../signing/sign-file.ts';
import { addSignerOptions } from '../../signing/signer-option.ts';

const LEVELS: readonly PdfLevel[] = ['B-B', 'B-T', 'B-LT', 'B-LTA'];

/** `congvan file sign`: PAdES in a PDF, CAdES beside any other file. */
export function fileSignCommand(cli: Cli): Command {
  const command = newCommand(cli, 'sign', 'fileSign').addArgument(
    newArgument(cli, '<file>', 'anyFile'),
  );
  addSignerOptions(cli, addSignatureOptions(cli, command));
  return command.action(async (file: string, options: SignFileOptions, self: Command) => {
    await signFile(cli, file, options, self.optsWithGlobals<GlobalOptions>());
  });
}

/** The options of what a signature says and how long it can be checked. */
export function addSignatureOptions(cli: Cli, command: Command): Command {
  command
    .addOption(newOption(cli, '-o, --out <file>', 'out'))
    .addOption(newOption(cli, '--level <level>', 'level').choices(LEVELS))
    .addOption(newOption(cli, '--reason <text>', 'fileReason'))
    .addOption(newOption(cli, '--location <text>', 'location'))
    .addOption(newOption(cli, '--certify <n>', 'certify').argParser(parseCertification(cli)))
    .addOption(newOption(cli, '--repair', 'repair'));
  return addEvidenceOptions(cli, command);
}

function parseCertification(cli: Cli): (text: string) => 1 | 2 | 3 {
  return (text) => {
    if (text === '1') return 1;
    if (text === '2') return 2;
    if (text === '3') return 3;
    throw new InvalidArgumentError(cli.messages.text.wantedNumber(1, 3));
  };
}

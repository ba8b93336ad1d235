import { InvalidArgumentError, type Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { parseTimeOption } from '../../documents/request-options.ts';
import { type VerifyCommandOptions, verifyNamedFile } from '../../verification/command.ts';
import { writeRevision } from '../../verification/write-revision.ts';

/** `congvan file verify`: exit code 0 TOTAL-PASSED, 3 TOTAL-FAILED, 4 INDETERMINATE. */
export function fileVerifyCommand(cli: Cli): Command {
  return addVerifyOptions(cli, newCommand(cli, 'verify', 'fileVerify'))
    .addOption(
      newOption(cli, '--extract-revision <n>', 'extractRevision').argParser(parseRevision(cli)),
    )
    .addOption(newOption(cli, '-o, --out <file>', 'out'))
    .action(async (file: string, options: FileVerifyOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { extractRevision } = options;
      if (extractRevision === undefined) await verifyNamedFile(cli, file, options, globals);
      else await writeRevision(cli, file, { ...options, number: extractRevision }, globals);
    });
}

interface FileVerifyOptions extends VerifyCommandOptions {
  readonly extractRevision?: number;
  readonly out?: string;
}

/** What every form of `verify` takes. */
export function addVerifyOptions(cli: Cli, command: Command): Command {
  return command
    .addArgument(newArgument(cli, '<file>', 'verifyFile'))
    .addOption(newOption(cli, '--trust <folder>', 'trust'))
    .addOption(newOption(cli, '--at <time>', 'at').argParser(parseTimeOption(cli)))
    .addOption(newOption(cli, '--offline', 'offline'))
    .addOption(newOption(cli, '--content <file>', 'content'));
}

const MAX_REVISIONS = 100_000;

function parseRevision(cli: Cli): (text: string) => number {
  return (text) => {
    const number = /^\d{1,6}$/u.test(text) ? Number(text) : 0;
    if (number >= 1 && number <= MAX_REVISIONS) return number;
    throw new InvalidArgumentError(cli.messages.text.wantedNumber(1, MAX_REVISIONS));
  };
}

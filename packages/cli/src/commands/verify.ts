import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../command.ts';
import type { Cli } from '../context.ts';
import { verifyNamedFile, type VerifyCommandOptions } from '../verification/command.ts';
import { addVerifyOptions } from './file/verify.ts';

/** `congvan verify`: whichever kind of signed file it is. */
export function verifyCommand(cli: Cli): Command {
  return addVerifyOptions(cli, newCommand(cli, 'verify', 'verify')).action(
    async (file: string, options: VerifyCommandOptions, command: Command) => {
      await verifyNamedFile(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    },
  );
}

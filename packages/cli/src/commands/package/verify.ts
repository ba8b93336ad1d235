import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { verifyNamedFile, type VerifyCommandOptions } from '../../verification/command.ts';
import { addVerifyOptions } from '../file/verify.ts';

/** `congvan package verify`: the package, and the signed PDFs inside. */
export function packageVerifyCommand(cli: Cli): Command {
  return addVerifyOptions(cli, newCommand(cli, 'verify', 'packageVerify')).action(
    async (file: string, options: VerifyCommandOptions, command: Command) => {
      await verifyNamedFile(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    },
  );
}

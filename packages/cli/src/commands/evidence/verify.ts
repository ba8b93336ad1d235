import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { readInputFile } from '../../home/input-file.ts';
import { verifyEvidenceFile } from '../../verification/evidence.ts';

/** `congvan evidence verify`: works offline, with nothing but the trust folder. */
export function evidenceVerifyCommand(cli: Cli): Command {
  return newCommand(cli, 'verify', 'evidenceVerify')
    .addArgument(newArgument(cli, '<file>', 'evidenceFile'))
    .addOption(newOption(cli, '--trust <folder>', 'trust'))
    .action(async (file: string, options: { trust?: string }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const bytes = await readInputFile(cli, file);
      await verifyEvidenceFile(cli, globals, { file, bytes, trust: options.trust, at: cli.now() });
    });
}

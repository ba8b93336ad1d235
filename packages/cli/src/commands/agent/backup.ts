import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { type BackupCommandOptions, runBackup } from '../../home/backup.ts';
import { chooseAgency } from '../../home/layout.ts';

/** `congvan agent backup`: copies the agency's folder, also while it is worked in. */
export function agentBackupCommand(cli: Cli): Command {
  return newCommand(cli, 'backup', 'agentBackup')
    .addArgument(newArgument(cli, '<folder>', 'backupFolder'))
    .addOption(newOption(cli, '--with-keys', 'withKeys'))
    .action(async (folder: string, options: BackupCommandOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await chooseAgency(cli, globals);
      const { backupAgent } = await import('@congvan/node-agent');
      await runBackup(
        cli,
        globals,
        folder,
        options,
        async (to) => await backupAgent({ home, to, withKeys: options.withKeys === true }),
      );
    });
}

import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { type BackupCommandOptions, runBackup } from '../../home/backup.ts';
import { layoutOf } from '../../home/layout.ts';

/** `congvan relay backup`: copies the relay's folder, also while it is worked in. */
export function relayBackupCommand(cli: Cli): Command {
  return newCommand(cli, 'backup', 'relayBackup')
    .addArgument(newArgument(cli, '<folder>', 'backupFolder'))
    .addOption(newOption(cli, '--with-keys', 'withKeys'))
    .action(async (folder: string, options: BackupCommandOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = layoutOf(cli, globals).relay;
      const { backupRelay } = await import('@congvan/bus/relay');
      await runBackup(
        cli,
        globals,
        folder,
        options,
        async (to) => await backupRelay({ home, to, withKeys: options.withKeys === true }),
      );
    });
}

import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand } from '../../../command.ts';
import type { Cli } from '../../../context.ts';
import { requireRelay } from '../../../home/relay.ts';
import { printResult } from '../../../output.ts';

/** `congvan relay user remove`: an account with its sessions and its token. */
export function relayUserRemoveCommand(cli: Cli): Command {
  return newCommand(cli, 'remove', 'relayUserRemove')
    .addArgument(newArgument(cli, '<name>', 'accountName'))
    .action(async (name: string, _options: unknown, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { openAccounts } = await import('@congvan/bus/relay');
      using accounts = await openAccounts(home, cli.now);
      accounts.remove(name);
      printResult(cli, globals, { name }, () => `${cli.messages.relay.accountRemoved}\n`);
    });
}

import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../../command.ts';
import type { Cli } from '../../../context.ts';
import { requireRelay } from '../../../home/relay.ts';
import { printResult } from '../../../output.ts';
import { renderAccounts } from './render.ts';

/** `congvan relay user list`: the accounts, without anything secret. */
export function relayUserListCommand(cli: Cli): Command {
  return newCommand(cli, 'list', 'relayUserList').action(
    async (_options: unknown, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { openAccounts } = await import('@congvan/bus/relay');
      using accounts = await openAccounts(home, cli.now);
      const list = accounts.list();
      printResult(cli, globals, { accounts: list }, () => renderAccounts(cli, list));
    },
  );
}

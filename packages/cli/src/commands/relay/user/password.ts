import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../../command.ts';
import type { Cli } from '../../../context.ts';
import { requireRelay } from '../../../home/relay.ts';
import { printResult } from '../../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../../passphrase/passphrase.ts';

/** `congvan relay user password`: a new password; whoever knew the old one is logged out. */
export function relayUserPasswordCommand(cli: Cli): Command {
  return newCommand(cli, 'password', 'relayUserPassword')
    .addArgument(newArgument(cli, '<name>', 'accountName'))
    .addOption(newOption(cli, '--password-file <file>', 'passwordFile'))
    .action(async (name: string, options: PassphraseFiles, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { openAccounts } = await import('@congvan/bus/relay');
      using accounts = await openAccounts(home, cli.now);
      const { passwordOf, passwordChanged } = cli.messages.relay;
      const password = await passphrasesOf(cli, options).choose('account', passwordOf(name));
      await accounts.setPassword(name, password);
      printResult(cli, globals, { name }, () => `${passwordChanged}\n`);
    });
}

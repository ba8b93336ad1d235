import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  parseCount,
} from '../../../command.ts';
import type { Cli } from '../../../context.ts';
import { requireRelay } from '../../../home/relay.ts';
import { printNote, printResult } from '../../../output.ts';

const DEFAULT_TOKEN_DAYS = 365;
const MAX_TOKEN_DAYS = 730;

interface UserTokenOptions {
  readonly days: number;
  readonly revoke?: true;
}

/** `congvan relay user token`: a bearer token for scripts, shown this once. */
export function relayUserTokenCommand(cli: Cli): Command {
  return newCommand(cli, 'token', 'relayUserToken')
    .addArgument(newArgument(cli, '<name>', 'accountName'))
    .addOption(
      newOption(cli, '--days <number>', 'tokenDays')
        .argParser(parseCount(cli, 1, MAX_TOKEN_DAYS))
        .default(DEFAULT_TOKEN_DAYS),
    )
    .addOption(newOption(cli, '--revoke', 'revokeToken'))
    .action(async (name: string, options: UserTokenOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { openAccounts } = await import('@congvan/bus/relay');
      using accounts = await openAccounts(home, cli.now);
      const { relay } = cli.messages;
      if (options.revoke === true) {
        accounts.revokeToken(name);
        printResult(cli, globals, { name, token: null }, () => `${relay.tokenRevoked}\n`);
        return;
      }
      const { token, expiresAt } = accounts.newToken(name, options.days);
      printResult(cli, globals, { name, token, expiresAt }, () => `${token}\n`);
      printNote(cli, globals, relay.tokenOnce);
    });
}

import type { Command, Option } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../../command.ts';
import type { Cli } from '../../../context.ts';
import { requireRelay } from '../../../home/relay.ts';
import { LANGUAGES, type Language } from '../../../messages/index.ts';
import { printNote, printResult } from '../../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../../passphrase/passphrase.ts';
import { renderAccount } from './render.ts';

interface UserAddOptions extends PassphraseFiles {
  readonly role: 'auditor' | 'operator' | 'agency';
  readonly scope?: string;
  readonly userLanguage?: Language;
}

/** `congvan relay user add`: an account for the pages and the API. */
export function relayUserAddCommand(cli: Cli): Command {
  return newCommand(cli, 'add', 'relayUserAdd')
    .addArgument(newArgument(cli, '<name>', 'accountName'))
    .addOption(
      newOption(cli, '--role <role>', 'role')
        .choices(['auditor', 'operator', 'agency'])
        .makeOptionMandatory(),
    )
    .addOption(newOption(cli, '--scope <code>', 'scope'))
    .addOption(languageOption(cli))
    .addOption(newOption(cli, '--password-file <file>', 'passwordFile'))
    .action(async (name: string, options: UserAddOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { openAccounts } = await import('@congvan/bus/relay');
      using accounts = await openAccounts(home, cli.now);
      const { passwordOf, accountAdded } = cli.messages.relay;
      const password = await passphrasesOf(cli, options).choose('account', passwordOf(name));
      const { role, scope, userLanguage } = options;
      const account = await accounts.add({
        name,
        role,
        password,
        ...(scope === undefined ? {} : { scope }),
        ...(userLanguage === undefined ? {} : { language: userLanguage }),
      });
      printResult(cli, globals, account, () => renderAccount(cli, account));
      printNote(cli, globals, accountAdded);
    });
}

function languageOption(cli: Cli): Option {
  return newOption(cli, '--user-language <language>', 'accountLanguage').choices([...LANGUAGES]);
}

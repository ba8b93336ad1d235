import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireRelay } from '../../home/relay.ts';
import { printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { parseMonths } from './period.ts';

/** `congvan audit publish`: closes a month now, or corrects it. */
export function auditPublishCommand(cli: Cli): Command {
  return newCommand(cli, 'publish', 'auditPublish')
    .addArgument(newArgument(cli, '<month>', 'month').argParser(parseMonths(cli)))
    .addOption(passphraseOption(cli))
    .action(async ({ to }: { to: string }, options: PassphraseFiles, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { publishMonth } = await import('@congvan/bus/relay');
      const passphrases = passphrasesOf(cli, options);
      const { audit, text } = cli.messages;
      const made = await publishMonth({
        home,
        month: to,
        passphrase: async () => await passphrases.get('general', text.relayKey),
        now: cli.now,
      });
      printResult(cli, globals, made ?? null, () =>
        made === undefined
          ? `${audit.nothingChanged(to)}\n`
          : `${audit.published(made.month, made.revision)}\n${audit.digest}: ${made.digest}\n`,
      );
    });
}

import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { openDesk } from '../../home/desk.ts';
import { printResult } from '../../output.ts';

/** `congvan outbox give-up`: ends a message by a person's word, with the reason. */
export function outboxGiveUpCommand(cli: Cli): Command {
  return newCommand(cli, 'give-up', 'outboxGiveUp')
    .addArgument(newArgument(cli, '<id>', 'messageId'))
    .addOption(newOption(cli, '--reason <text>', 'giveUpReason').makeOptionMandatory())
    .action(async (id: string, options: { readonly reason: string }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals);
      await agent.giveUpMessage(id, options.reason);
      const { givenUp } = cli.messages.conditions;
      printResult(cli, globals, { id, givenUp: true }, () => `${id}: ${givenUp}\n`);
    });
}

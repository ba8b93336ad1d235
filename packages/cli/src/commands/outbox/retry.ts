import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { openDesk } from '../../home/desk.ts';
import { noteAgent } from '../../home/note-agent.ts';
import { printResult } from '../../output.ts';

/** `congvan outbox retry`: a message that was not delivered is tried again, at once. */
export function outboxRetryCommand(cli: Cli): Command {
  return newCommand(cli, 'retry', 'outboxRetry')
    .addArgument(newArgument(cli, '<id>', 'messageId'))
    .action(async (id: string, _options: unknown, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals);
      await agent.retryMessage(id);
      const { retried } = cli.messages.conditions;
      printResult(cli, globals, { id, retried: true }, () => `${id}: ${retried}\n`);
      noteAgent(cli, globals, agent);
    });
}

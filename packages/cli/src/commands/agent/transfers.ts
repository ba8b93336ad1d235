import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { openDesk } from '../../home/desk.ts';
import { noteAgent } from '../../home/note-agent.ts';
import { printResult } from '../../output.ts';
import { followTransfers } from '../../terminal/follow-transfers.ts';
import { renderTransfers } from '../../terminal/transfers.ts';

/** `congvan agent transfers`: what goes up and comes down apart from its message, and how far it is. */
export function agentTransfersCommand(cli: Cli): Command {
  return newCommand(cli, 'transfers', 'agentTransfers')
    .addOption(newOption(cli, '--follow', 'follow'))
    .action(async (options: { readonly follow?: true }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals);
      const { uploading, none } = cli.messages.transfers;
      if (options.follow === true) {
        await followTransfers(cli, uploading, () => {
          const rows = agent.transfers();
          return rows.length === 0 ? undefined : rows;
        });
      }
      const transfers = agent.transfers();
      printResult(
        cli,
        globals,
        { transfers },
        () => renderTransfers(cli, transfers) || `${none}\n`,
      );
      if (transfers.length > 0) noteAgent(cli, globals, agent);
    });
}

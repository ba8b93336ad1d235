import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../command.ts';
import type { Cli } from '../context.ts';
import { noteAgent } from '../home/note-agent.ts';
import { actorOf, openDesk } from '../home/desk.ts';
import { printResult } from '../output.ts';
import type { PassphraseFiles } from '../passphrase/passphrase.ts';

interface CompleteOptions extends PassphraseFiles {
  readonly note?: string;
  readonly actor?: string;
}

/** `congvan complete`: receipt 06, the accepted document has been dealt with. */
export function completeCommand(cli: Cli): Command {
  return newCommand(cli, 'complete', 'complete')
    .addArgument(newArgument(cli, '<id>', 'id'))
    .addOption(newOption(cli, '--note <text>', 'note'))
    .addOption(newOption(cli, '--actor <name>', 'actor'))
    .addOption(passphraseOption(cli))
    .action(async (id: string, options: CompleteOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals, options);
      const actor = actorOf(cli, options.actor);
      await agent.complete(id, {
        ...(options.note === undefined ? {} : { note: options.note }),
        ...(actor === undefined ? {} : { actor }),
      });
      printResult(
        cli,
        globals,
        { id, state: 'completed' },
        () => `${cli.messages.text.completed}\n`,
      );
      noteAgent(cli, globals, agent);
    });
}

import type { Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  parseCount,
  passphraseOption,
} from '../command.ts';
import type { Cli } from '../context.ts';
import { noteAgent } from '../home/note-agent.ts';
import { actorOf, openDesk } from '../home/desk.ts';
import { printResult } from '../output.ts';
import type { PassphraseFiles } from '../passphrase/passphrase.ts';

interface AcceptOptions extends PassphraseFiles {
  readonly number?: number;
  readonly actor?: string;
}

/** `congvan accept`: receipt 03 with the incoming number. */
export function acceptCommand(cli: Cli): Command {
  return newCommand(cli, 'accept', 'accept')
    .addArgument(newArgument(cli, '<id>', 'id'))
    .addOption(
      newOption(cli, '--number <number>', 'incomingNumber').argParser(parseCount(cli, 1, 999_999)),
    )
    .addOption(newOption(cli, '--actor <name>', 'actor'))
    .addOption(passphraseOption(cli))
    .action(async (id: string, options: AcceptOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals, options);
      const actor = actorOf(cli, options.actor);
      const accepted = await agent.accept(id, {
        ...(options.number === undefined ? {} : { number: options.number }),
        ...(actor === undefined ? {} : { actor }),
      });
      const { year, number } = accepted.incomingNumber;
      printResult(cli, globals, { id, state: 'accepted', ...accepted }, () => {
        return `${cli.messages.text.acceptedAs(number, year)}\n`;
      });
      noteAgent(cli, globals, agent);
    });
}

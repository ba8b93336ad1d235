import type { RegisterEntry } from '@congvan/node-agent';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, parseCount } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { openDesk } from '../../home/desk.ts';
import { printResult } from '../../output.ts';
import { renderTable } from '../../terminal/table.ts';
import { formatDay } from '../../terminal/time.ts';

/** `congvan register list`: the outgoing register, paper and electronic in one sequence. */
export function registerListCommand(cli: Cli): Command {
  return newCommand(cli, 'list', 'registerList')
    .addOption(newOption(cli, '--year <year>', 'year').argParser(parseCount(cli, 2000, 2999)))
    .action(async (options: { year?: number }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals);
      const entries = agent.listRegister(options.year === undefined ? {} : { year: options.year });
      printResult(cli, globals, { entries }, () => renderRegister(cli, entries));
    });
}

function renderRegister(cli: Cli, entries: readonly RegisterEntry[]): string {
  const { text } = cli.messages;
  if (entries.length === 0) return `${text.nothingHere}\n`;
  return renderTable(
    cli.io,
    [
      { title: text.number },
      { title: text.issuedOn },
      { title: text.documentType },
      { title: text.abstract },
      { title: text.medium },
      { title: text.state },
      { title: text.actor },
    ],
    entries.map((entry) => [
      `${entry.codeNumber}/${entry.codeNotation}`,
      formatDay(entry.issuedOn),
      entry.documentType,
      entry.abstract,
      text.media[entry.medium],
      entry.voidReason === null
        ? text.registerStates[entry.state]
        : `${text.registerStates[entry.state]}: ${entry.voidReason}`,
      entry.actor ?? '',
    ]),
  );
}

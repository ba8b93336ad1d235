import { type Command } from 'commander';

import {
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  parseCount,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { openDesk } from '../../home/desk.ts';
import { noteAgent } from '../../home/note-agent.ts';
import { printResult } from '../../output.ts';
import { dayInVietnam } from '../../terminal/time.ts';

interface VoidOptions {
  readonly reason: string;
  readonly year?: number;
}

/** `congvan register void`: gives up a number that a draft has reserved. */
export function registerVoidCommand(cli: Cli): Command {
  return newCommand(cli, 'void', 'registerVoid')
    .addArgument(newArgument(cli, '<number>', 'registerNumber').argParser(parseRegisterNumber(cli)))
    .addOption(newOption(cli, '--reason <text>', 'voidReason').makeOptionMandatory())
    .addOption(newOption(cli, '--year <year>', 'year').argParser(parseCount(cli, 2000, 2999)))
    .action(async (number: number, options: VoidOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const year = options.year ?? Number(dayInVietnam(cli.now()).slice(0, 4));
      await using agent = await openDesk(cli, globals);
      await agent.voidNumber(year, number, options.reason);
      const { text } = cli.messages;
      printResult(cli, globals, { year, number, reason: options.reason, state: 'void' }, () => {
        return `${text.voided(number, year)}\n`;
      });
      noteAgent(cli, globals, agent);
    });
}

/** `07` or `7`; the notation, as in `07/UBND-VP`, may stand behind it. */
function parseRegisterNumber(cli: Cli): (text: string) => number {
  const parse = parseCount(cli, 1, 999_999);
  return (text) => parse(text.split('/', 1)[0] ?? '');
}

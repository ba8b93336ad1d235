import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { layoutOf } from '../../home/layout.ts';
import { printResult } from '../../output.ts';

/** `congvan bus down`: stops the local server; nothing happens when none runs. */
export function busDownCommand(cli: Cli): Command {
  return newCommand(cli, 'down', 'busDown').action(async (_options: unknown, command: Command) => {
    const globals = command.optsWithGlobals<GlobalOptions>();
    const { stopLocalServer } = await import('@congvan/bus');
    const stopped = await stopLocalServer(layoutOf(cli, globals).bus);
    const { text } = cli.messages;
    printResult(cli, globals, { stopped }, () => `${stopped ? text.stopped : text.doesNotRun}\n`);
  });
}

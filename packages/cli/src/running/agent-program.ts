import type { Command } from 'commander';

import { newGroup, newProgram } from '../command.ts';
import { agentRunCommand } from '../commands/agent/run.ts';
import type { Cli } from '../context.ts';

/** Global options with a value of its own word. */
const WITH_VALUE: ReadonlySet<string> = new Set(['--home', '--lang', '--agency']);

/**
 * Whether a command line is `congvan agent run`, with global options before it or none. Anything else,
 * mistakes among it, is for the whole program.
 */
export function isAgentRun(argv: readonly string[]): boolean {
  let at = 0;
  while (argv[at]?.startsWith('--') === true) at += WITH_VALUE.has(argv[at] ?? '') ? 2 : 1;
  return argv[at] === 'agent' && argv[at + 1] === 'run';
}

/** The program with this one command: the others would take 5 MB in an agent that runs for months. */
export function createAgentProgram(cli: Cli, version: string): Command {
  return newProgram(cli, version).addCommand(
    newGroup(cli, 'agent', 'agent', [agentRunCommand(cli)]),
  );
}

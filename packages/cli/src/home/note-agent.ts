import type { Agent } from '@congvan/node-agent';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { printNote } from '../output.ts';

/** Says that an answer waits when no agent runs to carry it. */
export function noteAgent(cli: Cli, globals: GlobalOptions, agent: Agent): void {
  if (agent.status().running) return;
  const { text } = cli.messages;
  printNote(cli, globals, `${text.note}: ${text.noAgentRuns}\n${text.hint}: ${text.runAgent}`);
}

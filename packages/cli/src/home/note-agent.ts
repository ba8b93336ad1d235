import type { Agent } from '@congvan/node-agent';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { printNote } from '../output.ts';

/** Says what keeps documents from leaving and coming in: no agent runs, or it reaches no broker. */
export function noteAgent(cli: Cli, globals: GlobalOptions, agent: Agent): void {
  const { running, broker } = agent.status();
  if (broker === 'connected') return;
  const { text } = cli.messages;
  const [note, hint] = running
    ? [text.noBroker, text.statusTells]
    : [text.noAgentRuns, text.runAgent];
  printNote(cli, globals, `${text.note}: ${note}\n${text.hint}: ${hint}`);
}

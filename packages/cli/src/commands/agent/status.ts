import type { AgentStatus } from '@congvan/node-agent';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { EXIT } from '../../exit-codes.ts';
import { openDesk } from '../../home/desk.ts';
import { printResult } from '../../output.ts';
import { renderFields } from '../../terminal/table.ts';

/** `congvan agent status`: exit code 7 when no agent of this agency runs. */
export function agentStatusCommand(cli: Cli): Command {
  return newCommand(cli, 'status', 'agentStatus').action(
    async (_options: unknown, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals);
      const status = agent.status();
      const { servers, relay, name } = agent.config;
      printResult(cli, globals, { ...status, name, servers, relay: relay ?? null }, () =>
        renderStatus(cli, status, name, servers),
      );
      if (!status.running) cli.setExitCode(EXIT.notRunning);
    },
  );
}

function renderStatus(
  cli: Cli,
  status: AgentStatus,
  name: string,
  servers: readonly string[],
): string {
  const { text } = cli.messages;
  const { outbox, inbox, report } = status;
  return renderFields([
    [text.agency, `${status.code} ${name}`],
    [text.state, status.running ? text.runs : text.doesNotRun],
    [text.server, servers.join(', ')],
    [text.outbox, text.outboxCounts(outbox.waiting, outbox.published, outbox.undelivered)],
    [text.inbox, text.inboxCounts(inbox.open, inbox.quarantined)],
    [text.reports, text.reportCounts(report.last, report.watermark)],
    [text.directoryEntries, status.directoryEntries],
  ]);
}

import type { AgentStatus } from '@congvan/node-agent';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { EXIT } from '../../exit-codes.ts';
import { openDesk } from '../../home/desk.ts';
import { printResult } from '../../output.ts';
import { renderConditions } from '../../terminal/conditions.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';

/** `congvan agent status`: exit code 7 when no agent of this agency runs, 10 while an error stands. */
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
      else if (status.conditions.some(({ severity }) => severity === 'error')) {
        cli.setExitCode(EXIT.unwell);
      }
    },
  );
}

function renderStatus(
  cli: Cli,
  status: AgentStatus,
  name: string,
  servers: readonly string[],
): string {
  const { text, conditions: words } = cli.messages;
  const { outbox, inbox, report, connectedAt, conditions } = status;
  const perMinute = (rate: number): string => (rate * 60).toFixed(rate * 60 < 10 ? 1 : 0);
  const fields = renderFields([
    [text.agency, `${status.code} ${name}`],
    [text.state, status.running ? text.runs : text.doesNotRun],
    [text.server, servers.join(', ')],
    [words.connectedAt, connectedAt === null ? '' : formatTime(connectedAt)],
    [text.outbox, text.outboxCounts(outbox.waiting, outbox.published, outbox.undelivered)],
    [
      words.rate,
      status.running
        ? words.perMinute(perMinute(status.rates.urgent), perMinute(status.rates.normal))
        : '',
    ],
    [text.inbox, text.inboxCounts(inbox.open, inbox.quarantined, inbox.held)],
    [text.reports, text.reportCounts(report.last, report.watermark)],
    [text.directoryEntries, status.directoryEntries],
    [words.heading, conditions.length === 0 ? words.none : conditions.length],
  ]);
  return conditions.length === 0 ? fields : `${fields}\n${renderConditions(cli, conditions)}`;
}

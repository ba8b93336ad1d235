import type { OutboxRow } from '@congvan/node-agent';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, parseCount } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { openDesk } from '../../home/desk.ts';
import { noteAgent } from '../../home/note-agent.ts';
import { printResult } from '../../output.ts';
import { describePlace } from '../../terminal/conditions.ts';
import { renderTable } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';
import { renderTransfers } from '../../terminal/transfers.ts';

const DEFAULT_LIMIT = 100;
const SHORT_ID_LENGTH = 10;

/** `congvan outbox`: what waits for the broker or for a receipt, and what is settled. */
export function outboxCommand(cli: Cli): Command {
  return newCommand(cli, 'outbox', 'outbox')
    .addOption(
      newOption(cli, '--limit <count>', 'limit')
        .argParser(parseCount(cli, 1, 100_000))
        .default(DEFAULT_LIMIT),
    )
    .addOption(newOption(cli, '--all', 'settledToo'))
    .action(async (options: { limit: number; all?: true }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      await using agent = await openDesk(cli, globals);
      const rows = agent.listOutbox({ settled: options.all === true, limit: options.limit });
      const transfers = agent.transfers().filter(({ direction }) => direction === 'up');
      printResult(cli, globals, { messages: rows, transfers }, () =>
        [renderOutbox(cli, rows), renderTransfers(cli, transfers)]
          .filter((part) => part)
          .join('\n'),
      );
      if (rows.some((row) => row.state === 'waiting')) noteAgent(cli, globals, agent);
    });
}

function renderOutbox(cli: Cli, rows: readonly OutboxRow[]): string {
  const { text } = cli.messages;
  if (rows.length === 0) return `${text.nothingHere}\n`;
  return renderTable(
    cli.io,
    [
      { title: text.id },
      { title: text.kind },
      { title: text.to },
      { title: text.createdAt },
      { title: text.state },
      { title: text.attempts, align: 'right' },
      { title: text.nextTryAt },
      { title: text.outcome },
      { title: cli.messages.conditions.queued },
    ],
    rows.map((row) => [
      row.messageId.slice(0, SHORT_ID_LENGTH),
      text.outboxPurposes[row.purpose],
      row.to,
      formatTime(row.createdAt),
      text.outboxStates[row.state],
      row.attemptCount,
      row.state === 'settled' ? '' : formatTime(row.nextTryAt),
      [row.outcome, row.note].filter((part) => part !== null).join(': '),
      row.place === null ? '' : describePlace(cli, row.place),
    ]),
  );
}

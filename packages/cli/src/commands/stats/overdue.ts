import type { Command } from 'commander';

import { newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { newStatsCommand, type StatsOptions } from '../../stats/options.ts';
import type { View } from '../../stats/report.ts';

const VIEW: View = [
  ['code_number', 15],
  ['issued_on', 14],
  ['sender', 26],
  ['recipient', 26],
  ['abstract', 30],
  ['dispatched_at', 15],
];

const PAPER_VIEW: View = [
  ['document', 16],
  ['sender', 22],
  ['recipient', 22],
  ['abstract', 26],
  ['dispatched_at', 14],
];

interface OverdueOptions extends StatsOptions {
  readonly side: 'sender' | 'recipient';
}

/** `congvan stats overdue`: deliveries that nobody answered on the day of dispatch (Decree 30/2020 Art. 21.2c). */
export function statsOverdueCommand(cli: Cli): Command {
  return newStatsCommand(cli, 'overdue', 'statsOverdue')
    .addOption(
      newOption(cli, '--side <side>', 'side').choices(['sender', 'recipient']).default('sender'),
    )
    .action(async (options: OverdueOptions, command: Command) => {
      const { side } = options;
      const { runStats } = await import('../../stats/run-stats.ts');
      await runStats(cli, command, options, {
        name: 'overdue',
        table: 'deliveries',
        by: null,
        views: [VIEW],
        paperViews: [PAPER_VIEW],
        hasSum: false,
        isOfSenders: side === 'sender',
        ask: (relay, request, paging) =>
          relay.deliveries({ ...request, ...paging, side, state: 'overdue' }),
      });
    });
}

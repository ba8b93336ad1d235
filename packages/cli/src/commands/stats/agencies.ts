import type { AgencyStanding } from '@congvan/bus/figures';
import type { Command } from 'commander';

import { newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { newStatsCommand, type StatsOptions } from '../../stats/options.ts';
import type { View } from '../../stats/report.ts';

const STANDINGS: readonly AgencyStanding[] = ['reporting', 'silent', 'not-open', 'closed'];

const VIEW: View = [
  ['who', 34],
  ['tier', 11],
  ['parent', 11],
  ['standing', 14],
  ['last_report_at', 15],
  ['missing_reports', 12],
  ['contradictions', 19],
];

interface AgenciesOptions extends StatsOptions {
  readonly standing?: AgencyStanding;
}

/** `congvan stats agencies`: who reported in the period, and who was silent. */
export function statsAgenciesCommand(cli: Cli): Command {
  return newStatsCommand(cli, 'agencies', 'statsAgencies')
    .addOption(newOption(cli, '--standing <standing>', 'standing').choices(STANDINGS))
    .action(async (options: AgenciesOptions, command: Command) => {
      const { standing } = options;
      const { runStats } = await import('../../stats/run-stats.ts');
      await runStats(cli, command, options, {
        name: 'agencies',
        table: 'agencies',
        by: null,
        views: [VIEW],
        hasSum: false,
        isOfSenders: true,
        ask: (relay, request, paging) =>
          relay.agencies({
            ...request,
            ...paging,
            ...(standing === undefined ? {} : { standing }),
          }),
      });
    });
}

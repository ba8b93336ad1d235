import type { BreakdownKey } from '@congvan/bus/figures';
import type { Command } from 'commander';

import { newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { newStatsCommand, type StatsOptions } from '../../stats/options.ts';
import { monthsUpTo } from '../../stats/periods.ts';
import { dayInVietnam } from '../../terminal/time.ts';
import { SHARE_VIEWS } from './views.ts';

const KEYS: readonly BreakdownKey[] = ['day', 'week', 'month', 'quarter', 'year'];

interface TrendOptions extends StatsOptions {
  readonly by: BreakdownKey;
}

/** `congvan stats trend`: the share month by month, or by days, weeks, quarters or years. */
export function statsTrendCommand(cli: Cli): Command {
  return newStatsCommand(cli, 'trend', 'statsTrend', 'statsTrendPeriod')
    .addOption(newOption(cli, '--by <rows>', 'statsBy').choices(KEYS).default('month'))
    .action(async (given: TrendOptions, command: Command) => {
      const { by } = given;
      const options = { period: monthsUpTo(dayInVietnam(cli.now())), ...given };
      const { runStats } = await import('../../stats/run-stats.ts');
      await runStats(
        cli,
        command,
        options,
        {
          name: 'trend',
          table: 'breakdown',
          by,
          views: SHARE_VIEWS,
          hasSum: true,
          isOfSenders: true,
          ask: (relay, request, paging) => relay.breakdown({ ...request, ...paging, by }),
        },
        (_relay, { answer }) => answer,
      );
    });
}

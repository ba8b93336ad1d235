import type { GapRow } from '@congvan/bus/figures';
import type { Command } from 'commander';

import { newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { newStatsCommand, type StatsOptions } from '../../stats/options.ts';
import type { View } from '../../stats/report.ts';

const KINDS: readonly GapRow['kind'][] = ['register', 'report'];

const VIEW: View = [
  ['who', 46],
  ['kind', 18],
  ['numbers', 18],
  ['after', 15],
  ['before', 15],
];

interface GapsOptions extends StatsOptions {
  readonly kind?: GapRow['kind'];
}

/** `congvan stats gaps`: numbers of registers, and reports of chains, that no record names. */
export function statsGapsCommand(cli: Cli): Command {
  return newStatsCommand(cli, 'gaps', 'statsGaps')
    .addOption(newOption(cli, '--kind <kind>', 'gapKind').choices(KINDS))
    .action(async (options: GapsOptions, command: Command) => {
      const { kind } = options;
      const { runStats } = await import('../../stats/run-stats.ts');
      await runStats(cli, command, options, {
        name: 'gaps',
        table: 'gaps',
        by: null,
        views: [VIEW],
        hasSum: false,
        isOfSenders: true,
        ask: (relay, request, paging) =>
          relay.gaps({ ...request, ...paging, ...(kind === undefined ? {} : { kind }) }),
      });
    });
}

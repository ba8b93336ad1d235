import type { BreakdownKey, BreakdownRow, RelayReader } from '@congvan/bus/figures';
import type { Command } from 'commander';

import { newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { TIER_NAMES } from '../../documents/tier.ts';
import { newStatsCommand, type StatsOptions } from '../../stats/options.ts';
import type { StatsReport } from '../../stats/report.ts';
import type { ReadRows } from '../../stats/run-stats.ts';
import { type Sort, sortOption } from '../../stats/sort-option.ts';
import { SHARE_VIEWS } from './views.ts';

const KEYS: readonly BreakdownKey[] = [
  'tier',
  'agency',
  'parent',
  'type',
  'urgency',
  'day',
  'week',
  'month',
  'quarter',
  'year',
];

interface ShareOptions extends StatsOptions {
  readonly by: BreakdownKey;
  readonly sort?: Sort;
  readonly underTarget?: true;
}

/** `congvan stats share`: the share from the relay's records, beside the running relay or without. */
export function statsShareCommand(cli: Cli): Command {
  return newStatsCommand(cli, 'share', 'statsShare')
    .addOption(newOption(cli, '--by <rows>', 'statsBy').choices(KEYS).default('tier'))
    .addOption(sortOption(cli))
    .addOption(newOption(cli, '--under-target', 'underTarget'))
    .action(async (options: ShareOptions, command: Command) => {
      const { by, sort, underTarget } = options;
      const { runStats } = await import('../../stats/run-stats.ts');
      await runStats(
        cli,
        command,
        options,
        {
          name: 'share',
          table: 'breakdown',
          by,
          views: SHARE_VIEWS,
          hasSum: true,
          isOfSenders: true,
          ask(relay, request, paging) {
            const page = relay.breakdown({
              ...request,
              ...paging,
              by,
              ...(sort === undefined ? {} : { sort }),
              ...(underTarget === undefined ? {} : { underTarget }),
            });
            const isByRank = by === 'tier' && sort === undefined;
            return isByRank ? { ...page, rows: page.rows.toSorted(byRank) } : page;
          },
        },
        moreOfShare,
      );
    });
}

/** From the government down, not by the alphabet. */
function byRank(a: BreakdownRow, b: BreakdownRow): number {
  const rank = ({ key }: BreakdownRow): number => TIER_NAMES.findIndex((tier) => tier === key);
  return rank(a) - rank(b);
}

/** With `--json`: the figures of the scope, of each tier in it, and what lacks, cut like the rows. */
async function moreOfShare(
  relay: RelayReader,
  { answer, request }: StatsReport,
  read: ReadRows,
): Promise<object> {
  const tiers = relay.breakdown({ ...request, by: 'tier' }).rows;
  const gaps = await read((paging) => relay.gaps({ ...request, ...paging }));
  const silent = await read((paging) =>
    relay.agencies({ ...request, ...paging, standing: 'silent' }),
  );
  return {
    ...answer,
    tiers: {
      ...Object.fromEntries(tiers.map(({ key, figures }) => [key, figures])),
      all: answer.figures,
    },
    gaps: gaps.rows,
    gaps_cut: gaps.next !== null,
    silent: silent.rows,
    silent_cut: silent.next !== null,
  };
}

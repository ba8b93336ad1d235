import type { DeliveriesRequest } from '@congvan/bus/figures';
import type { Command } from 'commander';

import { newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { newStatsCommand, type StatsOptions } from '../../stats/options.ts';
import { DELIVERY_PAPER_VIEWS, DELIVERY_VIEWS } from './views.ts';

const STATES: readonly NonNullable<DeliveriesRequest['state']>[] = [
  'open',
  'overdue',
  'late',
  'sent',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  'recalled',
  'withdrawn',
];

interface DeliveriesOptions extends StatsOptions {
  readonly side: 'sender' | 'recipient';
  readonly state?: NonNullable<DeliveriesRequest['state']>;
}

/** `congvan stats deliveries`: one line for each electronic recipient of a document. */
export function statsDeliveriesCommand(cli: Cli): Command {
  return newStatsCommand(cli, 'deliveries', 'statsDeliveries')
    .addOption(
      newOption(cli, '--side <side>', 'side').choices(['sender', 'recipient']).default('sender'),
    )
    .addOption(newOption(cli, '--state <state>', 'deliveryState').choices(STATES))
    .action(async (options: DeliveriesOptions, command: Command) => {
      const { side, state } = options;
      const { runStats } = await import('../../stats/run-stats.ts');
      await runStats(cli, command, options, {
        name: 'deliveries',
        table: 'deliveries',
        by: null,
        views: DELIVERY_VIEWS,
        paperViews: DELIVERY_PAPER_VIEWS,
        hasSum: false,
        isOfSenders: side === 'sender',
        ask: (relay, request, paging) =>
          relay.deliveries({
            ...request,
            ...paging,
            side,
            ...(state === undefined ? {} : { state }),
          }),
      });
    });
}

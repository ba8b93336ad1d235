import type { AlertRow } from '@congvan/bus/relay';
import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireRelay } from '../../home/relay.ts';
import { printResult } from '../../output.ts';
import { renderTable } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';

/** Older ones are in the API, page by page. */
const MOST_SHOWN = 1_000;

/** `congvan relay alerts`: what the relay has found wrong, whether it runs or not. */
export function relayAlertsCommand(cli: Cli): Command {
  return newCommand(cli, 'alerts', 'relayAlerts')
    .addOption(newOption(cli, '--all', 'allAlerts'))
    .action(async (options: { readonly all?: true }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { readAlerts } = await import('@congvan/bus/relay');
      const state = options.all === true ? 'all' : 'open';
      const page = readAlerts(home, { state, limit: MOST_SHOWN });
      printResult(cli, globals, page, () => renderAlerts(cli, page.rows));
    });
}

function renderAlerts(cli: Cli, rows: readonly AlertRow[]): string {
  const { relay, language } = cli.messages;
  if (rows.length === 0) return `${relay.noAlerts}\n`;
  const titles = [relay.severity, relay.since, relay.until, relay.about, relay.whatToDo];
  return renderTable(
    cli.io,
    titles.map((title) => ({ title })),
    rows.map(({ severity, since, until, detail, action }) => [
      relay.severities[severity],
      formatTime(new Date(since)),
      until === null ? '' : formatTime(new Date(until)),
      detail[language],
      action[language],
    ]),
  );
}

import { join } from 'node:path';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import type { HomeLayout } from '../home/layout.ts';

/**
 * The servers named on the command line, else the local server of this home, else those of its plan.
 *
 * @throws {@link CliError} `CLI_NO_BUS` when none is named and none runs here.
 */
export async function findServers(
  cli: Pick<Cli, 'messages'>,
  layout: HomeLayout,
  named: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (named !== undefined && named.length > 0) return named;
  const { findLocalServer } = await import('@congvan/bus');
  const server = await findLocalServer(layout.bus);
  if (server !== undefined) return [server.url];
  const { SITE_PLAN_FILE, readSitePlan } = await import('@congvan/bus/plan');
  const plan = await readSitePlan(join(layout.bus, SITE_PLAN_FILE));
  if (plan !== undefined) return plan.servers;
  throw new CliError('CLI_NO_BUS', cli.messages.text.noBusRuns(layout.bus), {
    details: { folder: layout.bus },
  });
}

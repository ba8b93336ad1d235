import { join } from 'node:path';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { layoutOf, pathExists } from './layout.ts';

/**
 * The relay's folder.
 *
 * @throws {@link CliError} `CLI_NO_RELAY` when this home holds none.
 */
export async function requireRelay(cli: Cli, globals: GlobalOptions): Promise<string> {
  const { relay } = layoutOf(cli, globals);
  if (await pathExists(join(relay, 'relay.json'))) return relay;
  throw new CliError('CLI_NO_RELAY', cli.messages.text.noRelay(relay), {
    details: { folder: relay },
  });
}

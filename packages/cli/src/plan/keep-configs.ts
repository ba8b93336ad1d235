import { join } from 'node:path';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { printNote } from '../output.ts';
import type { OpenedPlan } from './plan-folder.ts';

/**
 * Writes the servers' configurations of a plan's folder with the accounts as they are now: a server
 * that lost its data folder starts with those of its configuration.
 *
 * @returns the files that have changed.
 */
export async function keepConfigs(
  opened: OpenedPlan,
  placeIds: readonly string[],
): Promise<string[]> {
  const { writeServerConfigs } = await import('@congvan/bus/plan');
  const changed = await writeServerConfigs(opened, placeIds);
  return changed.map((path) => join(opened.folder, path));
}

/** Says where the files of {@link keepConfigs} have to go. */
export function noteConfigs(cli: Cli, globals: GlobalOptions, configs: readonly string[]): void {
  if (configs.length === 0) return;
  const { plan, text } = cli.messages;
  printNote(cli, globals, `${text.hint}: ${plan.configsNext(configs.join(', '))}`);
}

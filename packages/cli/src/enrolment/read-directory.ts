import type { AgencyCode, DirectoryEntry } from '@congvan/bus';
import { type Registry, openRegistry } from '@congvan/bus/site';
import { join } from 'node:path';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { openDesk } from '../home/desk.ts';
import { layoutOf, pathExists } from '../home/layout.ts';
import { safeText } from '../terminal/safe-text.ts';
import { readSite, rootOf } from './registrar.ts';

/**
 * The directory as this home knows it: the registrar's own files where it registers agencies, else
 * the verified copy of an agency's agent.
 */
export async function readDirectory(cli: Cli, globals: GlobalOptions): Promise<DirectoryEntry[]> {
  const registry = await openOwnRegistry(cli, globals);
  if (registry !== undefined) return registry.holders().map(({ entry }) => entry);
  await using agent = await openDesk(cli, globals);
  return agent.listDirectory(({ damage }) => {
    cli.io.err(`${cli.messages.text.warning}: ${safeText(damage)}\n`);
  });
}

/** The entry that holds for one code, from the same place. */
export async function findInDirectory(
  cli: Cli,
  globals: GlobalOptions,
  code: AgencyCode,
): Promise<DirectoryEntry | undefined> {
  const registry = await openOwnRegistry(cli, globals);
  if (registry !== undefined) return registry.newest(code)?.entry;
  await using agent = await openDesk(cli, globals);
  return agent.findAgency(code);
}

/** The registrar's own files, to be read; `undefined` where this home registers nobody. */
export async function openOwnRegistry(
  cli: Cli,
  globals: GlobalOptions,
): Promise<Registry | undefined> {
  const layout = layoutOf(cli, globals);
  if (!(await pathExists(layout.site))) return undefined;
  const settings = await readSite(cli, layout);
  const { rootRegistrar: root } = rootOf(settings);
  return await openRegistry({
    folder: join(layout.site, 'directory'),
    registrar: settings.registrar,
    sign: async () => await Promise.reject(new Error('this registry was opened to be read')),
    root,
  });
}

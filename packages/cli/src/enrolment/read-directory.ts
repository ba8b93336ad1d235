import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type DirectoryEntry, decodeRecord, newestEntries, parsePayloadAs } from '@congvan/bus';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { openDesk } from '../home/desk.ts';
import { layoutOf, pathExists } from '../home/layout.ts';

/**
 * The directory as this home knows it: the registrar's own files where it registers agencies, else
 * the verified copy of an agency's agent.
 */
export async function readDirectory(cli: Cli, globals: GlobalOptions): Promise<DirectoryEntry[]> {
  const { site } = layoutOf(cli, globals);
  const folder = join(site, 'directory');
  if (!(await pathExists(site))) {
    await using agent = await openDesk(cli, globals);
    return agent.listDirectory();
  }
  // Before the first agency is entered there is no folder.
  if (!(await pathExists(folder))) return [];
  const names = (await readdir(folder)).filter((name) => name.endsWith('.rec')).toSorted();
  const entries = await Promise.all(
    names.map(async (name) =>
      parsePayloadAs(decodeRecord(new Uint8Array(await readFile(join(folder, name)))), 'directory'),
    ),
  );
  return [...newestEntries(entries).values()];
}

import { join, resolve } from 'node:path';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { layoutOf, listAgencyFolders, pathExists } from './layout.ts';

/**
 * A trust folder that the user named. The signer takes a missing one for an empty one, which would
 * hide a slip of the keyboard.
 *
 * @throws {@link CliError} `CLI_FILE_NOT_FOUND`.
 */
export async function requireTrustFolder(
  cli: Pick<Cli, 'messages'>,
  named: string,
): Promise<string> {
  const folder = resolve(named);
  if (await pathExists(folder)) return folder;
  throw new CliError('CLI_FILE_NOT_FOUND', cli.messages.text.folderNotFound(named), {
    details: { folder: named },
  });
}

/** `--trust`, else the trust folder of the agency or relay that is set up here; `undefined` where none is. */
export async function findTrustFolder(
  cli: Pick<Cli, 'env' | 'messages'>,
  asked: string | undefined,
  globals: GlobalOptions,
): Promise<string | undefined> {
  if (asked !== undefined) return await requireTrustFolder(cli, asked);
  const layout = layoutOf(cli, globals);
  const [first] = await listAgencyFolders(layout);
  if (first !== undefined) return join(layout.agents, first, 'trust');
  return (await pathExists(join(layout.relay, 'trust'))) ? join(layout.relay, 'trust') : undefined;
}

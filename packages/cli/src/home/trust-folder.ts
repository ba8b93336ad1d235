import { resolve } from 'node:path';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { pathExists } from './layout.ts';

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

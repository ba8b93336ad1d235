import { randomUUID } from 'node:crypto';
import { access, constants, link, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { isSystemError } from '../home/input-file.ts';
import { pathExists } from '../home/layout.ts';

/** `--out`, else the input's name with a word before (or instead of) its ending. */
export function outputPath(
  out: string | undefined,
  input: string,
  word: string,
  ending?: string,
): string {
  if (out !== undefined) return resolve(out);
  const extension = extname(input);
  const stem = basename(input, extension);
  const name = ending === undefined ? `${stem}.${word}${extension}` : `${basename(input)}${ending}`;
  return join(dirname(resolve(input)), name);
}

/**
 * Refuses before any work is done, such as asking for a PIN or a time-stamp, when the file is there
 * already or its folder takes none.
 *
 * @param force - a file may be there; anything else may not.
 * @throws {@link CliError} `CLI_ALREADY_EXISTS`, `CLI_WRITE_FAILED`.
 */
export async function requireNewFile(
  cli: Pick<Cli, 'messages'>,
  path: string,
  force = false,
): Promise<void> {
  const mayReplace = force && (await isFile(path));
  if (!mayReplace && (await pathExists(path))) throw alreadyThere(cli, path);
  const { text } = cli.messages;
  const folder = dirname(resolve(path));
  const details = { folder };
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw new CliError('CLI_WRITE_FAILED', text.folderNotFound(folder), { details });
    }
    await access(folder, constants.W_OK);
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    const isMissing = isSystemError(cause, 'ENOENT') || isSystemError(cause, 'ENOTDIR');
    const message = isMissing ? text.folderNotFound(folder) : text.folderReadOnly(folder);
    throw new CliError('CLI_WRITE_FAILED', message, { details, cause });
  }
}

/**
 * Writes a new file: it appears whole or not at all, and never over another unless `force` is given.
 *
 * @param content - pieces of text are written as they come; when they end with an error, no file is left.
 * @throws {@link CliError} `CLI_ALREADY_EXISTS`.
 */
export async function writeNewFile(
  cli: Pick<Cli, 'messages'>,
  path: string,
  content: Uint8Array | AsyncIterable<string>,
  force = false,
): Promise<void> {
  const temporary = join(dirname(path), `.congvan-${randomUUID()}.part`);
  try {
    await writeFile(temporary, content, { flag: 'wx', flush: true });
    await (force ? rename(temporary, path) : link(temporary, path));
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) throw alreadyThere(cli, path);
    throw error;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return false;
    throw error;
  }
}

function alreadyThere(cli: Pick<Cli, 'messages'>, path: string): CliError {
  return new CliError('CLI_ALREADY_EXISTS', cli.messages.text.fileExists(path), {
    details: { file: path },
  });
}

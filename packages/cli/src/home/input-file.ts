import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';

/** More than any input of a command may be: beyond it nothing is read into memory. */
export const MAX_INPUT_FILE_BYTES = 256 * 1024 * 1024;

/**
 * Reads a file that the user named.
 *
 * @throws {@link CliError} `CLI_FILE_NOT_FOUND`, `CLI_FILE_UNREADABLE`, `CLI_FILE_EMPTY` or
 *   `CLI_FILE_TOO_LARGE`.
 */
export async function readInputFile(
  cli: Pick<Cli, 'messages'>,
  path: string,
  maxBytes: number = MAX_INPUT_FILE_BYTES,
): Promise<Uint8Array> {
  const { text } = cli.messages;
  const details = { file: path };
  let handle: FileHandle;
  try {
    // A named pipe without a writer would block the open itself.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) {
      throw new CliError('CLI_FILE_NOT_FOUND', text.fileNotFound(path), { details, cause: error });
    }
    throw new CliError('CLI_FILE_UNREADABLE', text.fileUnreadable(path), { details, cause: error });
  }
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new CliError('CLI_FILE_UNREADABLE', text.notAFile(path), { details });
    if (info.size === 0) throw new CliError('CLI_FILE_EMPTY', text.fileEmpty(path), { details });
    if (info.size > maxBytes) {
      const message = text.fileTooLarge(path, info.size, maxBytes);
      throw new CliError('CLI_FILE_TOO_LARGE', message, { details });
    }
    return new Uint8Array(await handle.readFile());
  } finally {
    await handle.close();
  }
}

/** The file is not read into memory: it may be larger than that. */
export async function sizeOfFile(cli: Pick<Cli, 'messages'>, file: string): Promise<number> {
  const { text } = cli.messages;
  const details = { file };
  try {
    const info = await stat(file);
    if (info.isFile()) return info.size;
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT')) throw cause;
    throw new CliError('CLI_FILE_NOT_FOUND', text.fileNotFound(file), { details, cause });
  }
  throw new CliError('CLI_FILE_UNREADABLE', text.notAFile(file), { details });
}

export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

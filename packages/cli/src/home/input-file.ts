import { type FileHandle, open } from 'node:fs/promises';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';

/** More than any input of a command may be: beyond it nothing is read into memory. */
export const MAX_INPUT_FILE_BYTES = 256 * 1024 * 1024;

/**
 * Reads a file that the user named.
 *
 * @throws {@link CliError} `CLI_FILE_NOT_FOUND`, `CLI_FILE_UNREADABLE` or `CLI_FILE_TOO_LARGE`.
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
    handle = await open(path, 'r');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) {
      throw new CliError('CLI_FILE_NOT_FOUND', text.fileNotFound(path), { details, cause: error });
    }
    throw new CliError('CLI_FILE_UNREADABLE', text.fileUnreadable(path), { details, cause: error });
  }
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new CliError('CLI_FILE_UNREADABLE', text.notAFile(path), { details });
    if (info.size > maxBytes) {
      const message = text.fileTooLarge(path, info.size, maxBytes);
      throw new CliError('CLI_FILE_TOO_LARGE', message, { details });
    }
    return new Uint8Array(await handle.readFile());
  } finally {
    await handle.close();
  }
}

export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

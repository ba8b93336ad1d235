import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** True for a system error with the code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * Replaces a file as a whole: readers see the old or the new content, also after a power cut.
 *
 * @param mode - permissions of the file; `0o600` for what is secret.
 */
export async function writeFileAtomic(
  file: string,
  content: Uint8Array | string,
  mode = 0o644,
): Promise<void> {
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(file));
}

/** Makes renames in a folder durable; some systems cannot open folders, and need not. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const expected = ['EISDIR', 'EPERM', 'EACCES', 'EINVAL'];
    if (!expected.some((code) => hasCode(error, code))) throw error;
  }
}

import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const PARTIAL = '.partial';

/** Whether a file of this name is one that {@link replaceFile} or {@link createFile} still writes. */
export function isPartialFile(name: string): boolean {
  return name.endsWith(PARTIAL);
}

/** Writes a file so that a reader sees the old or the new content, also after a power loss. */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const partial = await writePartial(path, content, mode);
  try {
    await rename(partial, path);
    await syncFolder(dirname(path));
  } finally {
    await rm(partial, { force: true });
  }
}

/**
 * Writes a file that must not exist yet, whole or not at all, also when two processes try at once.
 *
 * @returns false when somebody else's file is there; it stays as it is.
 */
export async function createFile(
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<boolean> {
  const partial = await writePartial(path, content, mode);
  try {
    await link(partial, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(partial, { force: true });
  }
}

async function writePartial(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<string> {
  const partial = `${path}.${randomBytes(6).toString('hex')}${PARTIAL}`;
  const file = await open(partial, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return partial;
}

/** Makes a new name in a folder durable; Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

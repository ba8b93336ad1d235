import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import Database from 'better-sqlite3';

import type { Db } from './database.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

export interface BackupOptions {
  /** The folder that is backed up; its owner may run meanwhile. */
  readonly home: string;
  /** Must not exist yet; it appears when it is complete. */
  readonly to: string;
  /** Name of the SQLite file in the folder. */
  readonly database: string;
  /** Further SQLite files, where they are there, each with what must not go into a copy. */
  readonly more?: readonly { readonly database: string; forget(copy: Db): void }[];
  /** Files and folders beside it, by name; what is not there is passed over. */
  readonly parts: readonly string[];
  /** Folders of files that rows of the database name; they come and go while it is copied. */
  readonly named?: readonly string[];
  /** Keys and credentials, when they are wanted. */
  readonly secrets?: readonly string[];
}

export interface Backup {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Copies a folder with a live SQLite file: the database by SQLite's own online backup, as of one moment,
 * and the files that it names before and after it, so that none of them lacks. Only its owner may read
 * the copy; nothing in it is a link.
 *
 * @throws Error `EEXIST` when `to` is there already, `ENOSPC`; nothing of it stays then.
 */
export async function backupFolder(options: BackupOptions): Promise<Backup> {
  const { home, to, database, more = [], parts, named = [], secrets = [] } = options;
  const draft = join(dirname(to), `.${basename(to)}.partial`);
  await refuseExisting(to);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: PRIVATE_FOLDER });
  const done = new Map<string, number>();
  try {
    for (const part of named) await copyTree(home, draft, part, done);
    done.set(database, await copyDatabase(join(home, database), join(draft, database)));
    for (const { database: other, forget } of more) {
      const found = await lstat(join(home, other)).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      done.set(other, await copyDatabase(join(home, other), join(draft, other), forget));
    }
    for (const part of [...named, ...parts, ...secrets]) await copyTree(home, draft, part, done);
    await refuseExisting(to);
    await rename(draft, to);
    await sync(dirname(to));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  return { files: done.size, bytes: [...done.values()].reduce((sum, bytes) => sum + bytes, 0) };
}

async function refuseExisting(to: string): Promise<void> {
  const found = await lstat(to).catch(() => undefined);
  if (found === undefined) return;
  throw Object.assign(new Error(`${to} is there already`), { code: 'EEXIST', path: to });
}

async function copyDatabase(
  from: string,
  to: string,
  forget?: (copy: Db) => void,
): Promise<number> {
  const db = new Database(from, { readonly: true, fileMustExist: true });
  try {
    // As of now: SQLite begins anew whenever another process has written, which a relay always does.
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    await db.backup(to);
  } finally {
    db.close();
  }
  // The copy takes over the journal mode; it is to be one file.
  const copy = new Database(to, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
    if (forget !== undefined) {
      forget(copy);
      // What was taken out would stand in free pages otherwise.
      copy.exec('VACUUM');
    }
  } finally {
    copy.close();
  }
  await chmod(to, PRIVATE_FILE);
  await sync(to);
  return (await lstat(to)).size;
}

/** What vanishes meanwhile was no longer needed; what was copied before is not copied again. */
async function copyTree(
  home: string,
  draft: string,
  name: string,
  done: Map<string, number>,
): Promise<void> {
  if (done.has(name)) return;
  const found = await lstat(join(home, name)).catch(() => undefined);
  if (found?.isDirectory() === true) {
    await mkdir(join(draft, name), { recursive: true, mode: PRIVATE_FOLDER });
    const entries = await readdir(join(home, name)).catch(() => []);
    for (const entry of entries) await copyTree(home, draft, join(name, entry), done);
    return;
  }
  if (found?.isFile() !== true || name.endsWith('.partial')) return;
  const copy = join(draft, name);
  try {
    await mkdir(dirname(copy), { recursive: true, mode: PRIVATE_FOLDER });
    await copyFile(join(home, name), copy, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  await chmod(copy, PRIVATE_FILE);
  await sync(copy);
  done.set(name, found.size);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

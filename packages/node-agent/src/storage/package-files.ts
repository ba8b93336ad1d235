import { mkdirSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { HomeLayout } from '../home/layout.ts';
import type { PackageSource } from '../package/source.ts';

type Folders = Pick<HomeLayout, 'packages' | 'sealed' | 'downloads'>;

const SHA256_HEX = /^[0-9a-f]{64}$/;
/** A command may have written a file a moment before the row that names it. */
const ORPHAN_AFTER_MS = 24 * 60 * 60 * 1_000;

/** The large files of an agency's folder; rows of the database name them. */
export class PackageFiles {
  readonly folders: Folders;

  constructor(folders: Folders) {
    this.folders = folders;
    for (const folder of [folders.packages, folders.sealed, folders.downloads]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
  }

  /** Where a package lies: in the row, or in the file that the row names. */
  containerOf(row: { container: Uint8Array; container_file: string | null }): PackageSource {
    if (row.container_file === null) return row.container;
    return { path: this.#path(this.folders.packages, row.container_file) };
  }

  sealedPath(sha256: string): string {
    return this.#path(this.folders.sealed, sha256);
  }

  /** The part of a content that has come so far. */
  partPath(downloadId: number, sha256: string): string {
    return join(this.folders.downloads, `${downloadId}-${sha256.slice(0, 16)}.part`);
  }

  async removeSealed(sha256: string): Promise<void> {
    await rm(this.sealedPath(sha256), { force: true });
  }

  /** Removes every part of a download that ended. */
  async removeParts(downloadId: number): Promise<void> {
    for (const name of await readdir(this.folders.downloads)) {
      if (!name.startsWith(`${downloadId}-`)) continue;
      await rm(join(this.folders.downloads, name), { force: true });
    }
  }

  /**
   * Removes what no row names: a kill may come between a file and its row. What is younger than a day
   * stays, since a command may be about to name it.
   *
   * @returns how many files went.
   */
  async removeOrphans(
    kept: {
      readonly packages: ReadonlySet<string>;
      readonly sealed: ReadonlySet<string>;
      readonly downloads: ReadonlySet<number>;
    },
    nowMs: number,
  ): Promise<number> {
    const { packages, sealed, downloads } = this.folders;
    const isOrphan: [string, (name: string) => boolean, number][] = [
      [packages, (name) => !kept.packages.has(name), ORPHAN_AFTER_MS],
      [sealed, (name) => !kept.sealed.has(name), ORPHAN_AFTER_MS],
      // Only the one running agent writes there.
      [downloads, (name) => !kept.downloads.has(Number.parseInt(name, 10)), 0],
    ];
    let count = 0;
    for (const [folder, orphan, afterMs] of isOrphan) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const name of await readdir(folder)) {
        if (!orphan(name) || !(await isOlder(join(folder, name), nowMs - afterMs))) continue;
        await rm(join(folder, name), { force: true });
        count += 1;
      }
    }
    return count;
  }

  #path(folder: string, sha256: string): string {
    if (!SHA256_HEX.test(sha256)) throw new TypeError(`"${sha256}" names no file`);
    return join(folder, sha256);
  }
}

async function isOlder(path: string, thanMs: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.isFile() && found.mtimeMs <= thanMs;
}

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { createFile } from '../../disk/atomic-file.ts';
import type { RawRecord } from '../../record/frame.ts';
import { FrameFiles, type FramePlace, readFrames } from './frame-file.ts';

const BATCH_FILE = /^[0-9a-f]{64}\.batch$/;

/**
 * Entries of other registrars that this site service has verified, so that it serves them from the
 * start. Each batch is a file named by its SHA-256: two processes may write the same one.
 */
export class OtherEntries {
  readonly #folder: string;
  readonly #files = new FrameFiles();
  readonly #read = new Set<string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<OtherEntries> {
    await mkdir(folder, { recursive: true });
    return new OtherEntries(folder);
  }

  record(place: FramePlace): Uint8Array {
    return this.#files.read(place);
  }

  /** Reads batches that were not read yet. A damaged one is passed over: the bus has it still. */
  async refresh(taken: (raw: RawRecord, place: FramePlace) => void): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => BATCH_FILE.test(name));
    const unread = names
      .filter((one) => !this.#read.has(one))
      .map((name) => ({ name, path: join(this.#folder, name) }));
    for (const { name, path } of await inOrderOfTime(unread)) {
      const bytes = new Uint8Array(await readFile(path));
      this.#read.add(name);
      if (`${digestOf(bytes)}.batch` !== name) continue;
      for (const { raw, start, end } of readFrames(bytes)) taken(raw, { path, start, end });
    }
  }

  /** Keeps verified records. @returns the place of each, in order. */
  async keep(records: readonly Uint8Array[]): Promise<FramePlace[]> {
    const bytes = Buffer.concat(records);
    const name = `${digestOf(bytes)}.batch`;
    const path = join(this.#folder, name);
    await createFile(path, bytes);
    this.#read.add(name);
    return [...readFrames(bytes)].map(({ start, end }) => ({ path, start, end }));
  }
}

/** Mostly what they build on comes first then, so that few have to be tried again. */
async function inOrderOfTime<T extends { readonly path: string }>(
  files: readonly T[],
): Promise<T[]> {
  const timed: { file: T; ms: number }[] = [];
  for (const file of files) timed.push({ file, ms: (await stat(file.path)).mtimeMs });
  return timed.toSorted((a, b) => a.ms - b.ms).map(({ file }) => file);
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

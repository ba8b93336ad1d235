import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { AgencyCode } from '../../agency/code.ts';
import { BusError } from '../../errors.ts';
import { createFile } from '../../disk/atomic-file.ts';
import { type RawRecord, decodeRecord } from '../../record/frame.ts';
import { FrameFiles, type FramePlace, readFrames } from './frame-file.ts';

/** So many entries are put into one file once they are old enough. */
const ENTRIES_PER_PACK = 1_000;
/** The newest stay files of their own: other processes may be about to add one. */
const MIN_LOOSE_ENTRIES = 200;
export const MAX_SEQUENCE = 99_999_999;
/** A file may be packed by another process between the listing and the reading. */
const MAX_LISTINGS = 5;

const ENTRY_FILE = /^(\d{8})\.rec$/;
const PACK_FILE = /^(\d{8})-(\d{8})\.pack$/;

/**
 * A registrar's own entries on disk, only ever added to: `00000001.rec` and on, the older ones a
 * thousand to a file, `00000001-00001000.pack`. Several processes may add; each number is given once.
 */
export class OwnEntries {
  readonly #folder: string;
  readonly #files = new FrameFiles();
  /** Of entry n at index n - 1: its bytes, or its place in a pack. */
  readonly #places: (Uint8Array | FramePlace)[] = [];
  #packedUpTo = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<OwnEntries> {
    await mkdir(folder, { recursive: true });
    return new OwnEntries(folder);
  }

  /** Entries 1 to this one are here. */
  get count(): number {
    return this.#places.length;
  }

  record(sequence: number): Uint8Array | undefined {
    const place = this.#places[sequence - 1];
    if (place === undefined || place instanceof Uint8Array) return place;
    return this.#files.read(place);
  }

  /**
   * Reads what was added, in order.
   *
   * @throws {@link BusError} `BUS_DIRECTORY_FOLDER_DAMAGED` for a gap or a file that is no entry.
   */
  async refresh(taken: (sequence: number, raw: RawRecord) => void): Promise<void> {
    for (let listing = 1; ; listing += 1) {
      if (await this.#readListed(taken, listing === MAX_LISTINGS)) break;
    }
    await this.#pack();
  }

  /** @returns false when another process took the number. */
  async create(sequence: number, record: Uint8Array): Promise<boolean> {
    if (!(await createFile(this.#entryPath(sequence), record))) return false;
    // The number may have been packed, and its file removed, while we were not looking.
    const packed = await this.#listPacks();
    if (packed.every(({ last }) => last < sequence)) return true;
    await rm(this.#entryPath(sequence), { force: true });
    return false;
  }

  async #readListed(
    taken: (sequence: number, raw: RawRecord) => void,
    isLast: boolean,
  ): Promise<boolean> {
    const names = await readdir(this.#folder);
    for (const { first, last, path } of packsOf(this.#folder, names)) {
      if (first !== this.#packedUpTo + 1) continue;
      await this.#readPack(path, first, last, taken);
    }
    const numbers = names
      .map((name) => Number(ENTRY_FILE.exec(name)?.[1] ?? 0))
      .filter((number) => number > this.count)
      .toSorted((a, b) => a - b);
    for (const sequence of numbers) {
      if (sequence !== this.count + 1) {
        if (isLast) throw this.#damaged(this.count + 1, 'is missing');
        return false;
      }
      const record = await this.#readLoose(sequence);
      if (record === undefined) return false;
      this.#keep(sequence, record, record, taken);
    }
    return true;
  }

  async #readPack(
    path: string,
    first: number,
    last: number,
    taken: (sequence: number, raw: RawRecord) => void,
  ): Promise<void> {
    let sequence = first;
    try {
      for (const { raw, start, end } of readFrames(new Uint8Array(await readFile(path)))) {
        const place = { path, start, end };
        if (sequence <= this.count) this.#places[sequence - 1] = place;
        else this.#keep(sequence, place, raw, taken);
        sequence += 1;
      }
    } catch (cause) {
      if (cause instanceof BusError && cause.code === 'BUS_DIRECTORY_FOLDER_DAMAGED') throw cause;
      throw this.#damaged(sequence, `cannot be read: ${messageOf(cause)}`, cause);
    }
    if (sequence !== last + 1) throw this.#damaged(sequence, 'is missing');
    this.#packedUpTo = last;
  }

  #keep(
    sequence: number,
    place: Uint8Array | FramePlace,
    source: Uint8Array | RawRecord,
    taken: (sequence: number, raw: RawRecord) => void,
  ): void {
    try {
      const raw = source instanceof Uint8Array ? decodeRecord(source) : source;
      this.#places[sequence - 1] = place;
      taken(sequence, raw);
    } catch (cause) {
      this.#places.length = sequence - 1;
      throw this.#damaged(sequence, `cannot be read: ${messageOf(cause)}`, cause);
    }
  }

  async #readLoose(sequence: number): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#entryPath(sequence)));
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw this.#damaged(sequence, `cannot be read: ${messageOf(cause)}`, cause);
    }
  }

  /** Thousands of small files make each look at the folder slow. */
  async #pack(): Promise<void> {
    while (this.count - this.#packedUpTo >= ENTRIES_PER_PACK + MIN_LOOSE_ENTRIES) {
      const first = this.#packedUpTo + 1;
      const last = this.#packedUpTo + ENTRIES_PER_PACK;
      const records: Uint8Array[] = [];
      for (let sequence = first; sequence <= last; sequence += 1) {
        const record = this.record(sequence);
        if (record === undefined) throw this.#damaged(sequence, 'is missing');
        records.push(record);
      }
      const path = join(this.#folder, `${pad(first)}-${pad(last)}.pack`);
      await createFile(path, Buffer.concat(records));
      await this.#readPack(path, first, last, () => undefined);
      for (let sequence = first; sequence <= last; sequence += 1) {
        await rm(this.#entryPath(sequence), { force: true });
      }
    }
  }

  async #listPacks(): Promise<{ first: number; last: number; path: string }[]> {
    return packsOf(this.#folder, await readdir(this.#folder));
  }

  #entryPath(sequence: number): string {
    return join(this.#folder, `${pad(sequence)}.rec`);
  }

  #damaged(sequence: number, fault: string, cause?: unknown): BusError {
    return damagedFolder(this.#folder, sequence, fault, cause);
  }
}

export function damagedFolder(
  folder: string,
  sequence: number,
  fault: string,
  cause?: unknown,
): BusError {
  return new BusError(
    'BUS_DIRECTORY_FOLDER_DAMAGED',
    `directory entry ${sequence} in "${folder}" ${fault}`,
    { details: { folder, sequence }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** An entry that this registrar signed elsewhere, under a number that it has given here as well. */
export function forkedFolder(folder: string, registrar: AgencyCode, sequence: number): BusError {
  return new BusError(
    'BUS_DIRECTORY_FORKED',
    `the bus has another entry ${sequence} of ${registrar} than "${folder}"`,
    { details: { registrar, sequence, folder } },
  );
}

function packsOf(
  folder: string,
  names: readonly string[],
): { first: number; last: number; path: string }[] {
  return names
    .flatMap((name) => {
      const [, first, last] = PACK_FILE.exec(name) ?? [];
      if (first === undefined || last === undefined) return [];
      return [{ first: Number(first), last: Number(last), path: join(folder, name) }];
    })
    .toSorted((a, b) => a.first - b.first);
}

function pad(sequence: number): string {
  return String(sequence).padStart(8, '0');
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

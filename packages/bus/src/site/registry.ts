import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { AgencyCode } from '../agency/code.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import { BusError } from '../errors.ts';
import { createFile } from '../local-server/atomic-file.ts';
import { encodePayload, parsePayloadAs } from '../record/codec.ts';
import { type SignBytes, decodeRecord, signRecord } from '../record/frame.ts';

/** An entry and the signed bytes that prove it. */
export interface RegisteredEntry {
  readonly entry: DirectoryEntry;
  readonly record: Uint8Array;
}

/** A directory entry before it has its place in the sequence. */
export type EntryDraft = Omit<DirectoryEntry, 'sequence' | 'registrar'>;

const ENTRY_FILE = /^(\d{8})\.rec$/;
const MAX_SEQUENCE = 99_999_999;

/**
 * The directory as its registrar keeps it: one signed record per file, `00000001.rec` and on, only
 * ever added to. Several processes may add; each number is given once.
 */
export interface Registry {
  /** All entries known here, in order; `refresh` brings in those of other processes. */
  entries(): readonly RegisteredEntry[];
  newest(code: AgencyCode): RegisteredEntry | undefined;
  /** Reads new files. @returns the entries that were not known before. */
  refresh(): Promise<readonly RegisteredEntry[]>;
  append(draft: EntryDraft): Promise<RegisteredEntry>;
}

export interface RegistryOptions {
  readonly folder: string;
  /** Who signs the entries. */
  readonly registrar: AgencyCode;
  readonly sign: SignBytes;
}

/** @throws {@link BusError} `BUS_DIRECTORY_FOLDER_DAMAGED` for a gap or a file that is no entry. */
export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const known: RegisteredEntry[] = [];
  const newest = new Map<string, RegisteredEntry>();
  let reading: Promise<readonly RegisteredEntry[]> = Promise.resolve([]);

  const readNew = async (): Promise<readonly RegisteredEntry[]> => {
    const fresh: RegisteredEntry[] = [];
    for (const sequence of await listSequences(folder)) {
      if (sequence <= known.length) continue;
      if (sequence !== known.length + 1) throw damaged(folder, known.length + 1, 'is missing');
      const registered = await readEntry(folder, sequence);
      known.push(registered);
      newest.set(registered.entry.code, registered);
      fresh.push(registered);
    }
    return fresh;
  };
  // One reader at a time, or two would both take the same file for the next one.
  const refresh = async (): Promise<readonly RegisteredEntry[]> => {
    reading = reading.catch(() => []).then(readNew);
    return await reading;
  };

  await refresh();
  return {
    entries: () => known,
    newest: (code) => newest.get(code),
    refresh,
    append: async (draft) => {
      for (;;) {
        await refresh();
        const sequence = known.length + 1;
        if (sequence > MAX_SEQUENCE) throw damaged(folder, sequence, 'is over the highest number');
        const entry: DirectoryEntry = { ...draft, sequence, registrar: options.registrar };
        const record = await signRecord(
          'directory',
          encodePayload('directory', entry),
          options.sign,
        );
        // False: another process took the number while we signed.
        if (await createFile(entryPath(folder, sequence), record)) {
          return { entry: parsePayloadAs(decodeRecord(record), 'directory'), record };
        }
      }
    },
  };
}

async function listSequences(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).map((file) => Number(ENTRY_FILE.exec(file)?.[1] ?? 0));
  return numbers.filter((number) => number > 0).toSorted((a, b) => a - b);
}

async function readEntry(folder: string, sequence: number): Promise<RegisteredEntry> {
  try {
    const record = new Uint8Array(await readFile(entryPath(folder, sequence)));
    const entry = parsePayloadAs(decodeRecord(record), 'directory');
    if (entry.sequence === sequence) return { entry, record };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw damaged(folder, sequence, `cannot be read: ${why}`, cause);
  }
  throw damaged(folder, sequence, 'holds an entry of another number');
}

function entryPath(folder: string, sequence: number): string {
  return join(folder, `${String(sequence).padStart(8, '0')}.rec`);
}

function damaged(folder: string, sequence: number, fault: string, cause?: unknown): BusError {
  return new BusError(
    'BUS_DIRECTORY_FOLDER_DAMAGED',
    `directory entry ${sequence} in "${folder}" ${fault}`,
    { details: { folder, sequence }, ...(cause === undefined ? {} : { cause }) },
  );
}

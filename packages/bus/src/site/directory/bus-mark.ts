import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { BusError } from '../../errors.ts';
import { replaceFile } from '../../disk/atomic-file.ts';

/** What the folder of a registrar says about the bus; there is none before its first entry is out. */
export interface BusMark {
  /**
   * The message that has to come back from the other sites before a number is given again: the
   * server's stream was lost, and what the folder lacks, too, comes before it. `null`: nothing lacks.
   */
  readonly awaits: string | null;
}

const FILE = 'on-the-bus.json';
const MARK = z.strictObject({ awaits: z.string().min(1).max(100).nullable() });

/** @throws {@link BusError} `BUS_DIRECTORY_FOLDER_DAMAGED`. */
export async function readBusMark(folder: string): Promise<BusMark | undefined> {
  try {
    return MARK.parse(JSON.parse(await readFile(join(folder, FILE), 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new BusError('BUS_DIRECTORY_FOLDER_DAMAGED', `"${FILE}" in "${folder}" cannot be read`, {
      cause,
      details: { folder },
    });
  }
}

export async function writeBusMark(folder: string, mark: BusMark): Promise<void> {
  await replaceFile(join(folder, FILE), `${JSON.stringify(mark)}\n`);
}

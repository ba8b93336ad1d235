import { readFile, statfs } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';

import { replaceFile } from '../disk/atomic-file.ts';

const GIBIBYTE = 1024 ** 3;
/** What a broker on a desk machine may take of the disk unless told otherwise. */
const DEFAULT_STORE_BYTES = 16 * GIBIBYTE;
/** Never plan with more of the free disk than this. */
const DISK_SHARE = 0.6;

/** What stays the same from one start to the next, so that clients find the server again. */
const settingsSchema = z.object({
  serverName: z.string().min(1),
  port: z.int().min(1).max(65_535).nullable(),
  maxStoreBytes: z.int().min(1),
});
export type ServerSettings = z.infer<typeof settingsSchema>;

/** Which process works on the folder now; left behind by a kill, so it is only a hint. */
const stateSchema = z.object({ pid: z.int().min(1), port: z.int(), serverName: z.string() });
export type ServerState = z.infer<typeof stateSchema>;

export async function readSettings(
  folder: string,
  wantedStoreBytes: number | undefined,
): Promise<ServerSettings> {
  const kept = settingsSchema.safeParse(await readJson(settingsPath(folder)));
  const settings = kept.success
    ? kept.data
    : { serverName: `congvan_${randomBytes(6).toString('hex')}`, port: null, maxStoreBytes: 0 };
  // A later start must not have less than the streams already reserve, so the first choice stays.
  const maxStoreBytes =
    wantedStoreBytes ?? (settings.maxStoreBytes || (await defaultStoreBytes(folder)));
  return { ...settings, maxStoreBytes };
}

export async function writeSettings(folder: string, settings: ServerSettings): Promise<void> {
  await replaceFile(settingsPath(folder), `${JSON.stringify(settings)}\n`);
}

export async function readState(folder: string): Promise<ServerState | undefined> {
  const state = stateSchema.safeParse(await readJson(statePath(folder)));
  return state.success ? state.data : undefined;
}

export async function writeState(folder: string, state: ServerState): Promise<void> {
  await replaceFile(statePath(folder), `${JSON.stringify(state)}\n`);
}

export function statePath(folder: string): string {
  return join(folder, 'server.json');
}

function settingsPath(folder: string): string {
  return join(folder, 'settings.json');
}

async function defaultStoreBytes(folder: string): Promise<number> {
  const disk = await statfs(folder);
  return Math.max(
    1,
    Math.min(DEFAULT_STORE_BYTES, Math.floor(disk.bavail * disk.bsize * DISK_SHARE)),
  );
}

async function readJson(path: string): Promise<unknown> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    return parsed;
  } catch {
    return undefined;
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { AgencyCode } from '../agency/code.ts';
import { replaceFile } from '../disk/atomic-file.ts';
import { SILENT_AFTER_MS } from '../presence/last-seen.ts';
import type { PresenceDesk } from './presence-desk.ts';

export const PRESENCE_FILE = 'presence.json';
const WRITE_EVERY_MS = 20_000;

const schema = z.object({
  writtenMs: z.number(),
  present: z.number(),
  /** `sinceMs` null: never heard of by this service. */
  silent: z.array(z.object({ code: z.string(), sinceMs: z.number().nullable() })),
  /** How many agencies tell of each condition. */
  conditions: z.record(z.string(), z.number()),
});

/** Who is there and who is silent, as a site service saw it last. */
export type SitePresence = z.infer<typeof schema>;

/** @returns `undefined` when no service has written one, or nothing that can be read. */
export async function readSitePresence(folder: string): Promise<SitePresence | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, PRESENCE_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

export interface PresenceFileOptions {
  /** Of the site service. */
  readonly folder: string;
  readonly presence: PresenceDesk;
  readonly sites: () => Promise<readonly string[]>;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  readonly everyMs?: number;
}

/**
 * Keeps the file up to date, for `bus status` and `bus doctor` beside the service. Since when an agency
 * is silent stays known over a restart; in the first three minutes after one the old file stands.
 *
 * @returns ends it.
 */
export function keepPresenceFile(options: PresenceFileOptions): () => Promise<void> {
  const { folder, presence, now, onError } = options;
  const startedMs = now().getTime();
  const before = readSitePresence(folder).then(
    (file) => new Map(file?.silent.map(({ code, sinceMs }) => [code, sinceMs])),
  );
  const write = async (): Promise<void> => {
    const nowMs = now().getTime();
    if (nowMs - startedMs <= SILENT_AFTER_MS) return;
    const known = await before;
    const sinceOf = (code: AgencyCode): number | null =>
      presence.seen.get(code)?.seenMs ?? known.get(code) ?? null;
    const conditions: Record<string, number> = {};
    for (const { presence: told } of presence.seen.list()) {
      for (const code of told?.conditions ?? []) conditions[code] = (conditions[code] ?? 0) + 1;
    }
    const state: SitePresence = {
      writtenMs: nowMs,
      present: presence.seen.presentCount(nowMs),
      silent: presence
        .silent(new Set(await options.sites()))
        .map((code) => ({ code, sinceMs: sinceOf(code) })),
      conditions,
    };
    await replaceFile(join(folder, PRESENCE_FILE), JSON.stringify(state), 0o600);
  };
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    writing = writing.then(write).catch(onError);
  }, options.everyMs ?? WRITE_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await writing;
  };
}

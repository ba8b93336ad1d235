import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const CHECK_EVERY_MS = 5_000;

/**
 * Calls when a certificate or revocation list of a trust folder has changed.
 *
 * @returns what ends the watching.
 */
export function watchTrust(folder: string, changed: () => Promise<void>): () => void {
  let last: string | undefined;
  const look = async (): Promise<void> => {
    const stamp = await stampOf(folder);
    const first = last === undefined;
    if (stamp === last) return;
    last = stamp;
    if (!first) await changed();
  };
  const timer = setInterval(() => void look(), CHECK_EVERY_MS);
  timer.unref();
  void look();
  return () => clearInterval(timer);
}

async function stampOf(folder: string): Promise<string> {
  const parts = await Promise.all(
    ['anchors', 'intermediates', 'crls'].map(async (part) => {
      const names = await readdir(join(folder, part)).catch(() => []);
      return await Promise.all(
        names.map(async (name) => {
          const info = await stat(join(folder, part, name)).catch(() => undefined);
          return `${part}/${name}:${info?.mtimeMs ?? 0}:${info?.size ?? 0}`;
        }),
      );
    }),
  );
  return parts.flat().join('\n');
}

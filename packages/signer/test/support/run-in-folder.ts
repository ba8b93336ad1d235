import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Runs a tool in a folder of its own that holds the files; returns what it printed and, if named, a
 * file it wrote. Throws when the tool is missing or has not written the file.
 */
export function runInFolder(
  command: string,
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array>>,
  wanted?: string,
): { readonly status: number | null; readonly output: string; readonly file: Uint8Array } {
  const folder = mkdtempSync(path.join(tmpdir(), 'signer-tool-'));
  try {
    for (const [name, bytes] of Object.entries(files))
      writeFileSync(path.join(folder, name), bytes);
    const result = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    if (result.error !== undefined) throw result.error;
    const output = `${result.stdout}${result.stderr}`;
    if (wanted === undefined) return { status: result.status, output, file: new Uint8Array(0) };
    return { status: result.status, output, file: readFileSync(path.join(folder, wanted)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs an outside judge on files in a folder of its own; fails loudly when the tool is missing. */
export function runTool(
  command: string,
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array>>,
): { status: number | null; output: string; stdout: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-judge-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    const { error, status, stdout, stderr } = spawnSync(command, args, { cwd: folder });
    if (error !== undefined) throw error;
    return { status, output: `${stdout.toString()}${stderr.toString()}`, stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rewrites a PDF with qpdf, for sources made by another program. */
export function rewriteWithQpdf(pdf: Uint8Array, ...options: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-qpdf-'));
  try {
    writeFileSync(join(folder, 'in.pdf'), pdf);
    execFileSync('qpdf', [...options, 'in.pdf', 'out.pdf'], { cwd: folder, stdio: 'pipe' });
    return readFileSync(join(folder, 'out.pdf'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

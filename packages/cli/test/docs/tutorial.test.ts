import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PDFDocument, StandardFonts } from 'pdf-lib';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const TUTORIAL = join(ROOT, 'docs/tutorial/first-document.md');
const TIME_LIMIT_MS = 240_000;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-tutorial-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'report.pdf'), await makeReport());
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

it(
  'runs as it stands in docs/tutorial/first-document.md',
  async () => {
    const text = await readFile(TUTORIAL, 'utf8');
    const commands = [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block);
    const { code, output } = await runScript(commands.join('\n'));
    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    expect(output).toContain('TOTAL-PASSED');
    expect(output).toMatch(/01.*03.*06/s);
    expect(output).toMatch(/50/);
  },
  TIME_LIMIT_MS,
);

/** One shell in a process group of its own, so that a failure leaves nothing running. */
async function runScript(script: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    detached: true,
    env: { ...process.env, LANG: 'en_US.UTF-8', CONGVAN_LANG: 'en' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const timer = setTimeout(() => killGroup(child.pid), TIME_LIMIT_MS - 10_000);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  killGroup(child.pid);
  return { code, output };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended by itself, as it should.
  }
}

async function makeReport(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.TimesRoman);
  document.addPage([595, 842]).drawText('Bao cao quy III', { x: 72, y: 760, size: 13, font });
  return await document.save();
}

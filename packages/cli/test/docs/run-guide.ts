import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
export const GUIDE_LIMIT_MS = 240_000;

/** The code blocks of a page below `docs/` that have this fence, in their order. */
export async function blocksOf(page: string, fence = 'sh'): Promise<string[]> {
  const text = await readFile(join(ROOT, 'docs', page), 'utf8');
  return [...text.matchAll(new RegExp(`\`\`\`${fence}\\n([^]*?)\`\`\``, 'gu'))].flatMap(
    ([, block]) => block ?? [],
  );
}

/** A folder in which the commands of a guide find the project's programs. */
export async function createGuideFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'congvan-guide-'));
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Runs a script in one shell and a process group of its own, so that a failure leaves nothing running. */
export async function runScript(
  folder: string,
  script: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    detached: true,
    env: {
      ...process.env,
      LANG: 'en_US.UTF-8',
      CONGVAN_LANG: 'en',
      // A guide starts the program dozens of times: compiled once, that takes half the processor time.
      NODE_COMPILE_CACHE: join(folder, '.compile-cache'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const timer = setTimeout(() => killGroup(child.pid), GUIDE_LIMIT_MS - 10_000);
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

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server.close();
  await once(server, 'close');
  return port;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createTestPki } from '@congvan/signer/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SOFT_HSM_MODULE, createToken } from '../soft-hsm.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const GUIDE = join(ROOT, 'docs/how-to/run-your-own-ca.md');
const TIME_LIMIT_MS = 240_000;
const PIN = '123456';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-own-ca-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function blocks(fence: string): Promise<string[]> {
  const text = await readFile(GUIDE, 'utf8');
  return [...text.matchAll(new RegExp(`\`\`\`${fence}\\n([^]*?)\`\`\``, 'gu'))].flatMap(
    ([, block]) => block ?? [],
  );
}

describe('docs/how-to/run-your-own-ca.md', () => {
  it(
    'runs as it stands, and a stranger with openssl finds what it says',
    async () => {
      const port = await freePort();
      const { code, output } = await runScript((await blocks('sh')).join('\n'), { PORT: port });
      if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
      expect(output).toMatch(/xa\.crt: good[^]*xa\.crt: revoked/u);
      expect(output).toContain('Reason: keyCompromise');
      expect(output.match(/Response verify OK/gu)).toHaveLength(2);
      expect(output).toContain('Verification: OK');
      expect(output).toContain('each bound to the one before');
    },
    TIME_LIMIT_MS,
  );

  it.skipIf(SOFT_HSM_MODULE === undefined)(
    'keeps the key of the issuing authority in a token (needs softhsm2)',
    async () => {
      const [first = ''] = await blocks('sh');
      const pki = await createTestPki();
      const signer = await pki.issue({ commonName: 'Khóa cấp phát', use: 'seal' });
      using token = createToken('CA', PIN, 'issuing', signer);
      const script = [
        first,
        ...(await blocks('sh token')),
        'ls "$CONGVAN_HOME" "$CONGVAN_HOME/ca"',
      ].join('\n');
      const { code, output } = await runScript(script, {
        MODULE: token.module,
        CONGVAN_CA_PIN: PIN,
        ...token.env,
      });
      if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
      expect(output).toContain('ca-tokens.json');
      expect(output).not.toContain('issuing.key');
    },
    TIME_LIMIT_MS,
  );
});

/** One shell in a process group of its own, so that a failure leaves nothing running. */
async function runScript(
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    detached: true,
    env: { ...process.env, LANG: 'en_US.UTF-8', CONGVAN_LANG: 'en', ...env },
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

/** The guide listens at a port of its own choice; a test must not meet another one there. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  server.close();
  await once(server, 'close');
  return port;
}

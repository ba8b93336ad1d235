import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { listPdfSignatures } from '@congvan/signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { expectedFigures } from '../../src/demo/expected-figures.ts';
import type { DemoFigures } from '../../src/demo/figures.ts';
import { readJson } from '../town.ts';

const exec = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const DEMO_TIMEOUT_MS = 240_000;
const VIETNAMESE = /[ạảãấầậẩẫắằặẳẵẹẻẽếềệểễịỉĩọỏõốồộổỗớờợởỡụủũứừựửữỳỵỷỹđĐỦƠƯ]/u;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'congvan-demo-test-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function startDemo(home: string, options: readonly string[]): ChildProcess {
  const args = [MAIN, '--home', home, '--lang', 'en', 'demo', ...options];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Collects the output; `onError` sees stderr as it grows. */
async function endOf(child: ChildProcess, onError?: (text: string) => void): Promise<Ended> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    onError?.(err);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

/** Processes whose command line names the demo's home. */
async function processesOf(home: string): Promise<string[]> {
  const { stdout } = await exec('ps', ['-eo', 'args=']);
  return stdout.split('\n').filter((line) => line.includes(home));
}

async function congvan<T>(home: string, args: readonly string[]): Promise<T> {
  const env = { ...process.env, CONGVAN_PASSPHRASE_FILE: path.join(home, 'passphrase') };
  const options = ['--home', home, '--json', ...args];
  const { stdout } = await exec(process.execPath, [MAIN, ...options], { env });
  return readJson<T>(stdout);
}

describe('congvan demo', () => {
  let home: string;
  let ended: Ended;
  let figures: DemoFigures;
  const filesOf = (ending: string): string[] =>
    figures.files.filter((file) => file.endsWith(ending));

  beforeAll(async () => {
    home = path.join(scratch, 'home');
    ended = await endOf(startDemo(home, ['--json']));
    if (ended.code === 0) figures = readJson<DemoFigures>(ended.out);
  }, DEMO_TIMEOUT_MS);

  it('ends well and prints exactly one object', () => {
    expect({ code: ended.code, err: ended.code === 0 ? '' : ended.err }).toEqual({
      code: 0,
      err: '',
    });
    expect(ended.out.trimEnd().split('\n')).toHaveLength(1);
    expect(Object.keys(figures)).toEqual([
      'agencies',
      'dispatches',
      'deliveries',
      'receipts',
      'quarantined',
      'duplicates_suppressed',
      'share',
      'files',
      'elapsed_ms',
    ]);
  });

  it('finds in the databases what the scenario gives', () => {
    const { files, elapsed_ms: elapsedMs, ...counted } = figures;
    expect(counted).toEqual(expectedFigures());
    expect(files.length).toBeGreaterThan(0);
    expect(elapsedMs).toBeGreaterThan(0);
  });

  it('ticks its steps off on stderr and draws no bar without a terminal', () => {
    expect(ended.err).toContain('✓ every delivery answered, every report at the relay');
    expect(ended.err).toContain('SIGKILL');
    expect(ended.err).not.toContain('\r');
  });

  it('leaves no process behind', async () => {
    expect(await processesOf(home)).toEqual([]);
  });

  it('signs every document so that pdfsig and qpdf agree', async () => {
    const pdfs = filesOf('.pdf');
    expect(pdfs).toHaveLength(figures.dispatches);
    for (const pdf of pdfs) {
      const { stdout } = await exec('pdfsig', [pdf]);
      expect(stdout).toContain('Signature is Valid.');
      expect(stdout).toContain('Total document signed');
      expect(stdout).toMatch(VIETNAMESE);
      // Exit code 0: neither errors nor warnings.
      await exec('qpdf', ['--check', pdf]);
    }
  });

  it('signs every document so that openssl agrees, with the authority that lies beside it', async () => {
    const [root = ''] = filesOf('root.pem');
    const content = path.join(scratch, 'signed-bytes');
    const signature = path.join(scratch, 'signature.p7s');
    for (const file of filesOf('.pdf')) {
      const pdf = await readFile(file);
      const [signed, ...others] = listPdfSignatures(pdf);
      expect(others).toEqual([]);
      const [start = 0, length = 0, restStart = 0, restLength = 0] = signed?.byteRange ?? [];
      const rest = pdf.subarray(restStart, restStart + restLength);
      await writeFile(content, Buffer.concat([pdf.subarray(start, start + length), rest]));
      await writeFile(signature, signed?.cms ?? '');
      const verify = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', signature];
      const trust = ['-content', content, '-CAfile', root, '-out', '/dev/null'];
      const { stderr } = await exec('openssl', [...verify, ...trust]);
      expect(stderr).toContain('CAdES Verification successful');
    }
  });

  it('signs every manifest so that openssl agrees, with the authority that lies beside it', async () => {
    const manifests = filesOf('.manifest.xml');
    const [root = ''] = filesOf('root.pem');
    expect(manifests).toHaveLength(figures.dispatches);
    for (const manifest of manifests) {
      const signature = manifest.replace(/\.xml$/u, '.p7s');
      const common = ['-binary', '-inform', 'DER', '-in', signature, '-content', manifest];
      const trust = ['-CAfile', root, '-out', '/dev/null'];
      const verify = ['cms', '-verify', '-cades', ...common, ...trust];
      const { stderr } = await exec('openssl', verify);
      expect(stderr).toContain('CAdES Verification successful');
      const pdf = await readFile(manifest.replace(/\.manifest\.xml$/u, '.pdf'));
      const digest = createHash('sha256').update(pdf).digest('base64');
      expect(await readFile(manifest, 'utf8')).toContain(digest);
    }
  });

  it('fails those judges when one byte of a file changes', async () => {
    const [pdf = ''] = filesOf('.pdf');
    const bytes = await readFile(pdf);
    const middle = bytes.indexOf('stream') + 40;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    const copy = path.join(scratch, 'changed.pdf');
    await writeFile(copy, bytes);
    const { stdout } = await exec('pdfsig', [copy]);
    expect(stdout).not.toContain('Signature is Valid.');
  });

  it('names issuers and subjects in Vietnamese letters', async () => {
    for (const signature of filesOf('.manifest.p7s')) {
      const print = ['cms', '-cmsout', '-print', '-noout', '-inform', 'DER', '-in', signature];
      const { stdout } = await exec('openssl', [...print, '-nameopt', 'utf8']);
      const names = stdout.split('\n').filter((line) => /^ *(?:subject|issuer): /u.test(line));
      expect(names.length).toBeGreaterThanOrEqual(2);
      expect(names.filter((name) => !VIETNAMESE.test(name))).toEqual([]);
    }
  });

  it('leaves a home that the command works on: the copy once, the forgeries apart', async () => {
    interface Inbox {
      readonly documents: readonly { codeNotation: string; duplicateCount: number }[];
    }
    const repeated = ['--agency', 'H45.21.001', 'inbox', '--state', 'all'];
    const { documents } = await congvan<Inbox>(home, repeated);
    const plans = documents.filter(({ codeNotation }) => codeNotation === 'KH-UBND');
    expect(plans.map(({ duplicateCount }) => duplicateCount)).toEqual([1]);

    interface Quarantine {
      readonly quarantine: readonly { finding: string; claimedFrom: string }[];
    }
    const attacked = ['--agency', 'H45.21.002', 'inbox', '--quarantine'];
    const { quarantine } = await congvan<Quarantine>(home, attacked);
    const found = quarantine.map(({ finding, claimedFrom }) => `${finding} ${claimedFrom}`);
    expect(found.toSorted()).toEqual(['CONTENT_CORRUPT H45', 'SIGNER_NOT_LISTED G09']);
  });

  it('leaves what `verify` and `stats` of the command agree with', async () => {
    const [pdf = ''] = filesOf('.pdf');
    interface Report {
      readonly indication: string;
    }
    expect(await congvan<Report>(home, ['verify', pdf])).toMatchObject({
      indication: 'TOTAL-PASSED',
    });
    interface Share {
      readonly tiers: { readonly all: { readonly E: number; readonly deliveries: number } };
    }
    const { tiers } = await congvan<Share>(home, ['stats', 'share']);
    expect(tiers.all).toMatchObject({
      E: figures.share.all.E,
      deliveries: figures.deliveries,
    });
  });

  it('refuses a home that is in use', async () => {
    const { code, out, err } = await endOf(startDemo(home, []));
    expect({ code, out }).toEqual({ code: 6, out: '' });
    expect(err).toContain('CLI_ALREADY_EXISTS');
  });
});

describe('congvan demo, stopped by Ctrl-C', () => {
  it(
    'leaves nothing running when it is stopped in the middle',
    async () => {
      const home = path.join(scratch, 'stopped');
      const child = startDemo(home, []);
      const { code, err } = await endOf(child, (text) => {
        if (text.includes('SIGKILL') && !child.killed) child.kill('SIGINT');
      });
      expect(code).toBe(6);
      expect(err).toContain('CLI_GIVEN_UP');
      expect(await processesOf(home)).toEqual([]);
    },
    DEMO_TIMEOUT_MS,
  );

  it(
    'keeps everything running with --keep until then',
    async () => {
      const home = path.join(scratch, 'kept');
      const child = startDemo(home, ['--keep']);
      let running: Promise<[{ running: boolean }, string[]]> | undefined;
      const { code, err } = await endOf(child, (text) => {
        if (running !== undefined || !text.includes('Ctrl-C stops all of it.')) return;
        const status = ['--agency', 'H45.21.002', 'agent', 'status'];
        running = Promise.all([congvan<{ running: boolean }>(home, status), processesOf(home)]);
        void running.finally(() => child.kill('SIGINT')).catch(() => undefined);
      });
      expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
      const [agent, processes] = (await running) ?? [];
      expect(agent?.running).toBe(true);
      expect(processes?.some((line) => line.includes('nats-server'))).toBe(true);
      expect(processes?.some((line) => line.endsWith('relay run'))).toBe(true);
      expect(await processesOf(home)).toEqual([]);
    },
    DEMO_TIMEOUT_MS,
  );
});

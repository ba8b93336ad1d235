import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const binding = path.join(root, 'node_modules/pkcs11js');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'signer-pkcs11js-'));
  cpSync(path.join(root, 'src'), path.join(folder, 'src'), { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (cwd: string, script: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd,
    encoding: 'utf8',
  }).trim();

const LIST = `
  const { listTokens } = await import('./src/keys/pkcs11/list.ts');
  await listTokens({ module: process.execPath }).catch(({ code, message }) => console.log(code, message));`;

it('names the next step when pkcs11js is not installed', () => {
  const said = run(folder, LIST);
  expect(said).toContain('SIGNER_TOKEN_LIBRARY_MISSING');
  expect(said).toContain('npm install pkcs11js');
});

it.skipIf(!existsSync(binding))('names the next step when pkcs11js is not compiled', () => {
  cpSync(binding, path.join(folder, 'node_modules/pkcs11js'), {
    recursive: true,
    dereference: true,
    filter: (file) => path.basename(file) !== 'build',
  });
  const said = run(folder, LIST);
  expect(said).toContain('SIGNER_TOKEN_LIBRARY_MISSING');
  expect(said).toContain('npm rebuild pkcs11js');
});

it('is not loaded by importing the package', () => {
  const script = `
    await import('./src/index.ts');
    const { sharedObjects } = process.report.getReport();
    console.log(sharedObjects.filter((file) => file.includes('pkcs11')).length);`;
  expect(run(root, script)).toBe('0');
});

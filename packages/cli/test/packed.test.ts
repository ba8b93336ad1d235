import { type ExecFileException, execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');
const BIN = join(ROOT, 'node_modules', '.bin');
const PACKAGES = ['bus', 'cli', 'node-agent', 'signer'] as const;
const ENTRIES = [
  '@congvan/bus',
  '@congvan/bus/figures',
  '@congvan/bus/relay',
  '@congvan/bus/site',
  '@congvan/bus/testing',
  '@congvan/node-agent',
  '@congvan/signer',
  '@congvan/signer/testing',
] as const;
/** Guides whose example is TypeScript. */
const GUIDES = ['sign-with-a-p12', 'sign-with-a-token', 'sign-remotely'] as const;
const SETUP_TIMEOUT_MS = 300_000;

/** What an integrator does: an empty project, our tarballs, a type check, a run. */
describe('the packed packages in an empty project', () => {
  let folder: string;
  let tarballs: Record<string, string>;
  let project: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-packed-'));
    tarballs = await packAll(join(folder, 'tarballs'));
    project = join(folder, 'project');
    await installTarballs(project, tarballs);
  }, SETUP_TIMEOUT_MS);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each(PACKAGES)('holds built files only: %s', async (name) => {
    const list = await run('tar', ['-tzf', tarballs[name] ?? ''], folder);
    const files = list.split('\n').filter((line) => line !== '');
    expect(files).toContain('package/LICENSE');
    expect(files).toContain('package/package.json');
    const foreign = files.filter(
      (file) =>
        !/^package\/(LICENSE|README\.md|package\.json|dist\/.*\.(js|d\.ts)|migrations\/.*\.sql|assets\/.*\.(css|svg))$/.test(
          file,
        ),
    );
    expect(foreign).toEqual([]);
    expect(files.filter((file) => file.endsWith('.js')).length).toBe(sourceFiles(name).length);
    expect(files.filter((file) => file.endsWith('.sql')).length).toBe(sqlFiles(name).length);
    const manifest = await run(
      'tar',
      ['-xzOf', tarballs[name] ?? '', 'package/package.json'],
      folder,
    );
    expect(manifest).not.toMatch(/workspace:|\/src\//);
  });

  it('offers under every entry what the sources export', async () => {
    const script = `
      const names = {};
      for (const entry of ${JSON.stringify(ENTRIES)}) {
        names[entry] = Object.keys(await import(entry)).sort();
        if (names[entry].length === 0) throw new Error(entry + ' exports nothing');
      }
      console.log(JSON.stringify(names, null, 2));`;
    const listNames = async (cwd: string) =>
      await run(process.execPath, ['--input-type=module', '-e', script], cwd);
    expect(await listNames(project)).toBe(await listNames(join(ROOT, 'packages', 'cli')));
  });

  it('type-checks strictly, library declarations included, and runs an embedded agent', async () => {
    copyFileSync(join(import.meta.dirname, 'packed', 'embed.ts'), join(project, 'embed.ts'));
    writeFileSync(join(project, 'readme.ts'), exampleOfReadme('node-agent'));
    writeFileSync(join(project, 'signer-readme.ts'), exampleOfReadme('signer'));
    for (const name of GUIDES) {
      const text = readFileSync(join(ROOT, 'docs/how-to', `${name}.md`), 'utf8');
      writeFileSync(join(project, `${name}.ts`), exampleOf(text, name));
    }
    await run(join(BIN, 'tsc'), ['-p', '.'], project);
    const output = await run(process.execPath, ['out/embed.js'], project);
    expect(JSON.parse(output)).toMatchObject({
      from: 'H09.12.034',
      documentIndication: 'TOTAL-PASSED',
      incomingNumber: { number: 1 },
      status: '03',
    });
  });

  it('installs the command', async () => {
    const version = await run(
      join(project, 'node_modules', '.bin', 'congvan'),
      ['--version'],
      project,
    );
    expect(version.trim()).toBe('0.1.0');
  });
});

async function packAll(destination: string): Promise<Record<string, string>> {
  mkdirSync(destination, { recursive: true });
  await pnpm(['-r', '--filter', './packages/*', 'pack', '--pack-destination', destination], ROOT);
  const files = readdirSync(destination);
  return Object.fromEntries(
    PACKAGES.map((name) => {
      const file = files.find((one) => one.startsWith(`congvan-${name}-`));
      if (file === undefined) throw new Error(`no tarball of ${name} among ${files.join(', ')}`);
      return [name, join(destination, file)];
    }),
  );
}

/** The overrides stand for the registry, where our packages are not yet. */
async function installTarballs(project: string, tarballs: Record<string, string>): Promise<void> {
  mkdirSync(project, { recursive: true });
  const dependencies = Object.fromEntries(
    Object.entries(tarballs).map(([name, file]) => [`@congvan/${name}`, `file:${file}`]),
  );
  const manifest = { name: 'integrator', private: true, type: 'module', dependencies };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  // JSON is YAML. pnpm asks of every package with an install script whether it may run.
  const workspace = { overrides: dependencies, allowBuilds: { pkcs11js: false } };
  writeFileSync(join(project, 'pnpm-workspace.yaml'), JSON.stringify(workspace));
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
    strict: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    outDir: 'out',
  };
  const tsconfig = { compilerOptions, include: ['*.ts'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
  // The same third-party packages are in the caches since the set-up, so no network is needed.
  await pnpm(['install', '--offline'], project).catch(() => pnpm(['install'], project));
}

/** The pinned pnpm, which the set-up has left in npm's cache. */
async function pnpm(args: readonly string[], cwd: string): Promise<string> {
  const manifest = readFileSync(join(ROOT, 'package.json'), 'utf8');
  const pinned = /"packageManager": "([^"]+)"/.exec(manifest)?.[1];
  if (pinned === undefined) throw new Error('package.json names no packageManager');
  return await run('npx', ['--prefer-offline', '--yes', pinned, ...args], cwd);
}

async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  // pnpm's starters take the node of PATH.
  const env = { ...process.env, CI: 'true', PATH: `${BIN}:${process.env['PATH'] ?? ''}` };
  return await new Promise((done, fail) => {
    const finish = (error: ExecFileException | null, stdout: string, stderr: string) => {
      if (error === null) done(stdout);
      else fail(new Error(`${program} ${args.join(' ')}:\n${stdout}${stderr}`));
    };
    execFile(program, [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 }, finish);
  });
}

function exampleOfReadme(name: string): string {
  const text = readFileSync(join(ROOT, 'packages', name, 'README.md'), 'utf8');
  return exampleOf(text, `the README of ${name}`);
}

/** The first TypeScript block of a text. */
function exampleOf(text: string, name: string): string {
  const example = /```ts\n([^]*?)```/.exec(text)?.[1];
  if (example === undefined) throw new Error(`${name} has no example`);
  return example;
}

function sourceFiles(name: string): string[] {
  const files = filesBelow(join(ROOT, 'packages', name, 'src'), '.ts');
  return files.filter((file) => !file.endsWith('.d.ts'));
}

function sqlFiles(name: string): string[] {
  return filesBelow(join(ROOT, 'packages', name), '.sql');
}

function filesBelow(at: string, ending: string): string[] {
  return readdirSync(at, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith(ending) && !file.includes('node_modules'),
  );
}

/**
 * The second half of the set-up, on the project's own Node: programs that do not come from npm.
 *
 * `nats-server` is found or fetched; with `--judges` also the outside programs that the tests ask
 * for a second opinion, what the tests of tokens need (a compiled pkcs11js and SoftHSM), and a
 * browser for the relay's pages. Words go
 * to stderr; stdout gets one JSON object for setup.mjs: `{ natsServer, folders, variables }`, the
 * program's path, the folders to put before PATH and further environment variables.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { cacheFolder } from '../packages/bus/src/local-server/cache-folder.ts';
import {
  fetchDebianPackages,
  hasDebianTools,
} from '../packages/bus/src/local-server/debian-package.ts';
import { findNatsServer } from '../packages/bus/src/local-server/find.ts';
import { provideChromium } from './chromium.ts';
import { opensslPackages, provideOpenssl } from './openssl.ts';
import { type Compiler, compilePkcs11, hasPkcs11, pkcs11Folder } from './pkcs11.ts';

const execFileAsync = promisify(execFile);

/** Which Debian package holds which program; names elsewhere stand in `hintFor`. */
const JUDGES: Readonly<Record<string, readonly string[]>> = {
  'poppler-utils': ['pdfsig', 'pdftoppm'],
  qpdf: ['qpdf'],
  openssl: ['openssl'],
  unzip: ['unzip'],
  softhsm2: ['softhsm2-util'],
};
const COMPILERS = ['c++', 'g++', 'clang++'] as const;

const isRoot = process.getuid?.() === 0;

try {
  const server = await findNatsServer({ announce: say });
  const judges = process.argv.includes('--judges');
  const folders = judges ? [...(await provideJudges()), ...(await provideNewerOpenssl())] : [];
  if (judges) await providePkcs11();
  const variables = judges ? { ...tokenVariables(), ...(await provideBrowser()) } : {};
  process.stdout.write(JSON.stringify({ natsServer: server.path, folders, variables }));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${message}\nhint: ${hintFor(error)}\n`);
  process.exitCode = 1;
}

/** @returns the folders that make every judge reachable: none when the system has them all. */
async function provideJudges(): Promise<string[]> {
  const missing = missingPackages();
  if (missing.length === 0) return [];
  if (!hasDebianTools()) {
    const programs = missing.flatMap((name) => JUDGES[name] ?? []).join(', ');
    throw new Error(`the tests need ${programs}, and this machine does not have them`);
  }
  if (isRoot) {
    await installWithApt(missing);
    const still = missingPackages();
    if (still.length > 0)
      throw new Error(`apt-get installed ${still.join(', ')} but not into PATH`);
    return [];
  }
  const folders: string[] = [];
  for (const name of missing) folders.push(await unpackPrivately(name));
  return folders;
}

async function provideNewerOpenssl(): Promise<string[]> {
  const unpack = async (): Promise<string> => await unpackPrivately('openssl');
  const folder = await provideOpenssl({ unpack, say });
  return folder === undefined ? [] : [folder];
}

function missingPackages(): string[] {
  return Object.entries(JUDGES)
    .filter(([, programs]) => !programs.every(isInPath))
    .map(([name]) => name);
}

function isInPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((part) => part !== '');
  return folders.some((folder) => isExecutable(path.join(folder, program)));
}

/** Compiles pkcs11js unless that was done. Without it everything works but tokens: no reason to stop. */
async function providePkcs11(): Promise<void> {
  if (pkcs11Folder() === undefined || hasPkcs11()) return;
  try {
    const compiler = await provideCompiler();
    say(`compiling pkcs11js with ${path.basename(compiler.program)}, for tokens`);
    await compilePkcs11(compiler);
    if (!hasPkcs11()) throw new Error('what was compiled cannot be loaded');
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    say(`no tokens here, and the tests that need one will be skipped: ${reason}`);
  }
}

async function provideBrowser(): Promise<Readonly<Record<string, string>>> {
  return await provideChromium({ isInPath, install: installWithApt, librariesOf, isRoot, say });
}

async function provideCompiler(): Promise<Compiler> {
  const there = COMPILERS.find(isInPath);
  if (there !== undefined) return { program: there };
  if (!hasDebianTools()) throw new Error('there is no C++ compiler (c++, g++ or clang++)');
  if (isRoot) {
    await installWithApt(['g++']);
    return { program: 'g++' };
  }
  const tree = path.join(cacheFolder(), 'debian', 'g++');
  await fetchDebianPackages(['g++'], tree, { withDependencies: true, announce: say });
  return { program: path.join(tree, 'usr/bin/g++'), tree, libraries: librariesOf(tree) };
}

/**
 * Where SoftHSM's module is, as `SOFTHSM2_MODULE`. An unpacked one finds its libraries by
 * LD_LIBRARY_PATH; that folder holds only what the system does not have.
 */
function tokenVariables(): Readonly<Record<string, string>> {
  const tree = path.join(cacheFolder(), 'debian', 'softhsm2');
  const isPrivate = existsSync(tree);
  const roots = [...(isPrivate ? [path.join(tree, 'usr/lib')] : []), '/usr/lib', '/usr/lib64'];
  const file = roots.flatMap(softHsmModules).find((candidate) => existsSync(candidate));
  if (file === undefined) return {};
  if (!file.startsWith(tree)) return { SOFTHSM2_MODULE: file };
  const known = process.env['LD_LIBRARY_PATH'];
  const libraries = [...librariesOf(tree), ...(known === undefined ? [] : [known])];
  return { SOFTHSM2_MODULE: file, LD_LIBRARY_PATH: libraries.join(path.delimiter) };
}

function softHsmModules(root: string): string[] {
  if (!existsSync(root)) return [];
  const below = readdirSync(root).filter((name) => name.endsWith('-linux-gnu'));
  return ['', ...below].map((name) => path.join(root, name, 'softhsm', 'libsofthsm2.so'));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(process.platform === 'win32' ? `${file}.exe` : file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Lists may be missing (a fresh image) or old (the version they name is gone): then update first. */
async function installWithApt(names: readonly string[]): Promise<void> {
  say(`installing ${names.join(', ')} with apt-get, for the tests`);
  const install = () => runApt(['install', '--yes', '--no-install-recommends', ...names]);
  try {
    await install();
  } catch {
    await runApt(['update']);
    await install();
  }
}

async function runApt(args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  await execFileAsync('apt-get', ['--quiet', ...args], { env, maxBuffer: 64 * 1024 * 1024 });
}

/**
 * Unpacks a Debian package with all it depends on into the cache, and writes a starter for each of
 * its programs that names the unpacked libraries.
 *
 * @returns the folder of the starters.
 */
async function unpackPrivately(name: string): Promise<string> {
  const tree = path.join(cacheFolder(), 'debian', name);
  const packages = name === 'openssl' ? opensslPackages() : [name];
  await fetchDebianPackages(packages, tree, { withDependencies: true, announce: say });
  const starters = path.join(tree, 'starters');
  if (existsSync(starters)) return starters;

  const libraries = librariesOf(tree);
  const written = `${starters}.partial-${process.pid}`;
  await mkdir(written, { recursive: true });
  for (const program of JUDGES[name] ?? []) {
    const text = starterText(tree, program, libraries);
    await writeFile(path.join(written, program), text, { mode: 0o755 });
  }
  await rename(written, starters).catch(async (error: unknown) => {
    // Another set-up at the same time was first.
    if ((await readdir(starters).catch(() => [])).length === 0) throw error;
  });
  return starters;
}

function librariesOf(tree: string): string[] {
  return ['lib', 'usr/lib'].flatMap((part) => libraryFolders(path.join(tree, part)));
}

/** Every folder that holds shared libraries; NSS, for one, keeps some of its own in a folder below. */
function libraryFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const below = entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => libraryFolders(path.join(folder, entry.name)));
  return entries.some((entry) => /\.so(\.|$)/.test(entry.name)) ? [folder, ...below] : below;
}

function starterText(tree: string, program: string, libraries: readonly string[]): string {
  return `#!/bin/sh
# Starts ${program} of the Debian package unpacked here, with the libraries it came with.
LD_LIBRARY_PATH=${quote(libraries.join(':'))}
export LD_LIBRARY_PATH
for file in ${quote(tree)}/etc/ssl/openssl.cnf; do
  if [ -f "$file" ] && [ -z "$OPENSSL_CONF" ]; then OPENSSL_CONF=$file; export OPENSSL_CONF; fi
done
for folder in ${quote(tree)}/usr/lib/*/ossl-modules; do
  if [ -d "$folder" ]; then OPENSSL_MODULES=$folder; export OPENSSL_MODULES; fi
done
exec ${quote(path.join(tree, 'usr/bin', program))} "$@"
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function hintFor(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'BUS_SERVER_NOT_FOUND' || code === 'BUS_SERVER_TOO_OLD') {
    return 'then run this again';
  }
  if (code === 'BUS_PACKAGE_FETCH_FAILED') {
    return 'run this once with a network, or install nats-server yourself and set NATS_SERVER to its full path';
  }
  const names = Object.keys(JUDGES).join(' ');
  return `install them and run this again: apt install ${names}, or brew install poppler qpdf openssl@3 softhsm`;
}

function say(text: string): void {
  process.stderr.write(`set-up: ${text}\n`);
}

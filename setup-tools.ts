/**
 * The second half of the set-up, on the project's own Node: programs that do not come from npm.
 *
 * `nats-server` is found or fetched; with `--judges` also the outside programs that the tests ask
 * for a second opinion. Words go to stderr; stdout gets one JSON object for setup.mjs:
 * `{ natsServer, folders }`, the program's path and the folders to put before PATH.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { cacheFolder } from './packages/bus/src/local-server/cache-folder.ts';
import {
  fetchDebianPackages,
  hasDebianTools,
} from './packages/bus/src/local-server/debian-package.ts';
import { findNatsServer } from './packages/bus/src/local-server/find.ts';

const execFileAsync = promisify(execFile);

/** Which Debian package holds which program; names elsewhere stand in `installHint`. */
const JUDGES: Readonly<Record<string, readonly string[]>> = {
  'poppler-utils': ['pdfsig', 'pdftoppm'],
  qpdf: ['qpdf'],
  openssl: ['openssl'],
  unzip: ['unzip'],
};

const isRoot = process.getuid?.() === 0;

try {
  const server = await findNatsServer({ announce: say });
  const folders = process.argv.includes('--judges') ? await provideJudges() : [];
  process.stdout.write(JSON.stringify({ natsServer: server.path, folders }));
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

function missingPackages(): string[] {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((part) => part !== '');
  const isThere = (program: string) =>
    folders.some((folder) => isExecutable(path.join(folder, program)));
  return Object.entries(JUDGES)
    .filter(([, programs]) => !programs.every(isThere))
    .map(([name]) => name);
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
  await fetchDebianPackages([name], tree, { withDependencies: true, announce: say });
  const starters = path.join(tree, 'starters');
  if (existsSync(starters)) return starters;

  const libraries = ['lib', 'usr/lib'].flatMap((part) => libraryFolders(path.join(tree, part)));
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
  return `install them and run this again: apt install ${names}, or brew install poppler qpdf openssl@3`;
}

function say(text: string): void {
  process.stderr.write(`set-up: ${text}\n`);
}

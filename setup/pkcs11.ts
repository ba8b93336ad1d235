/**
 * Compiles pkcs11js, the native part behind tokens (PKCS#11), for the tests and for use from this
 * folder.
 *
 * Its own build goes through node-gyp, which wants Python and downloads the headers of Node from
 * nodejs.org. The code needs neither: it is Node-API, whose headers come from npm
 * (`node-api-headers`) and fit every Node, so one call of the compiler does it (ADR 0014).
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);
const COMPILE_TIMEOUT_MS = 5 * 60_000;

/** A C++ compiler; `tree` when it is a Debian package that was unpacked there, not installed. */
export interface Compiler {
  readonly program: string;
  readonly tree?: string;
  readonly libraries?: readonly string[];
}

/** The folder of pkcs11js; undefined when it was left out of the installation. */
export function pkcs11Folder(): string | undefined {
  const folder = path.join(import.meta.dirname, '../packages/signer/node_modules/pkcs11js');
  return existsSync(path.join(folder, 'binding.gyp')) ? folder : undefined;
}

/** True when pkcs11js is compiled and this Node can load it. */
export function hasPkcs11(): boolean {
  const folder = pkcs11Folder();
  if (folder === undefined) return false;
  try {
    createRequire(import.meta.url)(folder);
    return true;
  } catch {
    return false;
  }
}

/**
 * Compiles pkcs11js in its folder, as `binding.gyp` there says.
 *
 * @throws when the compiler fails; the message quotes it.
 */
export async function compilePkcs11(compiler: Compiler): Promise<void> {
  const folder = pkcs11Folder();
  if (folder === undefined) throw new Error('pkcs11js is not installed');
  const headers = path.join(import.meta.dirname, '../node_modules/node-api-headers/include');
  const release = path.join(folder, 'build', 'Release');
  await mkdir(release, { recursive: true });
  const partial = path.join(release, `pkcs11.partial-${process.pid}`);
  const sources = ['dl.cpp', 'common.cpp', 'main.cpp'].map((file) => path.join('src', file));
  const args = [
    '-O2',
    '-std=c++17',
    '-shared',
    '-fPIC',
    '-DNAPI_DISABLE_CPP_EXCEPTIONS',
    '-Iincludes',
    `-I${headers}`,
    ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
    ...(compiler.tree === undefined ? [] : treeArguments(compiler.tree)),
    ...sources,
    '-o',
    partial,
  ];
  try {
    const env = compilerEnvironment(compiler);
    await execFileAsync(compiler.program, args, { cwd: folder, env, timeout: COMPILE_TIMEOUT_MS });
    await rename(partial, path.join(release, 'pkcs11.node'));
  } finally {
    await rm(partial, { force: true });
  }
}

/**
 * A compiler outside its place does not find the headers of the C library; and nothing is linked,
 * since Node has the C and C++ libraries loaded already.
 */
function treeArguments(tree: string): string[] {
  const include = path.join(tree, 'usr/include');
  const below = readdirSync(include).filter((name) => name.endsWith('-linux-gnu'));
  const folders = [...below.map((name) => path.join(include, name)), include];
  return [...folders.flatMap((folder) => ['-idirafter', folder]), '-nostdlib'];
}

function compilerEnvironment({ tree, libraries = [] }: Compiler): NodeJS.ProcessEnv {
  if (tree === undefined) return process.env;
  const programs = [path.join(tree, 'usr/bin'), process.env['PATH'] ?? ''].join(path.delimiter);
  return { ...process.env, PATH: programs, LD_LIBRARY_PATH: libraries.join(path.delimiter) };
}

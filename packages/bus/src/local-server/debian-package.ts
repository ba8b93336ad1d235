import { type ExecFileOptions, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { BusError } from '../errors.ts';

const execFileAsync = promisify(execFile);

const SYSTEM_LISTS = '/var/lib/apt/lists';
const FETCH_TIMEOUT_MS = 10 * 60_000;
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

export interface FetchOptions {
  /** Also fetch what the packages depend on, as far as the system does not have it yet. */
  readonly withDependencies?: boolean;
  /** Takes one line when something is downloaded; nothing is said when the folder is already there. */
  readonly announce?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** True where {@link fetchDebianPackages} can work: Debian, Ubuntu and their relatives. */
export function hasDebianTools(): boolean {
  return existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg');
}

/**
 * Downloads packages of the distribution and unpacks them into `folder`, without root and without
 * installing anything: the program of package `nats-server` is then `folder/usr/sbin/nats-server`.
 *
 * The folder appears whole or not at all, so a second call finds it and needs no network. When apt
 * has no package lists yet they are fetched first: the system's by root, private ones by anybody else.
 *
 * @returns false when the folder was already there.
 * @throws {@link BusError} `BUS_PACKAGE_FETCH_FAILED`; the message quotes what apt said.
 */
export async function fetchDebianPackages(
  names: readonly string[],
  folder: string,
  options: FetchOptions = {},
): Promise<boolean> {
  if (existsSync(folder)) return false;
  options.announce?.(
    `fetching ${names.join(', ')} from the system's package source into ${folder}`,
  );
  const work = `${folder}.partial-${process.pid}-${Date.now().toString(36)}`;
  const downloads = join(work, 'downloads');
  const tree = join(work, 'tree');
  try {
    await mkdir(downloads, { recursive: true });
    await mkdir(tree, { recursive: true });
    const apt = await openPackageLists(join(dirname(folder), 'apt'), options);
    const wanted = options.withDependencies === true ? await closure(names, apt, options) : names;
    await run('apt-get', [...apt, 'download', ...wanted], options, { cwd: downloads });
    for (const file of await readdir(downloads)) {
      if (!file.endsWith('.deb')) continue;
      await run('dpkg-deb', ['-x', join(downloads, file), tree], options);
    }
    await publishFolder(tree, folder);
    return true;
  } catch (cause) {
    if (cause instanceof BusError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BusError(
      'BUS_PACKAGE_FETCH_FAILED',
      `cannot fetch ${names.join(', ')} into ${folder}: ${reason}`,
      { cause, details: { packages: names.join(' '), folder } },
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Two processes may fetch at once: the first rename wins and the other uses its result. */
async function publishFolder(tree: string, folder: string): Promise<void> {
  try {
    await rename(tree, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

/** @returns the options that make apt use lists which are there: none for the system's own. */
async function openPackageLists(
  privateFolder: string,
  options: FetchOptions,
): Promise<readonly string[]> {
  if (await hasPackageLists(SYSTEM_LISTS)) return [];
  if (process.getuid?.() === 0) {
    await run('apt-get', ['update'], options);
    return [];
  }
  const lists = join(privateFolder, 'lists');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(privateFolder, 'cache', 'archives', 'partial'), { recursive: true });
  const apt = [
    '-o',
    `Dir::State::lists=${lists}`,
    '-o',
    `Dir::Cache=${join(privateFolder, 'cache')}`,
    '-o',
    'Debug::NoLocking=1',
  ];
  if (!(await hasPackageLists(lists))) await run('apt-get', [...apt, 'update'], options);
  return apt;
}

async function hasPackageLists(folder: string): Promise<boolean> {
  const files = await readdir(folder).catch(() => []);
  return files.some((file) => file.includes('_Packages'));
}

async function closure(
  names: readonly string[],
  apt: readonly string[],
  options: FetchOptions,
): Promise<string[]> {
  const without = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];
  const flags = without.map((relation) => `--no-${relation}`);
  const depends = await run(
    'apt-cache',
    [...apt, 'depends', '--recurse', ...flags, ...names],
    options,
  );
  const format = '${db:Status-Status} ${Package}\n';
  const installed = new Set(
    (await run('dpkg-query', ['-W', '-f', format], options))
      .split('\n')
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice('installed '.length)),
  );
  // Indented lines are relations, `<name>` a virtual package that some real one provides.
  const real = depends.split('\n').filter((line) => /^[a-z0-9]/.test(line));
  const missing = real.filter((name) => !installed.has(name.replace(/:.*$/, '')));
  return [...new Set([...names, ...missing])];
}

async function run(
  program: string,
  args: readonly string[],
  options: FetchOptions,
  extra: ExecFileOptions = {},
): Promise<string> {
  try {
    const { stdout } = await execFileAsync(program, [...args], {
      ...extra,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: FETCH_TIMEOUT_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return stdout;
  } catch (cause) {
    const said = lastLines(cause);
    throw new BusError('BUS_PACKAGE_FETCH_FAILED', `${program} ${args.at(-1) ?? ''}: ${said}`, {
      cause,
      details: { program },
    });
  }
}

function lastLines(error: unknown): string {
  const holder: { stderr?: unknown; message?: unknown } =
    typeof error === 'object' && error !== null ? error : {};
  const text =
    typeof holder.stderr === 'string' && holder.stderr.trim() !== '' ? holder.stderr : '';
  const fallback = typeof holder.message === 'string' ? holder.message : 'failed';
  return (text === '' ? fallback : text).trim().split('\n').slice(-3).join(' / ');
}

import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { BusError } from '../errors.ts';
import { type Environment, cacheFolder } from './cache-folder.ts';
import { fetchDebianPackages, hasDebianTools } from './debian-package.ts';

const execFileAsync = promisify(execFile);

/** The oldest server that every test here passes on: the one of Debian 12. */
const OLDEST_SERVER_VERSION = '2.9.10';
/** Where Debian and Homebrew put the program although it is often not in a user's PATH. */
const EXTRA_FOLDERS = [
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/home/linuxbrew/.linuxbrew/bin',
];
const VERSION_TIMEOUT_MS = 10_000;

export interface FoundServer {
  readonly path: string;
  /** Such as `2.9.10`. */
  readonly version: string;
}

export interface FindOptions {
  readonly env?: Environment;
  /** Folders looked into after PATH; the default is where packages put the program. */
  readonly extraFolders?: readonly string[];
  /** False: never fetch the distribution's package. */
  readonly download?: boolean;
  /** Takes one line when a package is fetched; by default it goes to stderr. */
  readonly announce?: (line: string) => void;
}

/**
 * Finds a nats-server: `$NATS_SERVER`, PATH, the folders of package managers, the project's cache,
 * and last, on Debian and Ubuntu, the distribution's package fetched into that cache without root.
 *
 * @throws {@link BusError} `BUS_SERVER_NOT_FOUND`, with the ways to get one, or
 *   `BUS_SERVER_TOO_OLD`, which names the server that was found.
 */
export async function findNatsServer(options: FindOptions = {}): Promise<FoundServer> {
  const env = options.env ?? process.env;
  const chosen = env['NATS_SERVER'];
  if (chosen !== undefined && chosen !== '') return await useChosen(chosen);
  const program = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  const path = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const cached = join(cacheFolder(env), 'nats-server');
  const cachedProgram = join(cached, 'usr', 'sbin', program);
  const places = [...path, ...(options.extraFolders ?? EXTRA_FOLDERS)];
  let tooOld: FoundServer | undefined;
  for (const candidate of [...places.map((folder) => join(folder, program)), cachedProgram]) {
    const found = await probe(candidate);
    if (found === undefined) continue;
    if (isNewEnough(found.version)) return found;
    tooOld ??= found;
  }
  if (options.download !== false && hasDebianTools()) {
    const announce = options.announce ?? ((line) => process.stderr.write(`${line}\n`));
    await fetchDebianPackages(['nats-server'], cached, { announce });
    const found = await probe(cachedProgram);
    if (found !== undefined && isNewEnough(found.version)) return found;
    tooOld ??= found;
  }
  throw tooOld === undefined ? notFound() : tooOldError(tooOld);
}

/** Compares versions such as `2.10.27`; what follows a `-` is left out of account. */
export function compareVersions(left: string, right: string): number {
  const numbers = (text: string) => (text.split('-')[0] ?? '').split('.').map(Number);
  const [a, b] = [numbers(left), numbers(right)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function useChosen(path: string): Promise<FoundServer> {
  const found = await probe(path);
  if (found === undefined) {
    throw new BusError('BUS_SERVER_NOT_FOUND', `$NATS_SERVER is no nats-server: "${path}"`, {
      details: { path },
    });
  }
  if (!isNewEnough(found.version)) throw tooOldError(found);
  return found;
}

async function probe(path: string): Promise<FoundServer | undefined> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await execFileAsync(path, ['--version'], { timeout: VERSION_TIMEOUT_MS });
    const version = /nats-server: v(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
    return version === undefined ? undefined : { path, version };
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  return compareVersions(version, OLDEST_SERVER_VERSION) >= 0;
}

function notFound(): BusError {
  return new BusError(
    'BUS_SERVER_NOT_FOUND',
    'found no nats-server on this machine; get one with the package manager ' +
      '(Debian, Ubuntu: apt install nats-server; macOS: brew install nats-server; Windows: scoop install nats-server), ' +
      'unpack a release of github.com/nats-io/nats-server into a folder of PATH, ' +
      'or set NATS_SERVER to the full path of the program',
    { details: { oldestVersion: OLDEST_SERVER_VERSION } },
  );
}

function tooOldError(found: FoundServer): BusError {
  return new BusError(
    'BUS_SERVER_TOO_OLD',
    `${found.path} is nats-server ${found.version}, at least ${OLDEST_SERVER_VERSION} is needed; ` +
      'install a newer one or set NATS_SERVER to its full path',
    { details: { path: found.path, version: found.version, oldestVersion: OLDEST_SERVER_VERSION } },
  );
}

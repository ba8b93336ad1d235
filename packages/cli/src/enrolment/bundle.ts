import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { pathExists } from '../home/layout.ts';

/** The settings that an agency or relay starts with. */
export interface BundleSettings {
  readonly role: 'agency' | 'relay';
  readonly code: string;
  readonly name: string;
  readonly tier: string;
  readonly site: string;
  readonly servers: readonly string[];
  readonly relay?: string;
  readonly notation: string;
}

/**
 * What goes by hand from the registrar to an agency: settings, keys under the agency's passphrase,
 * credentials, and whom to trust.
 */
export interface Bundle {
  readonly settings: BundleSettings;
  /** Absent where the agency made its key itself. */
  readonly nodeP12?: Uint8Array;
  /** A relay has none; nor does an agency whose seal stays in a token. */
  readonly sealP12?: Uint8Array;
  /** A relay has none: nothing is sealed for it. */
  readonly encryptionP12?: Uint8Array;
  readonly credentials: Uint8Array;
  readonly registrarCertificate: Uint8Array;
  readonly anchors: readonly Uint8Array[];
  readonly intermediates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  /** Signed entries, oldest first, so that a desk can send before the agent has run. */
  readonly directory: readonly Uint8Array[];
}

const SETTINGS = 'bundle.json';
const NODE_KEY = 'node.p12';
const SEAL_KEY = 'seal.p12';
const ENCRYPTION_KEY = 'encryption.p12';
const CREDENTIALS = 'agent.creds';
const REGISTRAR = 'registrar.crt';
const DIRECTORY = 'directory';

/**
 * Prepares a bundle's folder next to its final place; `publish` makes it appear whole.
 *
 * @throws {@link CliError} `CLI_ALREADY_EXISTS` when the place is taken.
 */
export async function draftBundle(
  cli: Pick<Cli, 'messages'>,
  folder: string,
): Promise<{ publish(bundle: Bundle): Promise<void>; discard(): Promise<void> }> {
  if (await pathExists(folder)) throw taken(cli, folder);
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  return {
    publish: async (bundle) => {
      for (const [name, bytes] of bundleFiles(bundle)) {
        const path = join(draft, name);
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(path, bytes, { mode: 0o600, flush: true });
      }
      await rename(draft, folder);
    },
    discard: async () => {
      await rm(draft, { recursive: true, force: true });
    },
  };
}

function bundleFiles(bundle: Bundle): [string, Uint8Array | string][] {
  const numbered = (
    folder: string,
    extension: string,
    list: readonly Uint8Array[],
  ): [string, Uint8Array][] =>
    list.map((bytes, index) => {
      // Names of equal length stand in the order of their numbers.
      return [join(folder, `${String(index + 1).padStart(8, '0')}.${extension}`), bytes];
    });
  return [
    ...optional(NODE_KEY, bundle.nodeP12),
    ...optional(SEAL_KEY, bundle.sealP12),
    ...optional(ENCRYPTION_KEY, bundle.encryptionP12),
    [CREDENTIALS, bundle.credentials],
    [REGISTRAR, bundle.registrarCertificate],
    ...numbered(join('trust', 'anchors'), 'crt', bundle.anchors),
    ...numbered(join('trust', 'intermediates'), 'crt', bundle.intermediates),
    ...numbered(join('trust', 'crls'), 'crl', bundle.crls),
    ...numbered(DIRECTORY, 'rec', bundle.directory),
    [SETTINGS, `${JSON.stringify(bundle.settings, null, 2)}\n`],
  ];
}

function optional(name: string, bytes: Uint8Array | undefined): [string, Uint8Array][] {
  return bytes === undefined ? [] : [[name, bytes]];
}

/** @throws {@link CliError} `CLI_BUNDLE_INVALID`, naming what lacks. */
export async function readBundle(cli: Pick<Cli, 'messages'>, folder: string): Promise<Bundle> {
  const { text } = cli.messages;
  const read = async (name: string): Promise<Uint8Array> => {
    try {
      return new Uint8Array(await readFile(join(folder, name)));
    } catch (cause) {
      const message = text.bundleLacks(folder, name);
      throw new CliError('CLI_BUNDLE_INVALID', message, { cause, details: { folder, file: name } });
    }
  };
  const has = async (name: string): Promise<boolean> => await pathExists(join(folder, name));
  return {
    settings: parseSettings(cli, folder, await read(SETTINGS)),
    ...((await has(NODE_KEY)) ? { nodeP12: await read(NODE_KEY) } : {}),
    ...((await has(SEAL_KEY)) ? { sealP12: await read(SEAL_KEY) } : {}),
    ...((await has(ENCRYPTION_KEY)) ? { encryptionP12: await read(ENCRYPTION_KEY) } : {}),
    credentials: await read(CREDENTIALS),
    registrarCertificate: await read(REGISTRAR),
    anchors: await readAll(join(folder, 'trust', 'anchors')),
    intermediates: await readAll(join(folder, 'trust', 'intermediates')),
    crls: await readAll(join(folder, 'trust', 'crls')),
    directory: await readAll(join(folder, DIRECTORY)),
  };
}

async function readAll(folder: string): Promise<Uint8Array[]> {
  if (!(await pathExists(folder))) return [];
  const names = (await readdir(folder)).toSorted();
  return await Promise.all(
    names.map(async (name) => new Uint8Array(await readFile(join(folder, name)))),
  );
}

function parseSettings(
  cli: Pick<Cli, 'messages'>,
  folder: string,
  bytes: Uint8Array,
): BundleSettings {
  const wrong = (field: string, cause?: unknown): CliError =>
    new CliError('CLI_BUNDLE_INVALID', cli.messages.text.bundleFieldWrong(folder, field), {
      cause,
      details: { folder, file: SETTINGS, field },
    });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw wrong('JSON', cause);
  }
  const field = (name: string): string => {
    const found = propertyOf(value, name);
    if (typeof found === 'string' && found !== '') return found;
    throw wrong(name);
  };
  const servers = propertyOf(value, 'servers');
  if (!Array.isArray(servers) || servers.length === 0) throw wrong('servers');
  const relay = propertyOf(value, 'relay');
  return {
    role: field('role') === 'relay' ? 'relay' : 'agency',
    code: field('code'),
    name: field('name'),
    tier: field('tier'),
    site: field('site'),
    servers: servers.map(String),
    ...(typeof relay === 'string' ? { relay } : {}),
    notation: field('notation'),
  };
}

function propertyOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const found: unknown = Reflect.get(value, name);
  return found;
}

function taken(cli: Pick<Cli, 'messages'>, folder: string): CliError {
  return new CliError('CLI_ALREADY_EXISTS', cli.messages.text.folderExists(folder), {
    details: { folder },
  });
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { z } from 'zod';

import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { type PublicationSettings, publicationSettings } from './audit/settings.ts';
import { type Targets, targetsSchema } from './figures/targets.ts';
import { agencyCode, site } from '../record/field.ts';
import {
  type HttpSettings,
  type OidcSettings,
  httpSettings,
  oidcSettings,
} from './http/settings.ts';
import {
  type AlertSettings,
  type WebhookSettings,
  alertSettings,
  webhooksSettings,
} from './alerts/settings.ts';

/** `relay.json` in a relay's folder. */
export interface RelayConfig {
  /** The relay's own code in the directory, where its role is `relay`. */
  readonly code: AgencyCode;
  readonly name: string;
  /** The site that the relay itself belongs to. */
  readonly site: Site;
  /** The sites whose reports it takes in; left out: every site of the directory. */
  readonly sites?: readonly Site[] | undefined;
  readonly servers: readonly string[];
  /** Connect with TLS: the broker's certificate must come from an anchor of `trust/`. */
  readonly tls?: Readonly<Record<string, never>> | undefined;
  /** The centre of a federated plan, for a relay that reads the reports of every site there. */
  readonly central?: { readonly servers: readonly string[] } | undefined;
  /** Pages and API. */
  readonly http?: HttpSettings | undefined;
  /** Log-in through an identity provider. */
  readonly oidc?: OidcSettings | undefined;
  /** From when on something is worth an alert. */
  readonly alerts?: AlertSettings | undefined;
  /** Who is told of alerts. */
  readonly webhooks?: readonly WebhookSettings[] | undefined;
  /** What `rate_electronic` should reach, by year and tier. */
  readonly targets?: Targets | undefined;
  /** When months are closed. */
  readonly publication?: PublicationSettings | undefined;
}

export interface RelayHomeContent {
  readonly home: string;
  readonly config: RelayConfig;
  /** PKCS#12 with the node key that signs watermarks. */
  readonly nodeP12: Uint8Array;
  readonly credentials: Uint8Array;
  /** With `config.tls`: certificate and key for brokers that ask for one, under the node key's passphrase. */
  readonly tlsP12?: Uint8Array;
  /** With `config.central`: the relay's credentials there. */
  readonly centralCredentials?: Uint8Array;
  readonly trust: {
    readonly anchors: readonly Uint8Array[];
    readonly intermediates?: readonly Uint8Array[];
    readonly crls?: readonly Uint8Array[];
  };
  /** The one certificate that may sign directory entries, confirmed by its fingerprint. */
  readonly registrarCertificate: Uint8Array;
}

export interface RelayHomePaths {
  readonly config: string;
  readonly database: string;
  /** Accounts and sessions of the HTTP side. */
  readonly web: string;
  readonly lock: string;
  readonly nodeKey: string;
  readonly credentials: string;
  readonly centralCredentials: string;
  /** Certificate and key for brokers that ask for one; its passphrase is that of the node key. */
  readonly tlsKey: string;
  readonly trust: string;
  readonly registrarCertificate: string;
}

const configSchema = z.object({
  code: agencyCode,
  name: z.string().min(1),
  site,
  sites: z.array(site).min(1).optional(),
  servers: z.array(z.string().min(1)).min(1),
  tls: z.strictObject({}).optional(),
  central: z.object({ servers: z.array(z.string().min(1)).min(1) }).optional(),
  targets: targetsSchema.optional(),
  publication: publicationSettings.optional(),
  http: httpSettings.optional(),
  oidc: oidcSettings.optional(),
  alerts: alertSettings.optional(),
  webhooks: webhooksSettings.optional(),
});

/** Keys and credentials are for the relay's own user alone. */
const PRIVATE = { mode: 0o600, flag: 'wx' } as const;
const PUBLIC = { flag: 'wx' } as const;

export function homePaths(home: string): RelayHomePaths {
  return {
    config: join(home, 'relay.json'),
    database: join(home, 'relay.sqlite'),
    web: join(home, 'web.sqlite'),
    lock: join(home, 'relay.lock'),
    nodeKey: join(home, 'keys', 'node.p12'),
    credentials: join(home, 'credentials', 'relay.creds'),
    centralCredentials: join(home, 'credentials', 'central.creds'),
    tlsKey: join(home, 'keys', 'tls.p12'),
    trust: join(home, 'trust'),
    registrarCertificate: join(home, 'trust', 'registrar.crt'),
  };
}

/**
 * Makes a relay's folder. It appears whole or not at all.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_EXISTS` when there is anything at `home`,
 *   `BUS_RELAY_HOME_INVALID` for a bad configuration.
 */
export async function initRelay(content: RelayHomeContent): Promise<void> {
  const home = resolve(content.home);
  const config = readConfig(content.config, 'the configuration');
  await refuseExisting(home);
  await mkdir(dirname(home), { recursive: true });
  const draft = await mkdtemp(join(dirname(home), `.${basename(home)}-`));
  try {
    await fill(draft, config, content);
    await rename(draft, home);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (isExisting(error)) throw homeExists(home, error);
    throw error;
  }
}

/** @throws {@link BusError} `BUS_RELAY_HOME_INVALID` naming what is wrong. */
export async function readRelayConfig(home: string): Promise<RelayConfig> {
  const file = homePaths(home).config;
  const text = Buffer.from(await readHomeFile(file)).toString('utf8');
  try {
    return readConfig(JSON.parse(text), file);
  } catch (cause) {
    if (cause instanceof BusError) throw cause;
    throw invalidHome(`${file} is not JSON`, file, cause);
  }
}

/** As {@link readRelayConfig}; `undefined` where a database stands alone, such as a copy of one. */
export function readRelayConfigSync(home: string): RelayConfig | undefined {
  const file = homePaths(home).config;
  try {
    return readConfig(JSON.parse(readFileSync(file, 'utf8')), file);
  } catch (cause) {
    if (cause instanceof BusError) throw cause;
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw invalidHome(`cannot read ${file}`, file, cause);
  }
}

/**
 * The relay's node key, sealed with its passphrase: what signs reports for people, too.
 *
 * @throws {@link BusError} `BUS_RELAY_HOME_INVALID` when the file is missing.
 */
export async function readNodeKeyFile(home: string): Promise<Uint8Array> {
  return await readHomeFile(homePaths(home).nodeKey);
}

/** @throws {@link BusError} `BUS_RELAY_HOME_INVALID` when the file cannot be read. */
export async function readHomeFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw invalidHome(`cannot read ${file}`, file, cause);
  }
}

function readConfig(value: unknown, where: string): RelayConfig {
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw invalidHome(`${where}: ${field} ${issue?.message ?? 'is wrong'}`, where);
}

async function fill(folder: string, config: RelayConfig, content: RelayHomeContent): Promise<void> {
  const paths = homePaths(folder);
  for (const kind of ['anchors', 'intermediates', 'crls']) {
    await mkdir(join(paths.trust, kind), { recursive: true });
  }
  await mkdir(dirname(paths.nodeKey), { mode: 0o700 });
  await mkdir(dirname(paths.credentials), { mode: 0o700 });
  await writeFile(paths.nodeKey, content.nodeP12, PRIVATE);
  await writeFile(paths.credentials, content.credentials, PRIVATE);
  if (content.tlsP12 !== undefined) await writeFile(paths.tlsKey, content.tlsP12, PRIVATE);
  if (content.centralCredentials !== undefined) {
    await writeFile(paths.centralCredentials, content.centralCredentials, PRIVATE);
  }
  await writeFile(paths.registrarCertificate, content.registrarCertificate, PUBLIC);
  const { anchors, intermediates = [], crls = [] } = content.trust;
  await writeAll(join(paths.trust, 'anchors'), anchors, 'crt');
  await writeAll(join(paths.trust, 'intermediates'), intermediates, 'crt');
  await writeAll(join(paths.trust, 'crls'), crls, 'crl');
  await writeFile(paths.config, `${JSON.stringify(config, null, 2)}\n`, PUBLIC);
}

async function writeAll(folder: string, files: readonly Uint8Array[], ext: string): Promise<void> {
  for (const bytes of files) {
    const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    await writeFile(join(folder, `${name}.${ext}`), bytes);
  }
}

async function refuseExisting(home: string): Promise<void> {
  try {
    if ((await readdir(home)).length > 0) throw homeExists(home);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    if (hasCode(error, 'ENOTDIR')) throw homeExists(home, error);
    throw error;
  }
}

function isExisting(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM'].some((code) => hasCode(error, code));
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function homeExists(home: string, cause?: unknown): BusError {
  return new BusError('BUS_RELAY_HOME_EXISTS', `${home} is there already`, {
    cause,
    details: { home },
  });
}

function invalidHome(message: string, file: string, cause?: unknown): BusError {
  return new BusError('BUS_RELAY_HOME_INVALID', message, { cause, details: { file } });
}

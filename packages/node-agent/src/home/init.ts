import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { createSignatureVerifier, loadTrustStore, parseCertificate } from '@congvan/signer';

import { DirectoryCopy } from '../directory/copy.ts';
import { AgentError } from '../errors.ts';
import { createDatabase } from '../storage/database.ts';
import { DirectoryStore } from '../storage/directory-store.ts';
import { type AgentConfigInput, parseConfig } from './config.ts';
import { type HomeLayout, layoutOf } from './layout.ts';

export interface InitAgentOptions {
  /** The folder to make; it must not exist yet. */
  readonly home: string;
  readonly config: AgentConfigInput;
  /** PKCS#12 of the node key; its passphrase is not needed here. */
  readonly nodeP12: Uint8Array;
  readonly sealP12?: Uint8Array;
  /** PKCS#12 of the key that opens what is sealed for the agency. */
  readonly encryptionP12?: Uint8Array;
  /** PKCS#12 of the key for TLS connections to the broker. */
  readonly tlsP12?: Uint8Array;
  /** NATS credentials file as the site service minted it. */
  readonly credentials: Uint8Array;
  /** Certificates and CRLs in PEM or DER; the operator has confirmed the anchors' fingerprints. */
  readonly trust: {
    readonly anchors: readonly Uint8Array[];
    readonly intermediates?: readonly Uint8Array[];
    readonly crls?: readonly Uint8Array[];
  };
  readonly registrarCertificate: Uint8Array;
  /** Signed directory entries to start with, so that a desk can send before the agent ever ran. */
  readonly directory?: readonly Uint8Array[];
}

/**
 * Makes an agency's folder: all of it or nothing.
 *
 * @throws {@link AgentError} `AGENT_HOME_EXISTS`, `AGENT_REQUEST_INVALID` for a wrong field,
 *   `AGENT_DIRECTORY_FORGED` for an entry that the registrar has not signed; SignerError for a
 *   trust file that is no certificate or CRL.
 */
export async function initAgent(options: InitAgentOptions): Promise<void> {
  const { home } = options;
  const config = parseConfig(options.config, 'config', 'AGENT_REQUEST_INVALID');
  if (await exists(home)) throw homeExists(home);
  await mkdir(dirname(home), { recursive: true });
  const draft = await mkdtemp(join(dirname(home), '.agent-'));
  try {
    await writeHome(draft, options, JSON.stringify(config, null, 2));
    await fillDatabase(layoutOf(draft), options.directory ?? []);
    await rename(draft, home);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (await exists(home)) throw homeExists(home, error);
    throw error;
  }
}

async function fillDatabase(layout: HomeLayout, records: readonly Uint8Array[]): Promise<void> {
  const trust = await loadTrustStore(layout.trust);
  const registrar = parseCertificate(await readFile(layout.registrarCertificate)).der;
  const db = createDatabase(layout.database);
  try {
    const verify = createSignatureVerifier(trust);
    const copy = new DirectoryCopy(new DirectoryStore(db), registrar, verify);
    db.transaction(() => copy.import(records, new Date()))();
  } finally {
    db.close();
  }
}

async function writeHome(draft: string, options: InitAgentOptions, config: string): Promise<void> {
  const layout = layoutOf(draft);
  const { trust } = options;
  const files: [string, Uint8Array | string][] = [
    [layout.config, `${config}\n`],
    [layout.nodeKey, options.nodeP12],
    [layout.credentials, options.credentials],
    [layout.registrarCertificate, options.registrarCertificate],
    ...numbered(join(layout.trust, 'anchors'), trust.anchors, 'crt'),
    ...numbered(join(layout.trust, 'intermediates'), trust.intermediates ?? [], 'crt'),
    ...numbered(join(layout.trust, 'crls'), trust.crls ?? [], 'crl'),
  ];
  if (options.sealP12 !== undefined) files.push([layout.sealKey, options.sealP12]);
  if (options.tlsP12 !== undefined) files.push([layout.tlsKey, options.tlsP12]);
  if (options.encryptionP12 !== undefined) {
    files.push([layout.encryptionKey, options.encryptionP12]);
  }
  for (const folder of ['anchors', 'intermediates', 'crls']) {
    await mkdir(join(layout.trust, folder), { recursive: true });
  }
  for (const [file, bytes] of files) {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, bytes, { mode: 0o600, flush: true });
  }
}

function numbered(
  folder: string,
  files: readonly Uint8Array[],
  extension: string,
): [string, Uint8Array][] {
  return files.map((bytes, index) => [join(folder, `${index + 1}.${extension}`), bytes]);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

function homeExists(home: string, cause?: unknown): AgentError {
  return new AgentError('AGENT_HOME_EXISTS', `${home} exists already`, {
    cause,
    details: { home },
  });
}

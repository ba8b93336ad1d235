import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type AgencyCode, parseAgencyCode, type SignBytes } from '@congvan/bus';
import type { EnrolmentOptions } from '@congvan/bus/site';
import { type Certificate, openPkcs12, parseCertificate, signCms } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { type HomeLayout, pathExists } from '../home/layout.ts';

/** Who registers agencies here. `site.json` holds no secret; the key is `registrar.p12`. */
export interface SiteSettings {
  /** The agency code under which the registrar signs directory entries. */
  readonly registrar: AgencyCode;
  /** The relay that new agencies report to, whether it is set up yet or not. */
  readonly relay: AgencyCode;
}

/** Who delegated to the registrar here: the one whose certificate every agency pins. */
export interface RootRegistrar {
  readonly code: AgencyCode;
  readonly certificate: Certificate;
}

export interface Site extends SiteSettings {
  readonly certificate: Certificate;
  /** Absent where the registrar here is the root itself. */
  readonly root?: RootRegistrar;
}

/** The centre. */
export const DEFAULT_SITE = 'TW';
export const DEFAULT_REGISTRAR = 'TW';
export const DEFAULT_RELAY = 'TW.RELAY';

function filesOf(layout: HomeLayout): {
  settings: string;
  key: string;
  certificate: string;
  root: string;
} {
  return {
    settings: join(layout.site, 'site.json'),
    key: join(layout.site, 'registrar.p12'),
    certificate: join(layout.site, 'registrar.crt'),
    root: join(layout.site, 'root.crt'),
  };
}

/** Writes the registrar's files; the settings last, since they say that the rest is there. */
export async function writeSite(
  layout: HomeLayout,
  settings: SiteSettings,
  registrar: { readonly p12: Uint8Array; readonly certificate: Certificate },
  root?: RootRegistrar,
): Promise<void> {
  const files = filesOf(layout);
  await mkdir(layout.site, { recursive: true, mode: 0o700 });
  await writeFile(files.key, registrar.p12, { mode: 0o600, flush: true });
  await writeFile(files.certificate, registrar.certificate.der, { mode: 0o644, flush: true });
  if (root !== undefined) {
    await writeFile(files.root, root.certificate.der, { mode: 0o644, flush: true });
  }
  const written = { ...settings, ...(root === undefined ? {} : { root: root.code }) };
  await writeFile(files.settings, `${JSON.stringify(written, null, 2)}\n`, { flush: true });
}

/** @throws {@link CliError} `CLI_NO_SITE` when this home registers no agencies. */
export async function readSite(cli: Pick<Cli, 'messages'>, layout: HomeLayout): Promise<Site> {
  const files = filesOf(layout);
  try {
    const settings: unknown = JSON.parse(await readFile(files.settings, 'utf8'));
    const root = textOf(settings, 'root');
    return {
      registrar: parseAgencyCode(textOf(settings, 'registrar')),
      relay: parseAgencyCode(textOf(settings, 'relay')),
      certificate: parseCertificate(await readFile(files.certificate)),
      ...(root === '' ? {} : { root: await readRoot(files.root, root) }),
    };
  } catch (error) {
    throw new CliError('CLI_NO_SITE', cli.messages.text.noSite(layout.site), {
      cause: error,
      details: { folder: layout.site },
    });
  }
}

/** Whose certificate every agency pins, as `openEnrolment` and `openSite` take it. */
export function rootOf({ registrar, certificate, root = { code: registrar, certificate } }: Site): {
  readonly rootRegistrar: NonNullable<EnrolmentOptions['rootRegistrar']>;
} {
  return { rootRegistrar: { code: root.code, certificate: root.certificate.der } };
}

async function readRoot(file: string, code: string): Promise<RootRegistrar> {
  return { code: parseAgencyCode(code), certificate: parseCertificate(await readFile(file)) };
}

/** Signs directory entries with the registrar's key; its passphrase is that of the authority. */
export async function openRegistrarSigner(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
): Promise<SignBytes> {
  const p12 = await readFile(filesOf(layout).key);
  const signer = openPkcs12(p12, await passphrases.get('ca', cli.messages.text.caKeys));
  return async (tbs) => await signCms({ content: tbs }, signer, { certificates: 'none' });
}

/** A text of a JSON object; empty when it lacks, which no checked value is. */
function textOf(value: unknown, key: string): string {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return '';
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'string' ? found : '';
}

/** Whether this home registers agencies already. */
export async function hasSite(layout: HomeLayout): Promise<boolean> {
  return await pathExists(filesOf(layout).settings);
}

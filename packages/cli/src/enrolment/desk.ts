import { type KeyObject, createPrivateKey, createPublicKey, hash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

import type { EnrolmentHttp, SiteService } from '@congvan/bus/site';
import type { Authority, Certificate } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { isSystemError } from '../home/input-file.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { readSiteTrust } from './site-trust.ts';

const DAY_MS = 86_400_000;
/** The certificate is made new, for the same key, when less than this is left. */
const RENEW_BEFORE_MS = 60 * DAY_MS;
const PARTS = /^(?:\[([\da-f:]+)\]|([^\s:]+)):(\d{1,5})$/iu;

/** Where the enrolment desk of this home answers; `desk.json` holds no secret. */
export interface DeskSettings {
  /** What agencies call it: stands in the tokens. */
  readonly url: string;
  readonly listen: { readonly host: string; readonly port: number };
}

/** @returns `undefined` for what is not `host:port`. */
export function parseListen(text: string): DeskSettings['listen'] | undefined {
  const [, bracketed, plain, port] = PARTS.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = Number(port);
  return host === undefined || !(number <= 65_535) ? undefined : { host, port: number };
}

export function pendingFolderOf(layout: HomeLayout): string {
  return join(layout.site, 'enrolments');
}

function filesOf(layout: HomeLayout) {
  return {
    settings: join(layout.site, 'desk.json'),
    key: join(layout.site, 'desk.key'),
    certificate: join(layout.site, 'desk.crt'),
  };
}

/** Issues the TLS certificate of the desk and notes where it answers; the key goes on where there is one. */
export async function setUpDesk(
  cli: Cli,
  layout: HomeLayout,
  authority: Authority,
  passphrases: Passphrases,
  settings: DeskSettings,
): Promise<Certificate> {
  const { hostname } = new URL(settings.url);
  const host = hostname.replaceAll(/[[\]]/gu, '');
  const serverNames = isIP(host) === 0 ? { dns: [host] } : { ip: [host] };
  const subject = { commonName: host };
  const { encryptPrivateKeyInfo, generateKeys } = await import('@congvan/signer');
  const files = filesOf(layout);
  await mkdir(layout.site, { recursive: true, mode: 0o700 });
  const passphrase = await passphrases.get('ca', cli.messages.text.caKeys);
  const before = await readKey(layout, passphrase);
  const keys = before ?? (await generateKeys('ec-p256'));
  const { publicKey } = keys;
  const { certificate } = await authority.issue({ subject, use: 'tls', serverNames, publicKey });
  if (before === undefined) {
    const pkcs8 = keys.privateKey.export({ format: 'der', type: 'pkcs8' });
    const content = encryptPrivateKeyInfo(pkcs8, passphrase);
    await writeFile(files.key, content, { mode: 0o600, flush: true });
  }
  await writeFile(files.certificate, certificate.der, { mode: 0o644, flush: true });
  await writeFile(files.settings, `${JSON.stringify(settings, undefined, 2)}\n`, { flush: true });
  return certificate;
}

/** The tokens that are out name this key, so it is made once. */
async function readKey(
  layout: HomeLayout,
  passphrase: string,
): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject } | undefined> {
  const file = filesOf(layout).key;
  const key = await readFile(file).catch(() => undefined);
  if (key === undefined) return undefined;
  try {
    const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase });
    return { privateKey, publicKey: createPublicKey(privateKey) };
  } catch (cause) {
    const { SignerError } = await import('@congvan/signer');
    throw new SignerError('SIGNER_P12_PASSPHRASE_WRONG', `the passphrase of ${file} is wrong`, {
      cause,
      details: { file },
    });
  }
}

/** @returns `undefined` where no desk was set up. */
export async function readDesk(
  cli: Pick<Cli, 'messages'>,
  layout: HomeLayout,
): Promise<(DeskSettings & { readonly keySha256: string }) | undefined> {
  const files = filesOf(layout);
  try {
    const value: unknown = JSON.parse(await readFile(files.settings, 'utf8'));
    const { parseCertificate } = await import('@congvan/signer');
    const { publicKeyDer } = parseCertificate(await readFile(files.certificate));
    if (isSettings(value)) return { ...value, keySha256: hash('sha256', publicKeyDer, 'hex') };
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
  throw new CliError('CLI_FILE_UNREADABLE', cli.messages.enrolment.deskDamaged(files.settings), {
    details: { file: files.settings },
  });
}

/** @throws {@link CliError} `CLI_NO_SITE` where none was set up. */
export async function requireDesk(cli: Pick<Cli, 'messages'>, layout: HomeLayout) {
  const desk = await readDesk(cli, layout);
  if (desk !== undefined) return desk;
  throw new CliError('CLI_NO_DESK', cli.messages.enrolment.noDesk, {
    details: { folder: layout.site },
  });
}

function isSettings(value: unknown): value is DeskSettings {
  if (typeof value !== 'object' || value === null || !('url' in value)) return false;
  if (!('listen' in value) || typeof value.url !== 'string') return false;
  const { listen } = value;
  if (typeof listen !== 'object' || listen === null) return false;
  if (!('host' in listen) || !('port' in listen)) return false;
  return typeof listen.host === 'string' && typeof listen.port === 'number';
}

export interface RunDeskInput {
  readonly layout: HomeLayout;
  readonly authority: Authority;
  readonly registrarCertificate: Uint8Array;
  readonly site: SiteService;
  readonly passphrases: Passphrases;
  readonly revokeUser: (site: string, userPublicKey: string) => Promise<void>;
  readonly onError: (error: Error) => void;
  readonly onEnrolled: (code: string, id: string) => void;
}

/** Serves the desk of this home beside its site service; `undefined` where none was set up. */
export async function runDesk(cli: Cli, input: RunDeskInput): Promise<EnrolmentHttp | undefined> {
  const { layout, authority, site, passphrases } = input;
  const settings = await readDesk(cli, layout);
  if (settings === undefined) return undefined;
  const { createEnrolmentDesk, openPendingEnrolments, serveEnrolmentDesk } =
    await import('@congvan/bus/site');
  const { parseCertificate } = await import('@congvan/signer');
  const files = filesOf(layout);
  const { notAfter } = parseCertificate(await readFile(files.certificate));
  if (notAfter.getTime() - cli.now().getTime() < RENEW_BEFORE_MS) {
    const { url, listen } = settings;
    await setUpDesk(cli, layout, authority, passphrases, { url, listen });
  }
  const desk = createEnrolmentDesk({
    pending: openPendingEnrolments(pendingFolderOf(layout)),
    enrolment: site.enrolment,
    authority,
    moreTrust: async () => await readSiteTrust(layout),
    registrarCertificate: input.registrarCertificate,
    prepare: site.refresh,
    revokeUser: input.revokeUser,
    now: cli.now,
    onEnrolled: input.onEnrolled,
  });
  const { encodePem } = await import('@congvan/signer');
  const keys = await readKey(layout, await passphrases.get('ca', cli.messages.text.caKeys));
  const chain = [await readFile(files.certificate), authority.issuingCertificate.der];
  const tls = {
    certificates: chain.map((der) => encodePem('CERTIFICATE', der)).join(''),
    key: keys?.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() ?? '',
  };
  return await serveEnrolmentDesk({ desk, ...settings.listen, tls, onError: input.onError });
}

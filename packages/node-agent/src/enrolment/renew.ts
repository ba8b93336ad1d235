import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type AgencyConnection,
  BusError,
  type EnrolmentUse,
  type RenewalAnswer,
  encodeRenewalFrame,
  encodeRenewalRequest,
  fromBase64,
  parseEnrolmentRefusal,
  parseRenewalAnswer,
  readCredentials,
  renewCredentials,
  renewalSigningInput,
} from '@congvan/bus';
import { openPkcs12, openPkcs12Decryptor, parseCertificate, signCms } from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Lifetime } from './due.ts';
import { type NewKey, openNewKeys, wrapKey } from './new-keys.ts';

/** What an agent renews by itself: three certificates and its broker credentials. */
export type RenewedUse = 'node' | 'encryption' | 'tls' | 'credentials';

export type RenewCore = Pick<AgentCore, 'config' | 'keys' | 'now' | 'log'>;

function fileOf(layout: HomeLayout, use: Exclude<RenewedUse, 'credentials'>): string {
  return { node: layout.nodeKey, encryption: layout.encryptionKey, tls: layout.tlsKey }[use];
}

/** How long what the agency has lasts; what is not there is not renewed. */
export async function readLifetimes(
  core: RenewCore,
  layout: HomeLayout,
): Promise<Lifetime<RenewedUse>[]> {
  const { keys } = core;
  const lives: Lifetime<RenewedUse>[] = [];
  for (const use of ['node', 'encryption', 'tls'] as const) {
    const p12 = await readFile(fileOf(layout, use)).catch(() => undefined);
    if (p12 === undefined) continue;
    const open = use === 'encryption' ? openPkcs12Decryptor : openPkcs12;
    const passphrase = await keys.passphraseOf(use === 'encryption' ? 'encryption' : 'node');
    const { notBefore, notAfter } = open(p12, passphrase).certificate;
    lives.push({ use, fromMs: notBefore.getTime(), untilMs: notAfter.getTime() });
  }
  const { issuedAt, expiresAt } = await readCredentials(await readFile(layout.credentials));
  if (expiresAt !== null) {
    const [fromMs, untilMs] = [issuedAt.getTime(), expiresAt.getTime()];
    lives.push({ use: 'credentials', fromMs, untilMs });
  }
  return lives;
}

/**
 * Renews certificates with new keys, and the broker credentials with the same key.
 *
 * The new keys are on disk before they are asked for, so the same request goes out after a kill and
 * gets the same certificates. The credentials come with every answer.
 *
 * @param spread - waits until others have read the new directory entry; false when it was stopped.
 * @throws {@link BusError} `BUS_REQUEST_…`, `BUS_ENROLMENT_REFUSED`, `BUS_PAYLOAD_INVALID`.
 */
export async function renew(
  core: RenewCore,
  layout: HomeLayout,
  connection: Pick<AgencyConnection, 'requestRenewal'>,
  due: readonly RenewedUse[],
  spread: () => Promise<boolean>,
): Promise<void> {
  const { keys } = core;
  const passphraseOf = async (use: EnrolmentUse): Promise<string> =>
    await keys.passphraseOf(use === 'encryption' ? 'encryption' : 'node');
  const made = new Map<Exclude<RenewedUse, 'credentials'>, NewKey>();
  for (const use of due) {
    if (use === 'credentials') continue;
    const [key] = await openNewKeys(join(layout.newKeys, use), [use], passphraseOf);
    if (key !== undefined) made.set(use, key);
  }
  const requests = Object.fromEntries([...made].map(([use, { csr }]) => [use, csr]));
  const answer = await ask(core, connection, requests);
  const adopt = async (use: Exclude<RenewedUse, 'credentials'>, key: NewKey): Promise<void> => {
    const der = answer.issued[use];
    if (der === undefined) throw unusable(`no certificate for the ${use} key`);
    const certificate = parseCertificate(fromBase64(der));
    const chain = answer.chain.map(fromBase64);
    const p12 = wrapKey(key, certificate, chain, await passphraseOf(use));
    await putKey(layout, use, p12, core.now());
    keys.forget();
    await rm(join(layout.newKeys, use), { recursive: true, force: true });
  };
  const credentials = await renewCredentials(await readFile(layout.credentials), answer.userJwt);
  await replace(layout.credentials, credentials);
  for (const [use, key] of made) if (use !== 'node') await adopt(use, key);
  core.log.info({ renewed: due.join(',') }, 'certificates and broker credentials renewed');
  const node = made.get('node');
  // Records of a key that the reader's directory does not list yet would go to quarantine.
  if (node !== undefined && (await spread())) await adopt('node', node);
}

async function ask(
  { config, keys, now }: RenewCore,
  connection: Pick<AgencyConnection, 'requestRenewal'>,
  requests: Readonly<Record<string, string>>,
): Promise<RenewalAnswer> {
  const { code, site } = config;
  const at = now().toISOString();
  const request = encodeRenewalRequest({ version: 1, code, site, at, requests });
  const content = renewalSigningInput(request);
  const signature = await signCms({ content }, await keys.open('node'), { certificates: 'none' });
  const answer = await connection.requestRenewal(encodeRenewalFrame(request, signature));
  const refusal = parseEnrolmentRefusal(answer);
  if (refusal !== undefined) {
    throw new BusError('BUS_ENROLMENT_REFUSED', `the site refuses to renew: ${refusal.detail}`, {
      details: { reason: refusal.refused },
    });
  }
  return parseRenewalAnswer(answer);
}

/** The earlier encryption key stays: what was sealed for it is still on its way. */
export async function putKey(
  layout: HomeLayout,
  use: 'node' | 'encryption' | 'tls',
  p12: Uint8Array,
  now: Date,
): Promise<void> {
  const file = fileOf(layout, use);
  if (use === 'encryption') {
    await mkdir(layout.oldKeys, { recursive: true, mode: 0o700 });
    const stamp = now.toISOString().replaceAll(/[^\dT]/gu, '');
    await link(file, join(layout.oldKeys, `${stamp}-encryption.p12`)).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // Moved already before a kill; or a folder of before there were such keys.
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    });
  }
  await replace(file, p12);
}

export async function replace(file: string, content: Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}

function unusable(why: string): BusError {
  return new BusError('BUS_ENROLMENT_REFUSED', `the answer to the renewal is not taken: ${why}`, {
    details: { reason: 'answer' },
  });
}

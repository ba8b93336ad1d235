import type { KeyObject } from 'node:crypto';

import {
  type Authority,
  type Certificate,
  type CertificateUse,
  type KeyAlgorithm,
  openAuthority,
  type ServerNames,
  type SubjectName,
  writePkcs12,
} from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { actorOf } from '../home/desk.ts';
import { type HomeLayout, pathExists } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { openCaTokens } from './ca-token.ts';

/**
 * The certificate authority of this home.
 *
 * @throws {@link CliError} `CLI_NO_CA`; SignerError for a wrong passphrase.
 */
export async function openHomeAuthority(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
): Promise<Authority> {
  const { text } = cli.messages;
  if (!(await pathExists(layout.ca))) {
    throw new CliError('CLI_NO_CA', text.noCa(layout.ca), { details: { folder: layout.ca } });
  }
  const passphrase = await passphrases.get('ca', text.caKeys);
  const issuingSigners = await openCaTokens(cli, layout, passphrases);
  const actor = actorOf(cli, undefined);
  return await openAuthority({
    folder: layout.ca,
    passphrase,
    now: cli.now,
    ...(actor === undefined ? {} : { actor }),
    issuingSigners,
  });
}

export interface KeyRequest {
  readonly subject: SubjectName;
  readonly use: CertificateUse;
  /** Default: what suits the use. */
  readonly algorithm?: KeyAlgorithm;
  readonly notAfter?: Date;
  readonly serverNames?: ServerNames | undefined;
}

export interface IssuedKey {
  readonly certificate: Certificate;
  readonly privateKey: KeyObject;
  /** Certificate, chain and key under the passphrase. */
  readonly p12: Uint8Array;
}

/** A fresh key with its certificate, as a P12 file. */
export async function issueKey(
  authority: Authority,
  request: KeyRequest,
  passphrase: string,
): Promise<IssuedKey> {
  return wrapKey(await authority.issue(request), passphrase);
}

/** A certificate with the key that was made for it, as a P12 file. */
export function wrapKey(
  { certificate, chain, privateKey }: Awaited<ReturnType<Authority['issue']>>,
  passphrase: string,
): IssuedKey {
  if (privateKey === undefined)
    throw new Error('a certificate for a key of its own has no key here');
  const friendlyName = certificate.commonName ?? certificate.subjectText;
  const p12 = writePkcs12({ privateKey, certificate, chain, friendlyName, passphrase });
  return { certificate, privateKey, p12 };
}

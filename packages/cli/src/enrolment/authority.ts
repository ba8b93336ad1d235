import type { KeyObject } from 'node:crypto';

import {
  type Authority,
  type Certificate,
  type CertificateUse,
  generateKeys,
  type KeyAlgorithm,
  openAuthority,
  type SubjectName,
  writePkcs12,
} from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { type HomeLayout, pathExists } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';

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
  return await openAuthority({ folder: layout.ca, passphrase, now: cli.now });
}

export interface KeyRequest {
  readonly subject: SubjectName;
  readonly use: CertificateUse;
  readonly algorithm: KeyAlgorithm;
  readonly notAfter?: Date;
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
  const { privateKey, publicKey } = await generateKeys(request.algorithm);
  const { algorithm: _, ...rest } = request;
  const { certificate, chain } = await authority.issue({ ...rest, publicKey });
  const friendlyName = request.subject.commonName;
  const p12 = writePkcs12({ privateKey, certificate, chain, friendlyName, passphrase });
  return { certificate, privateKey, p12 };
}

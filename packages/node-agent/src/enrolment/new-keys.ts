import { type KeyObject, createPrivateKey } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { type EnrolmentUse, toBase64 } from '@congvan/bus';
import {
  type Certificate,
  type KeyAlgorithm,
  SignerError,
  buildCertificateRequest,
  encryptPrivateKeyInfo,
  generateKeys,
  parseCertificate,
  writePkcs12,
} from '@congvan/signer';

const ALGORITHMS: Readonly<Record<EnrolmentUse, KeyAlgorithm>> = {
  node: 'ec-p256',
  encryption: 'ec-p256',
  tls: 'ec-p256',
  seal: 'rsa-2048',
};

/** A key that has no certificate yet, and the request for one. */
export interface NewKey {
  readonly use: EnrolmentUse;
  readonly privateKey: KeyObject;
  /** PKCS#10, DER in base64. */
  readonly csr: string;
}

/** The passphrase under which the key of a use stands. */
export type PassphraseOf = (use: EnrolmentUse) => Promise<string>;

/**
 * The keys of a folder, made when it is not there: it appears whole or not at all. They stand under
 * their passphrases from the first moment, and the same requests go out again after a kill.
 *
 * @param extra - further files of the folder, made once with it.
 */
export async function openNewKeys(
  folder: string,
  uses: readonly EnrolmentUse[],
  passphraseOf: PassphraseOf,
  extra: (keys: readonly NewKey[]) => Promise<Readonly<Record<string, string>>> = async () => ({}),
): Promise<NewKey[]> {
  const found = await readKeys(folder, uses, passphraseOf);
  if (found !== undefined) return found;
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    const keys: NewKey[] = [];
    for (const use of uses) keys.push(await makeKey(draft, use, await passphraseOf(use)));
    for (const [name, content] of Object.entries(await extra(keys))) {
      await writeFile(join(draft, name), content, { mode: 0o600, flush: true });
    }
    await rename(draft, folder);
    return keys;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function makeKey(folder: string, use: EnrolmentUse, passphrase: string): Promise<NewKey> {
  const { privateKey } = await generateKeys(ALGORITHMS[use]);
  // The authority puts the registered name into the certificate, whatever stands here.
  const csr = toBase64(await buildCertificateRequest(privateKey, { commonName: use }));
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  const options = { mode: 0o600, flush: true };
  await writeFile(join(folder, `${use}.key`), encryptPrivateKeyInfo(pkcs8, passphrase), options);
  await writeFile(join(folder, `${use}.csr`), csr, options);
  return { use, privateKey, csr };
}

async function readKeys(
  folder: string,
  uses: readonly EnrolmentUse[],
  passphraseOf: PassphraseOf,
): Promise<NewKey[] | undefined> {
  const keys: NewKey[] = [];
  for (const use of uses) {
    const file = join(folder, `${use}.key`);
    const der = await readFile(file).catch(() => undefined);
    if (der === undefined) return undefined;
    const privateKey = decrypt(der, await passphraseOf(use), file);
    keys.push({ use, privateKey, csr: await readFile(join(folder, `${use}.csr`), 'utf8') });
  }
  return keys;
}

function decrypt(der: Uint8Array, passphrase: string, file: string): KeyObject {
  try {
    const key = Buffer.from(der);
    return createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase });
  } catch (cause) {
    const message = `the passphrase of ${file} is wrong: this key was made before and is taken again`;
    throw new SignerError('SIGNER_P12_PASSPHRASE_WRONG', message, { cause, details: { file } });
  }
}

/**
 * Key and certificate as a P12 file.
 *
 * @throws SignerError `SIGNER_KEY_MISMATCH` when the certificate is for another key.
 */
export function wrapKey(
  { use, privateKey }: NewKey,
  certificate: Certificate,
  chain: readonly Uint8Array[],
  passphrase: string,
): Uint8Array {
  const friendlyName = `${certificate.commonName ?? certificate.subjectText} (${use})`;
  const issuers = chain.map((der) => parseCertificate(der));
  return writePkcs12({ privateKey, certificate, chain: issuers, friendlyName, passphrase });
}

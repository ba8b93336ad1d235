import { createDecipheriv } from 'node:crypto';
import { createRequire } from 'node:module';

import type forge from 'node-forge';

import { type DerElement, DerFields, TAG, readOctets, readSmallInteger } from '../../der/index.ts';
import { assertIterations, unsupported } from '../pbes2.ts';
import { PKCS12_PURPOSE, derivePkcs12 } from './kdf.ts';

/** Blocks of DES and RC2. */
const IV_BYTES = 8;

/** pbeWithSHAAnd3-KeyTripleDES-CBC and its relatives (RFC 7292 appendix C). */
const SCHEMES: Readonly<
  Record<string, { readonly cipher: 'des' | 'rc2'; readonly keyBytes: number }>
> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des', keyBytes: 24 },
  '1.2.840.113549.1.12.1.4': { cipher: 'des', keyBytes: 16 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2', keyBytes: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2', keyBytes: 5 },
};

/**
 * Decrypts with the password-based encryption of PKCS#12 itself, which old files use. Triple DES
 * comes from OpenSSL, RC2, which it no longer has, from node-forge.
 *
 * @returns `undefined` when the padding is wrong: a wrong passphrase, most likely.
 * @throws {@link SignerError} `SIGNER_P12_UNSUPPORTED`, `SIGNER_DER_INVALID`.
 */
export function decryptLegacy(
  oid: string,
  parameters: DerElement,
  encrypted: Uint8Array,
  passphrase: string | undefined,
): Uint8Array | undefined {
  const scheme = SCHEMES[oid];
  if (scheme === undefined) throw unsupported(`encryption ${oid}`);
  const fields = new DerFields(parameters, 'pkcs-12PbeParams');
  const salt = readOctets(fields.any('salt'));
  const iterations = readSmallInteger(fields.take(TAG.INTEGER, 'iterations'));
  fields.end();
  assertIterations(iterations);
  const derivation = { hash: 'sha1', passphrase, salt, iterations } as const;
  const key = derivePkcs12(derivation, PKCS12_PURPOSE.key, scheme.keyBytes);
  const iv = derivePkcs12(derivation, PKCS12_PURPOSE.iv, IV_BYTES);
  return scheme.cipher === 'des'
    ? decryptTripleDes(key, iv, encrypted)
    : decryptRc2(key, iv, encrypted);
}

function decryptTripleDes(
  key: Uint8Array,
  iv: Uint8Array,
  encrypted: Uint8Array,
): Uint8Array | undefined {
  // With two keys the first is used again.
  const keys = key.length === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
  try {
    const decipher = createDecipheriv('des-ede3-cbc', keys, iv);
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch {
    return undefined;
  }
}

function decryptRc2(
  key: Uint8Array,
  iv: Uint8Array,
  encrypted: Uint8Array,
): Uint8Array | undefined {
  const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  const { rc2, util } = loadForge();
  const cipher = rc2.createDecryptionCipher(binary(key), key.length * 8);
  cipher.start(binary(iv));
  cipher.update(util.createBuffer(binary(encrypted)));
  return cipher.finish() ? Buffer.from(cipher.output.getBytes(), 'latin1') : undefined;
}

/** Seldom needed and 12 MB in memory. Opening a key file is synchronous, and so is this. */
function loadForge(): typeof forge {
  return createRequire(import.meta.url)('node-forge') as typeof forge;
}

import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  readOctets,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type AlgorithmIdentifier, readAlgorithm } from '../x509/algorithm.ts';

/** Iterations of PBKDF2 for what is written here: some 50 ms per guess and core. */
export const PBKDF2_ITERATIONS = 100_000;
/** Files that ask for more iterations are refused: opening them would take too long. */
const MAX_ITERATIONS = 5_000_000;

/** Encrypts with AES-256-CBC under PBKDF2-HMAC-SHA256 (PBES2, RFC 8018 §6.2). */
export function encryptPbes2(
  plain: Uint8Array,
  passphrase: string,
  iterations: number = PBKDF2_ITERATIONS,
): { readonly algorithm: Uint8Array; readonly encrypted: Uint8Array } {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const key = pbkdf2Sync(passphrase, salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const prf = encodeSequence(encodeOid(OID.hmacWithSHA256), encodeNull());
  const kdf = encodeSequence(
    encodeOid(OID.pbkdf2),
    encodeSequence(encodeOctetString(salt), encodeInteger(iterations), prf),
  );
  const scheme = encodeSequence(encodeOid(OID.aes256Cbc), encodeOctetString(iv));
  const algorithm = encodeSequence(encodeOid(OID.pbes2), encodeSequence(kdf, scheme));
  return { algorithm, encrypted };
}

/** EncryptedPrivateKeyInfo (RFC 5958 §3) over a PKCS#8 key. */
export function encryptPrivateKeyInfo(
  pkcs8: Uint8Array,
  passphrase: string,
  iterations?: number,
): Uint8Array {
  const { algorithm, encrypted } = encryptPbes2(pkcs8, passphrase, iterations);
  return encodeSequence(algorithm, encodeOctetString(encrypted));
}

const CIPHERS: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  [OID.aes128Cbc]: { name: 'aes-128-cbc', keyBytes: 16 },
  [OID.aes192Cbc]: { name: 'aes-192-cbc', keyBytes: 24 },
  [OID.aes256Cbc]: { name: 'aes-256-cbc', keyBytes: 32 },
  [OID.desEde3Cbc]: { name: 'des-ede3-cbc', keyBytes: 24 },
};
const PRFS: Readonly<Record<string, string>> = {
  [OID.hmacWithSHA1]: 'sha1',
  [OID.hmacWithSHA256]: 'sha256',
  [OID.hmacWithSHA384]: 'sha384',
  [OID.hmacWithSHA512]: 'sha512',
};

/** Parameters of PBKDF2 (RFC 8018 appendix A.2). */
export interface Pbkdf2 {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly keyBytes: number | undefined;
  /** Hash of the pseudo-random function, as `node:crypto` calls it. */
  readonly digest: string;
}

/**
 * Reads an AlgorithmIdentifier of PBKDF2.
 *
 * @throws {@link SignerError} `SIGNER_P12_UNSUPPORTED`, `SIGNER_DER_INVALID`.
 */
export function readPbkdf2({ oid, parameters }: AlgorithmIdentifier): Pbkdf2 {
  if (oid !== OID.pbkdf2 || parameters === undefined) throw unsupported(`key derivation ${oid}`);
  const fields = new DerFields(parameters, 'PBKDF2-params');
  const salt = readOctets(fields.any('salt'));
  const iterations = readSmallInteger(fields.take(TAG.INTEGER, 'iterationCount'));
  const keyLength = fields.optional(TAG.INTEGER);
  const prf = fields.optional(TAG.SEQUENCE);
  fields.end();
  assertIterations(iterations);
  const digest = hashOfHmac(prf === undefined ? OID.hmacWithSHA1 : readAlgorithm(prf).oid);
  const keyBytes = keyLength === undefined ? undefined : readSmallInteger(keyLength);
  return { salt, iterations, keyBytes, digest };
}

/** The hash of an HMAC identifier, as `node:crypto` calls it. */
export function hashOfHmac(oid: string): string {
  const digest = PRFS[oid];
  if (digest === undefined) throw unsupported(`HMAC ${oid}`);
  return digest;
}

/**
 * Decrypts what PBES2 parameters describe.
 *
 * @returns `undefined` when the padding is wrong: a wrong passphrase, most likely.
 * @throws {@link SignerError} `SIGNER_P12_UNSUPPORTED`, `SIGNER_DER_INVALID`.
 */
export function decryptPbes2(
  parameters: DerElement,
  encrypted: Uint8Array,
  passphrase: string,
): Uint8Array | undefined {
  const fields = new DerFields(parameters, 'PBES2-params');
  const kdf = readAlgorithm(fields.any('keyDerivationFunc'));
  const scheme = readAlgorithm(fields.any('encryptionScheme'));
  fields.end();
  const cipher = CIPHERS[scheme.oid];
  if (cipher === undefined || scheme.parameters === undefined) {
    throw unsupported(`PBES2 with ${scheme.oid}`);
  }
  const { salt, iterations, keyBytes, digest } = readPbkdf2(kdf);
  if (keyBytes !== undefined && keyBytes !== cipher.keyBytes) {
    throw unsupported(`a key of ${keyBytes} bytes for ${cipher.name}`);
  }
  const key = pbkdf2Sync(passphrase, salt, iterations, cipher.keyBytes, digest);
  try {
    const decipher = createDecipheriv(cipher.name, key, readOctets(scheme.parameters));
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Refuses counts outside 1 to {@link MAX_ITERATIONS}. */
export function assertIterations(iterations: number): void {
  if (iterations < 1 || iterations > MAX_ITERATIONS) {
    throw unsupported(`${iterations} iterations of key derivation`);
  }
}

export function unsupported(what: string): SignerError {
  return new SignerError('SIGNER_P12_UNSUPPORTED', `the key file uses ${what}: not supported`);
}

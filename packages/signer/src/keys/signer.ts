import {
  type KeyObject,
  type SignKeyObjectInput,
  constants,
  createPublicKey,
  sign as signBytes,
} from 'node:crypto';

import { SignerError } from '../errors.ts';
import type { SignatureScheme } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { isSamePublicKey, refusalOfKey } from '../x509/public-key.ts';

/** The ways of signing this package makes signatures in. */
export type SignatureAlgorithm =
  | 'rsa-pkcs1-sha256'
  | 'rsa-pkcs1-sha384'
  | 'rsa-pkcs1-sha512'
  | 'rsa-pss-sha256'
  | 'rsa-pss-sha384'
  | 'rsa-pss-sha512'
  | 'ecdsa-p256-sha256'
  | 'ecdsa-p384-sha384'
  | 'ed25519';

/** The scheme each algorithm stands for. */
export const SIGNATURE_SCHEMES: Readonly<Record<SignatureAlgorithm, SignatureScheme>> = {
  'rsa-pkcs1-sha256': { family: 'rsa-pkcs1', hash: 'sha256' },
  'rsa-pkcs1-sha384': { family: 'rsa-pkcs1', hash: 'sha384' },
  'rsa-pkcs1-sha512': { family: 'rsa-pkcs1', hash: 'sha512' },
  'rsa-pss-sha256': { family: 'rsa-pss', hash: 'sha256', saltBytes: 32 },
  'rsa-pss-sha384': { family: 'rsa-pss', hash: 'sha384', saltBytes: 48 },
  'rsa-pss-sha512': { family: 'rsa-pss', hash: 'sha512', saltBytes: 64 },
  'ecdsa-p256-sha256': { family: 'ecdsa', hash: 'sha256' },
  'ecdsa-p384-sha384': { family: 'ecdsa', hash: 'sha384' },
  ed25519: { family: 'ed25519', hash: 'sha512' },
};

/** What a caller may say about one signature. */
export interface SignOptions {
  /** Calls the signature off: while it waits for its turn, for the token, for a person's phone. */
  readonly signal?: AbortSignal;
}

/** A key that can sign, wherever it is kept: in memory, in a token, behind a service. */
export interface Signer {
  readonly certificate: Certificate;
  /** Issuers of the certificate, nearest first; the root may be left out. */
  readonly chain: readonly Certificate[];
  /** The algorithm to use unless the caller asks for another. */
  readonly algorithm: SignatureAlgorithm;
  /**
   * Signs the bytes (they are hashed here). ECDSA signatures come as DER.
   *
   * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED`, `SIGNER_SIGN_FAILED`; from tokens
   *   and services also `SIGNER_TOKEN_…` and `SIGNER_REMOTE_…`.
   */
  sign(tbs: Uint8Array, algorithm: SignatureAlgorithm, options?: SignOptions): Promise<Uint8Array>;
}

const RSA_PKCS1 = ['rsa-pkcs1-sha256', 'rsa-pkcs1-sha384', 'rsa-pkcs1-sha512'] as const;
const RSA_PSS = ['rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512'] as const;

/**
 * The algorithms a public key can sign with, the usual one first.
 *
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED`.
 */
export function algorithmsOfKey(key: KeyObject): readonly SignatureAlgorithm[] {
  const refusal = refusalOfKey(key);
  if (refusal !== undefined) throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', refusal);
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return [...RSA_PKCS1, ...RSA_PSS];
    case 'rsa-pss': {
      // The key itself may name the one hash it is for (RFC 4055 §3.1).
      const only = key.asymmetricKeyDetails?.hashAlgorithm;
      return RSA_PSS.filter((name) => only === undefined || SIGNATURE_SCHEMES[name].hash === only);
    }
    case 'ed25519':
      return ['ed25519'];
    case 'ec':
      if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return ['ecdsa-p256-sha256'];
      if (key.asymmetricKeyDetails?.namedCurve === 'secp384r1') return ['ecdsa-p384-sha384'];
      break;
    default:
  }
  const curve = key.asymmetricKeyDetails?.namedCurve ?? String(key.asymmetricKeyType);
  throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', `keys of '${curve}' cannot sign here`);
}

/**
 * The algorithm to sign with: the wanted one, else the usual one of the key.
 *
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED`.
 */
export function chooseAlgorithm(
  certificate: Certificate,
  wanted: SignatureAlgorithm | undefined,
): SignatureAlgorithm {
  const algorithms = algorithmsOfKey(certificate.publicKey);
  const chosen = wanted ?? algorithms[0];
  if (chosen === undefined || !algorithms.includes(chosen)) {
    throw new SignerError(
      'SIGNER_ALGORITHM_UNSUPPORTED',
      `key of '${certificate.subjectText}' cannot sign with '${String(chosen)}'`,
    );
  }
  return chosen;
}

/**
 * RSA-2048 takes 0.25 ms, and handing it to another thread costs nearly half of that again; a 3072-bit
 * signature takes 1.5 ms and would hold up the event loop.
 */
const MAX_IN_PLACE_RSA_BITS = 2_048;

/**
 * A Signer over a private key in memory. RSA over 2048 bits runs in libuv's thread pool, so the event
 * loop stays free; smaller keys and elliptic curves sign in place.
 *
 * @throws {@link SignerError} `SIGNER_KEY_MISMATCH` when key and certificate do not belong together;
 *   `SIGNER_ALGORITHM_UNSUPPORTED` when the key cannot sign with the wanted algorithm.
 */
export function createKeySigner(input: {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
  /** What {@link Signer.algorithm} shall be. Default: SHA-256 with PKCS#1 v1.5 for RSA keys. */
  readonly algorithm?: SignatureAlgorithm;
}): Signer {
  const { privateKey, certificate, chain } = input;
  if (privateKey.type !== 'private') {
    throw new SignerError('SIGNER_KEY_INVALID', `a ${privateKey.type} key cannot sign`);
  }
  if (!isSamePublicKey(createPublicKey(privateKey), certificate.publicKey)) {
    throw new SignerError(
      'SIGNER_KEY_MISMATCH',
      `private key does not belong to the certificate of '${certificate.subjectText}'`,
    );
  }
  const algorithms = algorithmsOfKey(certificate.publicKey);
  return {
    certificate,
    chain: [...chain],
    algorithm: chooseAlgorithm(certificate, input.algorithm),
    sign(tbs, algorithm) {
      if (!algorithms.includes(algorithm)) {
        const message = `key of '${certificate.subjectText}' cannot sign with '${algorithm}'`;
        return Promise.reject(new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', message));
      }
      return signWithKey(privateKey, tbs, SIGNATURE_SCHEMES[algorithm]);
    },
  };
}

/** Signs bytes with a key in memory; large RSA keys in the thread pool. */
export function signWithKey(
  key: KeyObject,
  tbs: Uint8Array,
  scheme: SignatureScheme,
): Promise<Uint8Array> {
  const failed = (cause: unknown): SignerError =>
    new SignerError('SIGNER_SIGN_FAILED', 'the key could not sign', { cause });
  const input = optionsOf(key, scheme);
  const digest = scheme.family === 'ed25519' ? null : scheme.hash;
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) <= MAX_IN_PLACE_RSA_BITS) {
    try {
      return Promise.resolve(signBytes(digest, tbs, input));
    } catch (cause) {
      return Promise.reject(failed(cause));
    }
  }
  return new Promise((resolve, reject) => {
    signBytes(digest, tbs, input, (error, signature) => {
      if (error) reject(failed(error));
      else resolve(signature);
    });
  });
}

function optionsOf(key: KeyObject, scheme: SignatureScheme): KeyObject | SignKeyObjectInput {
  switch (scheme.family) {
    case 'rsa-pss':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltBytes };
    // PKCS #1 v1.5 is what a plain RSA key signs with; saying so costs 8 µs for every signature.
    case 'rsa-pkcs1':
    case 'ecdsa':
    case 'ed25519':
      return key;
  }
}

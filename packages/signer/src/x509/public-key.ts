import { type KeyObject, constants, createPublicKey, verify } from 'node:crypto';

import { SignerError } from '../errors.ts';
import type { SignatureScheme } from './algorithm.ts';

/** RSA keys below this are refused, for signing and for verifying. */
const MIN_RSA_BITS = 2048;
/** RSA keys above this are refused: verification would take too long. */
const MAX_RSA_BITS = 8192;

const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Makes a KeyObject from a SubjectPublicKeyInfo.
 *
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED` for DSA, unknown curves and RSA keys
 *   that are too short or too long; `SIGNER_KEY_INVALID` when the key cannot be read.
 */
export function importPublicKey(spki: Uint8Array): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SignerError('SIGNER_KEY_INVALID', 'public key cannot be read', { cause });
  }
  const refusal = refusalOfKey(key);
  if (refusal !== undefined) throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', refusal);
  return key;
}

/** Why a key is refused, or `undefined` when it is accepted. */
export function refusalOfKey(key: KeyObject): string | undefined {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss': {
      const bits = details?.modulusLength ?? 0;
      if (bits < MIN_RSA_BITS) return `RSA key of ${bits} bits is shorter than ${MIN_RSA_BITS}`;
      if (bits > MAX_RSA_BITS) return `RSA key of ${bits} bits is longer than ${MAX_RSA_BITS}`;
      const exponent = details?.publicExponent ?? 0n;
      return exponent < 3n || exponent > 0xffffffffffffn ? 'RSA exponent out of range' : undefined;
    }
    case 'ec': {
      const curve = details?.namedCurve ?? 'explicit parameters';
      return CURVES.has(curve) ? undefined : `curve '${curve}' is not accepted`;
    }
    case 'ed25519':
      return undefined;
    default:
      return `keys of type '${String(key.asymmetricKeyType)}' are not accepted`;
  }
}

/** True when the scheme can be used with the key. */
function schemeFitsKey(scheme: SignatureScheme, key: KeyObject): boolean {
  switch (scheme.family) {
    case 'rsa-pkcs1':
      return key.asymmetricKeyType === 'rsa';
    case 'rsa-pss':
      return key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss';
    case 'ecdsa':
      return key.asymmetricKeyType === 'ec';
    case 'ed25519':
      return key.asymmetricKeyType === 'ed25519';
  }
}

/**
 * True when both are the same public key. Kinds and curves are compared first: OpenSSL's own
 * comparison of unlike keys leaves an error behind that the next, innocent call would report.
 */
export function isSamePublicKey(a: KeyObject, b: KeyObject): boolean {
  const curveOf = (key: KeyObject): string | undefined => key.asymmetricKeyDetails?.namedCurve;
  return a.asymmetricKeyType === b.asymmetricKeyType && curveOf(a) === curveOf(b) && a.equals(b);
}

/** Checks a raw signature; the only place of this package where verification primitives are called. */
export function verifyRaw(
  scheme: SignatureScheme,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!schemeFitsKey(scheme, key)) return false;
  try {
    switch (scheme.family) {
      case 'rsa-pkcs1':
        return verify(scheme.hash, signed, key, signature);
      case 'rsa-pss': {
        const padding = constants.RSA_PKCS1_PSS_PADDING;
        const options = { key, padding, saltLength: scheme.saltBytes };
        return verify(scheme.hash, signed, options, signature);
      }
      case 'ecdsa':
        return verify(scheme.hash, signed, key, signature);
      case 'ed25519':
        return verify(null, signed, key, signature);
    }
  } catch {
    return false; // OpenSSL throws on some malformed signatures: they are wrong, no more
  }
}

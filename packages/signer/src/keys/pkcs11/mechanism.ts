import { hash } from 'node:crypto';

import { encodeNull, encodeOctetString, encodeOid, encodeSequence } from '../../der/index.ts';
import { SignerError } from '../../errors.ts';
import { HASH_OIDS, type HashName, type SignatureScheme } from '../../x509/algorithm.ts';
import { ecdsaToDer } from '../ecdsa.ts';
import { type Mechanism, PARAMS_RSA_PSS } from './binding.ts';
import { CKG_MGF1, CKM } from './constants.ts';

/** One way to have a token make a signature. */
export interface Attempt {
  readonly mechanism: Mechanism;
  /** What the token gets: the bytes, their hash, or a DigestInfo. */
  readonly input: Buffer;
  /** From the token's form to that of X.509. */
  readonly decode: (signature: Uint8Array) => Uint8Array;
}

const HASHING: Readonly<
  Record<HashName, { digest: number; pkcs1: number; pss: number; ecdsa: number }>
> = {
  sha256: {
    digest: CKM.SHA256,
    pkcs1: CKM.SHA256_RSA_PKCS,
    pss: CKM.SHA256_RSA_PKCS_PSS,
    ecdsa: CKM.ECDSA_SHA256,
  },
  sha384: {
    digest: CKM.SHA384,
    pkcs1: CKM.SHA384_RSA_PKCS,
    pss: CKM.SHA384_RSA_PKCS_PSS,
    ecdsa: CKM.ECDSA_SHA384,
  },
  sha512: {
    digest: CKM.SHA512,
    pkcs1: CKM.SHA512_RSA_PKCS,
    pss: CKM.SHA512_RSA_PKCS_PSS,
    ecdsa: CKM.ECDSA_SHA512,
  },
};

/**
 * The ways a token can sign in this scheme, the best first: with a mechanism that hashes where there
 * is one, else with the bare key over what is hashed here. For ECDSA it is the other way round, as
 * the bare mechanism is the one that all have.
 *
 * @param supported - what C_GetMechanismList says; empty when it says nothing.
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED`.
 */
export function attemptsFor(
  scheme: SignatureScheme,
  tbs: Uint8Array,
  supported: ReadonlySet<number>,
): readonly Attempt[] {
  const attempts = allAttempts(scheme, tbs).filter(
    ({ mechanism }) => supported.size === 0 || supported.has(mechanism.mechanism),
  );
  if (attempts.length === 0) {
    const message = `the token cannot sign with ${scheme.family} and ${scheme.hash}`;
    throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', message);
  }
  return attempts;
}

function allAttempts(scheme: SignatureScheme, tbs: Uint8Array): Attempt[] {
  const names = HASHING[scheme.hash];
  const whole = Buffer.from(tbs);
  const attempt = (mechanism: Mechanism | number, input: Buffer, decode = asIs): Attempt => ({
    mechanism: typeof mechanism === 'number' ? { mechanism } : mechanism,
    input,
    decode,
  });
  if (scheme.family === 'ed25519') return [attempt(CKM.EDDSA, whole)];
  const digest = hash(scheme.hash, tbs, 'buffer');
  switch (scheme.family) {
    case 'rsa-pkcs1':
      return [
        attempt(names.pkcs1, whole),
        attempt(CKM.RSA_PKCS, encodeDigestInfo(scheme.hash, digest)),
      ];
    case 'rsa-pss': {
      const parameter = {
        type: PARAMS_RSA_PSS,
        hashAlg: names.digest,
        mgf: CKG_MGF1[scheme.hash],
        saltLen: scheme.saltBytes,
      };
      return [
        attempt({ mechanism: names.pss, parameter }, whole),
        attempt({ mechanism: CKM.RSA_PKCS_PSS, parameter }, digest),
      ];
    }
    case 'ecdsa':
      return [attempt(CKM.ECDSA, digest, ecdsaToDer), attempt(names.ecdsa, whole, ecdsaToDer)];
  }
}

function asIs(signature: Uint8Array): Uint8Array {
  return signature;
}

/** DigestInfo (RFC 8017 §9.2), which CKM_RSA_PKCS only pads. */
function encodeDigestInfo(name: HashName, digest: Uint8Array): Buffer {
  const algorithm = encodeSequence(encodeOid(HASH_OIDS[name]), encodeNull());
  return Buffer.from(encodeSequence(algorithm, encodeOctetString(digest)));
}

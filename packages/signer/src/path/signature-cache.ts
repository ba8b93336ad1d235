import type { KeyObject } from 'node:crypto';

import { SignerError } from '../errors.ts';
import { type AlgorithmIdentifier, readSignatureScheme } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { verifyRaw } from '../x509/public-key.ts';

/** A certificate, a CRL or an OCSP response. */
interface Signed {
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** Result of checking an issuer's signature: right, wrong, or made in a way that is not accepted. */
export type IssuerSignature = 'right' | 'wrong' | 'refused';

const results = new WeakMap<Signed, Map<string, IssuerSignature>>();

/** Checks who signed a certificate, CRL or OCSP response; each pair is computed once. */
export function checkIssuerSignature(signed: Signed, issuer: Certificate): IssuerSignature {
  let known = results.get(signed);
  if (known === undefined) {
    known = new Map();
    results.set(signed, known);
  }
  let result = known.get(issuer.sha256);
  if (result === undefined) {
    result = compute(signed, issuer);
    known.set(issuer.sha256, result);
  }
  return result;
}

function compute(signed: Signed, issuer: Certificate): IssuerSignature {
  let key: KeyObject;
  try {
    key = issuer.publicKey;
    const scheme = readSignatureScheme(signed.signatureAlgorithm);
    if (scheme === undefined) return 'refused';
    return verifyRaw(scheme, key, signed.tbs, signed.signature) ? 'right' : 'wrong';
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return 'refused';
  }
}

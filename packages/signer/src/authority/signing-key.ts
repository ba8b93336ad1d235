import { type KeyObject, createPublicKey } from 'node:crypto';

import { encodeBitString, encodeSequence } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { encodeX509SignatureAlgorithm } from '../keys/algorithm-identifier.ts';
import {
  SIGNATURE_SCHEMES,
  type SignatureAlgorithm,
  type Signer,
  algorithmsOfKey,
  signWithKey,
} from '../keys/signer.ts';
import { exportSpki } from './profile.ts';

/** A key that signs certificates, CRLs and requests, wherever it is kept. */
export interface SigningKey {
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  sign(tbs: Uint8Array): Promise<Uint8Array>;
}

/**
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED` for keys that cannot sign.
 */
export function keyInMemory(privateKey: KeyObject): SigningKey {
  const [algorithm] = algorithmsOfKey(createPublicKey(privateKey));
  if (algorithm === undefined) {
    throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', 'this key cannot sign');
  }
  const scheme = SIGNATURE_SCHEMES[algorithm];
  return {
    spki: exportSpki(privateKey),
    algorithm,
    sign: (tbs) => signWithKey(privateKey, tbs, scheme),
  };
}

/** The key of a Signer; its certificate says which key it is. */
export function keyOfSigner(signer: Signer): SigningKey {
  return {
    spki: signer.certificate.publicKeyDer,
    algorithm: signer.algorithm,
    sign: (tbs) => signer.sign(tbs, signer.algorithm),
  };
}

/** Signs what `makeTbs` gives for the AlgorithmIdentifier and puts the three parts together. */
export async function signStructure(
  key: SigningKey,
  makeTbs: (algorithm: Uint8Array) => Uint8Array,
): Promise<Uint8Array> {
  const identifier = encodeX509SignatureAlgorithm(key.algorithm);
  const tbs = makeTbs(identifier);
  return encodeSequence(tbs, identifier, encodeBitString(await key.sign(tbs)));
}

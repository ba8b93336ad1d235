import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  readDer,
  readOid,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** AlgorithmIdentifier with its parameters unread. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: DerElement | undefined;
  readonly der: Uint8Array;
}

export function readAlgorithm(
  element: DerElement,
  tag: number = TAG.SEQUENCE,
): AlgorithmIdentifier {
  const fields = new DerFields(element, 'AlgorithmIdentifier', tag);
  const oid = readOid(fields.take(TAG.OID, 'algorithm'));
  const [, parameters, ...more] = element.children();
  if (more.length > 0) {
    throw new SignerError('SIGNER_DER_INVALID', 'AlgorithmIdentifier has more than two members');
  }
  return { oid, parameters, der: element.raw };
}

/** How a signature is made: key family, hash and padding. */
export type SignatureScheme =
  | { readonly family: 'rsa-pkcs1'; readonly hash: HashName }
  | { readonly family: 'rsa-pss'; readonly hash: HashName; readonly saltBytes: number }
  | { readonly family: 'ecdsa'; readonly hash: HashName }
  | { readonly family: 'ed25519'; readonly hash: 'sha512' };

export const HASH_OIDS: Readonly<Record<HashName, string>> = {
  sha256: OID.sha256,
  sha384: OID.sha384,
  sha512: OID.sha512,
};

/** Output length of each hash, in bytes. */
export const HASH_BYTES: Readonly<Record<HashName, number>> = {
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** The hash of the identifier; `undefined` for hashes that are not accepted (SHA-1, MD5, others). */
export function hashOfOid(oid: string): HashName | undefined {
  if (oid === OID.sha256) return 'sha256';
  if (oid === OID.sha384) return 'sha384';
  return oid === OID.sha512 ? 'sha512' : undefined;
}

function isNullOrAbsent(parameters: DerElement | undefined): boolean {
  return (
    parameters === undefined || (parameters.tag === TAG.NULL && parameters.content.length === 0)
  );
}

/** DigestAlgorithmIdentifier: the hash, with absent or NULL parameters (RFC 5754 §2). */
export function readHashAlgorithm(algorithm: AlgorithmIdentifier): HashName | undefined {
  return isNullOrAbsent(algorithm.parameters) ? hashOfOid(algorithm.oid) : undefined;
}

const SCHEMES: Readonly<Record<string, SignatureScheme>> = {
  [OID.sha256WithRSAEncryption]: { family: 'rsa-pkcs1', hash: 'sha256' },
  [OID.sha384WithRSAEncryption]: { family: 'rsa-pkcs1', hash: 'sha384' },
  [OID.sha512WithRSAEncryption]: { family: 'rsa-pkcs1', hash: 'sha512' },
  [OID.ecdsaWithSHA256]: { family: 'ecdsa', hash: 'sha256' },
  [OID.ecdsaWithSHA384]: { family: 'ecdsa', hash: 'sha384' },
  [OID.ecdsaWithSHA512]: { family: 'ecdsa', hash: 'sha512' },
  // Without parameters (RFC 8410 §3); the hash is part of the algorithm.
  [OID.ed25519]: { family: 'ed25519', hash: 'sha512' },
};

/**
 * The scheme an AlgorithmIdentifier of a signature names; `undefined` when it is not accepted:
 * unknown, weak (SHA-1, MD5, DSA), or with parameters that do not belong to it.
 */
export function readSignatureScheme(algorithm: AlgorithmIdentifier): SignatureScheme | undefined {
  if (algorithm.oid === OID.rsassaPss) return readPss(algorithm.parameters);
  const scheme = SCHEMES[algorithm.oid];
  if (scheme === undefined) return undefined;
  const allowed =
    scheme.family === 'rsa-pkcs1'
      ? isNullOrAbsent(algorithm.parameters)
      : algorithm.parameters === undefined;
  return allowed ? scheme : undefined;
}

/** RSASSA-PSS-params (RFC 4055 §3.1): one hash for both uses, salt as long as the hash. */
function readPss(parameters: DerElement | undefined): SignatureScheme | undefined {
  if (parameters === undefined) return undefined;
  const fields = new DerFields(parameters, 'RSASSA-PSS-params');
  const hashElement = fields.optional(contextConstructed(0));
  const maskElement = fields.optional(contextConstructed(1));
  const saltElement = fields.optional(contextConstructed(2));
  const trailerElement = fields.optional(contextConstructed(3));
  fields.end();
  // The defaults are SHA-1, which is not accepted: hash and mask must stand there.
  if (hashElement === undefined || maskElement === undefined || saltElement === undefined) {
    return undefined;
  }
  const hash = readHashAlgorithm(readAlgorithm(readDer(hashElement.content)));
  const mask = readAlgorithm(readDer(maskElement.content));
  if (mask.oid !== OID.mgf1 || mask.parameters === undefined) return undefined;
  const maskHash = readHashAlgorithm(readAlgorithm(mask.parameters));
  const saltBytes = readSmallInteger(readDer(saltElement.content));
  if (trailerElement && readSmallInteger(readDer(trailerElement.content)) !== 1) return undefined;
  if (hash === undefined || maskHash !== hash || saltBytes !== HASH_BYTES[hash]) return undefined;
  return { family: 'rsa-pss', hash, saltBytes };
}

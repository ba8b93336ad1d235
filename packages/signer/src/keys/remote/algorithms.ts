import { OID, readDer } from '../../der/index.ts';
import { SignerError } from '../../errors.ts';
import { HASH_OIDS, type HashName } from '../../x509/algorithm.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { RSA_WITH_HASH, encodeSignatureAlgorithm } from '../algorithm-identifier.ts';
import { SIGNATURE_SCHEMES, type SignatureAlgorithm, algorithmsOfKey } from '../signer.ts';

/** Parameters of signatures/signHash that name the algorithm. */
export interface SignHashAlgorithm {
  readonly signAlgo: string;
  readonly signAlgoParams?: string;
}

const ECDSA_OIDS: Readonly<Record<HashName, string>> = {
  sha256: OID.ecdsaWithSHA256,
  sha384: OID.ecdsaWithSHA384,
  sha512: OID.ecdsaWithSHA512,
};

/**
 * How to ask a service for an algorithm: by the identifier that names the hash too where the service
 * lists it, else by that of the key.
 *
 * @param offered - `key/algo` of the credential; empty when the service says nothing.
 * @returns undefined when the service does not offer it. Ed25519 signs whole messages, not hashes.
 */
export function signHashAlgorithm(
  algorithm: SignatureAlgorithm,
  offered: ReadonlySet<string>,
): SignHashAlgorithm | undefined {
  const { family, hash } = SIGNATURE_SCHEMES[algorithm];
  const offers = (oid: string): boolean => offered.size === 0 || offered.has(oid);
  const firstOf = (...oids: readonly string[]): SignHashAlgorithm | undefined => {
    const signAlgo = oids.find(offers);
    return signAlgo === undefined ? undefined : { signAlgo };
  };
  switch (family) {
    case 'rsa-pkcs1':
      return firstOf(RSA_WITH_HASH[hash], OID.rsaEncryption);
    case 'ecdsa':
      return firstOf(ECDSA_OIDS[hash], OID.ecPublicKey);
    case 'rsa-pss': {
      if (!offers(OID.rsassaPss)) return undefined;
      const [, parameters] = readDer(encodeSignatureAlgorithm(algorithm)).children();
      const der = Buffer.from(parameters?.raw ?? new Uint8Array(0));
      return { signAlgo: OID.rsassaPss, signAlgoParams: der.toString('base64') };
    }
    case 'ed25519':
      return undefined;
  }
}

/**
 * The algorithm to sign with: the wanted one, else the first that both key and service know.
 *
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED`.
 */
export function chooseRemoteAlgorithm(
  certificate: Certificate,
  offered: ReadonlySet<string>,
  wanted: SignatureAlgorithm | undefined,
): SignatureAlgorithm {
  const possible = algorithmsOfKey(certificate.publicKey).filter(
    (algorithm) => signHashAlgorithm(algorithm, offered) !== undefined,
  );
  const chosen = wanted === undefined ? possible[0] : possible.find((one) => one === wanted);
  if (chosen !== undefined) return chosen;
  throw new SignerError(
    'SIGNER_ALGORITHM_UNSUPPORTED',
    `the signing service offers ${[...offered].join(', ') || 'nothing'}, not '${wanted ?? 'ours'}'`,
  );
}

/** The hash of an algorithm as the service wants it named. */
export function hashOid(hash: HashName): string {
  return HASH_OIDS[hash];
}

import {
  OID,
  encodeExplicit,
  encodeInteger,
  encodeNull,
  encodeOid,
  encodeSequence,
} from '../der/index.ts';
import { HASH_BYTES, HASH_OIDS, type HashName } from '../x509/algorithm.ts';
import { SIGNATURE_SCHEMES, type SignatureAlgorithm } from './signer.ts';

/** RSA PKCS#1 v1.5 with the hash in the identifier. */
export const RSA_WITH_HASH: Readonly<Record<HashName, string>> = {
  sha256: OID.sha256WithRSAEncryption,
  sha384: OID.sha384WithRSAEncryption,
  sha512: OID.sha512WithRSAEncryption,
};

/** AlgorithmIdentifier of the signature of a certificate, CRL, request or OCSP response. */
export function encodeX509SignatureAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  const { family, hash } = SIGNATURE_SCHEMES[algorithm];
  // Unlike in CMS the hash stands in the algorithm.
  return family === 'rsa-pkcs1'
    ? encodeSequence(encodeOid(RSA_WITH_HASH[hash]), encodeNull())
    : encodeSignatureAlgorithm(algorithm);
}

/** AlgorithmIdentifier of a SignerInfo's signature. */
export function encodeSignatureAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  switch (algorithm) {
    case 'rsa-pkcs1-sha256':
    case 'rsa-pkcs1-sha384':
    case 'rsa-pkcs1-sha512':
      return encodeSequence(encodeOid(OID.rsaEncryption), encodeNull());
    case 'rsa-pss-sha256':
    case 'rsa-pss-sha384':
    case 'rsa-pss-sha512':
      return encodePssAlgorithm(SIGNATURE_SCHEMES[algorithm].hash);
    case 'ecdsa-p256-sha256':
      return encodeSequence(encodeOid(OID.ecdsaWithSHA256));
    case 'ecdsa-p384-sha384':
      return encodeSequence(encodeOid(OID.ecdsaWithSHA384));
    case 'ed25519':
      return encodeSequence(encodeOid(OID.ed25519));
  }
}

/** RSASSA-PSS-params (RFC 4055 §3.1): one hash for both uses, salt as long as the hash. */
function encodePssAlgorithm(name: HashName): Uint8Array {
  const digest = encodeSequence(encodeOid(HASH_OIDS[name]), encodeNull());
  const parameters = encodeSequence(
    encodeExplicit(0, digest),
    encodeExplicit(1, encodeSequence(encodeOid(OID.mgf1), digest)),
    encodeExplicit(2, encodeInteger(HASH_BYTES[name])),
  );
  return encodeSequence(encodeOid(OID.rsassaPss), parameters);
}

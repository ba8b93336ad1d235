import { hash } from 'node:crypto';

import {
  OID,
  TAG,
  contextConstructed,
  encodeExplicit,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTlv,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { SIGNATURE_SCHEMES, type SignatureAlgorithm, type Signer } from '../keys/signer.ts';
import { HASH_BYTES, HASH_OIDS, type HashName } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type DetachedContent, digestContent } from './content.ts';

/** Which certificates travel in the message: signer and issuers without roots, or none. */
export type CmsCertificates = 'chain' | 'none';

/** The hash a signer's messages use; digest content that is signed in parts with it. */
export function hashOfSigner(signer: Signer): HashName {
  return SIGNATURE_SCHEMES[signer.algorithm].hash;
}

/** What is the same in every message of one signer. */
interface Template {
  readonly hash: HashName;
  readonly digestAlgorithm: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly sid: Uint8Array;
  readonly contentTypeAttribute: Uint8Array;
  readonly signingCertificateAttribute: Uint8Array;
  readonly certificates: Uint8Array;
}

const templates = new WeakMap<Signer, Template>();

/**
 * Signs content as a detached CAdES B-B message (ETSI EN 319 122-1 §6; RFC 5652 §5): one
 * SignerInfo; signed attributes content-type, message-digest and signing-certificate-v2 in DER
 * order; no signing-time, since a time claimed by the signer proves nothing.
 *
 * @returns ContentInfo, DER.
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED` when only the SHA-256 is given and the
 *   key needs another hash; `SIGNER_SIGN_FAILED` from the key.
 */
export async function signCms(
  input: DetachedContent,
  signer: Signer,
  options: { readonly certificates?: CmsCertificates } = {},
): Promise<Uint8Array> {
  const template = templateOf(signer);
  const digest = digestContent(input, template.hash);
  if (digest === undefined) {
    throw new SignerError(
      'SIGNER_ALGORITHM_UNSUPPORTED',
      `a key for '${signer.algorithm}' needs the ${template.hash} of the content, not its sha256`,
    );
  }
  const attributes = encodeSetOf([
    template.contentTypeAttribute,
    encodeAttribute(OID.messageDigest, encodeOctetString(digest)),
    template.signingCertificateAttribute,
  ]);
  const signature = await signer.sign(attributes, signer.algorithm);
  const implicitAttributes = Uint8Array.from(attributes);
  implicitAttributes[0] = contextConstructed(0);
  const signerInfo = encodeSequence(
    encodeInteger(1),
    template.sid,
    template.digestAlgorithm,
    implicitAttributes,
    template.signatureAlgorithm,
    encodeOctetString(signature),
  );
  const signedData = encodeSequence(
    encodeInteger(1),
    encodeTlv(TAG.SET, template.digestAlgorithm),
    encodeSequence(encodeOid(OID.data)),
    options.certificates === 'none' ? new Uint8Array(0) : template.certificates,
    encodeTlv(TAG.SET, signerInfo),
  );
  return encodeSequence(encodeOid(OID.signedData), encodeExplicit(0, signedData));
}

function encodeAttribute(oid: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(oid), encodeTlv(TAG.SET, value));
}

function templateOf(signer: Signer): Template {
  const known = templates.get(signer);
  if (known !== undefined) return known;
  const { certificate, chain } = signer;
  const name = hashOfSigner(signer);
  const certificates = [certificate, ...chain.filter((issuer) => !issuer.isSelfIssued)];
  const template: Template = {
    hash: name,
    // RFC 5754 §2: parameters of the SHA-2 family are left out.
    digestAlgorithm: encodeSequence(encodeOid(HASH_OIDS[name])),
    signatureAlgorithm: encodeSignatureAlgorithm(signer.algorithm),
    sid: encodeSequence(certificate.issuerDer, encodeTlv(TAG.INTEGER, certificate.serialBytes)),
    contentTypeAttribute: encodeAttribute(OID.contentType, encodeOid(OID.data)),
    signingCertificateAttribute: encodeAttribute(
      OID.signingCertificateV2,
      encodeSigningCertificateV2(certificate),
    ),
    certificates: encodeSetOf(
      [...new Set(certificates)].map(({ der }) => der),
      contextConstructed(0),
    ),
  };
  templates.set(signer, template);
  return template;
}

/** SigningCertificateV2 (RFC 5035 §3) with SHA-256, the default, which DER leaves out. */
function encodeSigningCertificateV2(certificate: Certificate): Uint8Array {
  const issuerSerial = encodeSequence(
    encodeSequence(encodeExplicit(4, certificate.issuerDer)),
    encodeTlv(TAG.INTEGER, certificate.serialBytes),
  );
  const certHash = encodeOctetString(hash('sha256', certificate.der, 'buffer'));
  return encodeSequence(encodeSequence(encodeSequence(certHash, issuerSerial)));
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

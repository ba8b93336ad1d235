import { hash } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  integerBytes,
  readOctets,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type HashName, readAlgorithm, readHashAlgorithm } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { readName } from '../x509/name.ts';
import type { SignerIdentifier, SignerInfo } from './signed-data.ts';

/** What signing-certificate(-v2) says about the certificate. */
export interface CertificateReference {
  readonly hash: HashName | 'sha1';
  readonly certHash: Uint8Array;
  readonly issuerSerial: DerElement | undefined;
}

/** True when SignerInfo's sid (RFC 5652 §5.3) names the certificate. */
export function isNamedBy(sid: SignerIdentifier, certificate: Certificate): boolean {
  if ('subjectKeyId' in sid) {
    const { subjectKeyId } = certificate;
    return subjectKeyId !== undefined && Buffer.compare(subjectKeyId, sid.subjectKeyId) === 0;
  }
  return (
    Buffer.compare(sid.serialBytes, certificate.serialBytes) === 0 &&
    (Buffer.compare(sid.issuer.raw, certificate.issuerDer) === 0 ||
      isSameName(sid.issuer, certificate))
  );
}

/** Names are read only where their bytes differ, which is rare. */
function isSameName(issuer: DerElement, certificate: Certificate): boolean {
  try {
    return readName(issuer).key === certificate.issuer.key;
  } catch (error) {
    if (error instanceof SignerError) return false;
    throw error;
  }
}

/**
 * The signed attribute that binds the certificate, version 2 before version 1; `undefined` when the
 * message has neither.
 *
 * @throws {@link SignerError} `SIGNER_DER_INVALID` when the attribute is malformed,
 *   `SIGNER_ALGORITHM_UNSUPPORTED` when its hash is not accepted.
 */
export function readCertificateReference(signerInfo: SignerInfo): CertificateReference | undefined {
  const v2 = signerInfo.signedAttributes.get(OID.signingCertificateV2);
  if (v2 !== undefined) return readEssCertId(v2, 2);
  const v1 = signerInfo.signedAttributes.get(OID.signingCertificate);
  return v1 && readEssCertId(v1, 1);
}

/** The first ESSCertID of SigningCertificate (RFC 2634 §5.4) or SigningCertificateV2 (RFC 5035 §3). */
function readEssCertId(element: DerElement, version: 1 | 2): CertificateReference {
  const fields = new DerFields(element, 'SigningCertificate');
  const [first] = fields.take(TAG.SEQUENCE, 'certs').children();
  fields.optional(TAG.SEQUENCE);
  fields.end();
  if (first === undefined) {
    throw new SignerError('SIGNER_DER_INVALID', 'signing-certificate attribute is empty');
  }
  const id = new DerFields(first, 'ESSCertID');
  const algorithm = version === 2 ? id.optional(TAG.SEQUENCE) : undefined;
  const certHash = readOctets(id.take(TAG.OCTET_STRING, 'certHash'));
  const issuerSerial = id.optional(TAG.SEQUENCE);
  id.end();
  if (version === 1) return { hash: 'sha1', certHash, issuerSerial };
  const name = algorithm === undefined ? 'sha256' : readHashAlgorithm(readAlgorithm(algorithm));
  if (name === undefined) {
    throw new SignerError(
      'SIGNER_ALGORITHM_UNSUPPORTED',
      'hash of signing-certificate-v2 is not accepted',
    );
  }
  return { hash: name, certHash, issuerSerial };
}

/** True when the reference is one to exactly this certificate. */
export function refersTo(reference: CertificateReference, certificate: Certificate): boolean {
  const { sha256, der } = certificate;
  const digest = reference.hash === 'sha256' ? sha256 : hash(reference.hash, der, 'hex');
  if (Buffer.from(reference.certHash).toString('hex') !== digest) return false;
  if (reference.issuerSerial === undefined) return true;
  try {
    const fields = new DerFields(reference.issuerSerial, 'IssuerSerial');
    const [name, ...more] = fields.take(TAG.SEQUENCE, 'issuer').children();
    const serialBytes = integerBytes(fields.take(TAG.INTEGER, 'serialNumber'));
    fields.end();
    const [directoryName] = name?.tag === contextConstructed(4) ? name.children() : [];
    return (
      more.length === 0 &&
      directoryName !== undefined &&
      (Buffer.compare(directoryName.raw, certificate.issuerDer) === 0 ||
        isSameName(directoryName, certificate)) &&
      Buffer.compare(serialBytes, certificate.serialBytes) === 0
    );
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return false;
  }
}

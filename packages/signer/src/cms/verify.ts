import { type KeyObject, hash, timingSafeEqual } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  integerBytes,
  readOctets,
  readOid,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type Judgement, type Objection, failed, indeterminate } from '../verdict.ts';
import {
  type AlgorithmIdentifier,
  type HashName,
  type SignatureScheme,
  readAlgorithm,
  readHashAlgorithm,
  readSignatureScheme,
} from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { readName } from '../x509/name.ts';
import { verifyRaw } from '../x509/public-key.ts';
import { type DetachedContent, digestContent } from './content.ts';
import {
  type DetachedSignedData,
  type SignerIdentifier,
  type SignerInfo,
  readDetachedSignedData,
} from './signed-data.ts';

/**
 * `cades`: signing-certificate-v2 must be there, as ETSI.CAdES.detached asks. `pkcs7`: it may be
 * missing (adbe.pkcs7.detached); where it is, it must be right.
 */
export type CmsMode = 'cades' | 'pkcs7';

/** Result of {@link verifyCms}: integrity only, trust in the certificate is a matter of its path. */
export interface CmsVerdict extends Judgement {
  /** The signer's certificate, once it has been found. */
  readonly certificate: Certificate | null;
  /** Certificates that travelled in the message. */
  readonly embedded: readonly Certificate[];
  readonly hash: HashName | null;
  /** The signature value; a time-stamp covers its hash. */
  readonly signature: Uint8Array | null;
  /** RFC 3161 tokens of the unsigned attributes, unchecked. */
  readonly timeStampTokens: readonly Uint8Array[];
  readonly warnings: readonly string[];
}

/**
 * Checks a detached CMS signature over content. Never throws for what stands in the message.
 *
 * The certificate is looked for in the message, then among `candidates`; it must be the one that
 * SignerInfo and signing-certificate-v2 name.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when the given SHA-256 is not 32 bytes long.
 */
export function verifyCms(
  input: DetachedContent & {
    readonly cms: Uint8Array;
    readonly candidates?: readonly Certificate[];
    readonly mode?: CmsMode;
  },
): CmsVerdict {
  let message: DetachedSignedData;
  try {
    message = readDetachedSignedData(input.cms);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return report(failed('FORMAT_FAILURE', error.message));
  }
  return checkMessage(message, input);
}

function report(judgement: Judgement, found: Partial<CmsVerdict> = {}): CmsVerdict {
  return {
    certificate: null,
    embedded: [],
    hash: null,
    signature: null,
    timeStampTokens: [],
    warnings: [],
    ...found,
    ...judgement,
  };
}

function checkMessage(
  message: DetachedSignedData,
  input: DetachedContent & { candidates?: readonly Certificate[]; mode?: CmsMode },
): CmsVerdict {
  const { signerInfo, certificates } = message;
  const warnings: string[] = [];
  const digestHash = readHashAlgorithm(signerInfo.digestAlgorithm);
  const found = {
    embedded: certificates,
    hash: digestHash ?? null,
    signature: signerInfo.signature,
    timeStampTokens: signerInfo.unsignedAttributes.get(OID.signatureTimeStampToken) ?? [],
    warnings,
  };
  const digestObjection = checkDigest(message, input, digestHash);
  if (digestObjection !== undefined) return report(digestObjection, found);

  const named = [...certificates, ...(input.candidates ?? [])].filter((candidate) =>
    isNamedBy(signerInfo.sid, candidate),
  );
  const [first] = named;
  if (first === undefined) {
    const detail = 'the signing certificate is neither in the message nor known';
    return report(indeterminate('NO_SIGNING_CERTIFICATE_FOUND', detail), found);
  }
  let reference: CertificateReference | undefined;
  try {
    reference = readReference(signerInfo, warnings);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return report(failed('FORMAT_FAILURE', error.message), found);
  }
  const certificate =
    reference === undefined ? first : named.find((candidate) => matches(reference, candidate));
  if (certificate === undefined) {
    const detail = 'the certificate is not the one that the signing-certificate attribute names';
    return report(failed('SIG_CONSTRAINTS_FAILURE', detail), { ...found, certificate: first });
  }
  const objection =
    checkSignature(signerInfo, certificate, digestHash) ??
    checkReferencePresence(reference, input.mode ?? 'cades');
  if (objection !== undefined) return report(objection, { ...found, certificate });
  const detail = 'the signature is intact';
  return report(
    { indication: 'TOTAL-PASSED', subIndication: null, detail },
    { ...found, certificate },
  );
}

/** Content type and message digest: RFC 5652 §11.1, §11.2. */
function checkDigest(
  message: DetachedSignedData,
  input: DetachedContent,
  digestHash: HashName | undefined,
): Objection | undefined {
  const { signedAttributes } = message.signerInfo;
  if (message.contentType !== OID.data) {
    return failed('FORMAT_FAILURE', `content of type ${message.contentType} instead of data`);
  }
  const typeValue = signedAttributes.get(OID.contentType);
  const digestValue = signedAttributes.get(OID.messageDigest);
  if (typeValue?.tag !== TAG.OID || digestValue?.tag !== TAG.OCTET_STRING) {
    return failed('FORMAT_FAILURE', 'content-type or message-digest is missing or malformed');
  }
  try {
    if (readOid(typeValue) !== message.contentType) {
      return failed('FORMAT_FAILURE', 'content-type attribute differs from eContentType');
    }
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return failed('FORMAT_FAILURE', error.message);
  }
  if (digestHash === undefined) {
    const { oid } = message.signerInfo.digestAlgorithm;
    return indeterminate('CRYPTO_CONSTRAINTS_FAILURE', `digest algorithm ${oid} is not accepted`);
  }
  const digest = digestContent(input, digestHash);
  if (digest === undefined) {
    return indeterminate('SIGNED_DATA_NOT_FOUND', `the ${digestHash} of the content is not known`);
  }
  const signed = digestValue.content;
  if (signed.length !== digest.length || !timingSafeEqual(signed, digest)) {
    return failed('HASH_FAILURE', 'the content is not the one that was signed');
  }
  return undefined;
}

function isNamedBy(sid: SignerIdentifier, certificate: Certificate): boolean {
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

/** What signing-certificate(-v2) says about the certificate. */
interface CertificateReference {
  readonly hash: HashName | 'sha1';
  readonly certHash: Uint8Array;
  readonly issuerSerial: DerElement | undefined;
}

function readReference(
  signerInfo: SignerInfo,
  warnings: string[],
): CertificateReference | undefined {
  const v2 = signerInfo.signedAttributes.get(OID.signingCertificateV2);
  if (v2 !== undefined) return readEssCertId(v2, 2);
  const v1 = signerInfo.signedAttributes.get(OID.signingCertificate);
  if (v1 === undefined) return undefined;
  warnings.push('the certificate is bound by SHA-1 only (signing-certificate, version 1)');
  return readEssCertId(v1, 1);
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
    throw new SignerError('SIGNER_DER_INVALID', 'hash of signing-certificate-v2 is not accepted');
  }
  return { hash: name, certHash, issuerSerial };
}

function matches(reference: CertificateReference, certificate: Certificate): boolean {
  const digest = hash(reference.hash, certificate.der, 'buffer');
  if (Buffer.compare(digest, reference.certHash) !== 0) return false;
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

function checkSignature(
  signerInfo: SignerInfo,
  certificate: Certificate,
  digestHash: HashName | undefined,
): Objection | undefined {
  let scheme: SignatureScheme | undefined;
  let key: KeyObject;
  try {
    scheme = schemeOf(signerInfo.signatureAlgorithm, digestHash);
    key = certificate.publicKey;
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return indeterminate('CRYPTO_CONSTRAINTS_FAILURE', error.message);
  }
  if (scheme === undefined) {
    const { oid } = signerInfo.signatureAlgorithm;
    return indeterminate(
      'CRYPTO_CONSTRAINTS_FAILURE',
      `signature algorithm ${oid} is not accepted`,
    );
  }
  if (scheme.hash !== digestHash) {
    const detail = `signature hash ${scheme.hash} differs from digest algorithm ${digestHash}`;
    return failed('FORMAT_FAILURE', detail);
  }
  if (!verifyRaw(scheme, key, signerInfo.signedAttributesDer, signerInfo.signature)) {
    return failed('SIG_CRYPTO_FAILURE', 'the signature value is wrong');
  }
  return undefined;
}

/** In CMS, rsaEncryption means PKCS#1 v1.5 with the digest algorithm (RFC 3370 §3.2). */
function schemeOf(
  algorithm: AlgorithmIdentifier,
  digestHash: HashName | undefined,
): SignatureScheme | undefined {
  if (algorithm.oid !== OID.rsaEncryption) return readSignatureScheme(algorithm);
  const { parameters } = algorithm;
  const isPlain = parameters === undefined || parameters.tag === TAG.NULL;
  return isPlain && digestHash !== undefined
    ? { family: 'rsa-pkcs1', hash: digestHash }
    : undefined;
}

function checkReferencePresence(
  reference: CertificateReference | undefined,
  mode: CmsMode,
): Objection | undefined {
  if (mode === 'pkcs7' || (reference !== undefined && reference.hash !== 'sha1')) return undefined;
  const detail = 'the signing-certificate-v2 attribute is missing';
  return indeterminate('SIG_CONSTRAINTS_FAILURE', detail);
}

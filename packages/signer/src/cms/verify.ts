import { type KeyObject, timingSafeEqual } from 'node:crypto';

import { OID, TAG, readOid, readTime } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type Judgement, type Objection, failed, indeterminate } from '../verdict.ts';
import {
  type AlgorithmIdentifier,
  type HashName,
  type SignatureScheme,
  readHashAlgorithm,
  readSignatureScheme,
} from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { verifyRaw } from '../x509/public-key.ts';
import { type CmsContent, type DetachedContent, digestContent } from './content.ts';
import {
  MAX_ATTACHED_CMS_BYTES,
  MAX_CMS_BYTES,
  SeveralSignersError,
  type SignedData,
  type SignerInfo,
  readSignedData,
} from './signed-data.ts';
import {
  type CertificateReference,
  isNamedBy,
  readCertificateReference,
  refersTo,
} from './signer-certificate.ts';

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
  /** What the signer claims (signing-time, RFC 5652 §11.3), no proof; null when nothing readable. */
  readonly claimedAt: Date | null;
  /** The content that travelled in the message; only when the signature over it is intact. */
  readonly content: Uint8Array | null;
  /** RFC 3161 tokens of the unsigned attributes, unchecked. */
  readonly timeStampTokens: readonly Uint8Array[];
  readonly warnings: readonly string[];
}

/**
 * Checks a CMS signature: over content that is given, which must then be detached, or with
 * `attached: true` over the content in the message. The content type must be data: a time-stamp
 * token is no signature over a document. Never throws for what stands in the message.
 *
 * A message with several signers is well-formed CMS, but not judged: `INDETERMINATE`. Where the form of
 * the document allows one alone (`isOneSignerNeeded`), it is malformed.
 *
 * The certificate is looked for in the message, then among `candidates`; it must be the one that
 * SignerInfo and signing-certificate-v2 name.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when the given SHA-256 is not 32 bytes long.
 */
export function verifyCms(
  input: CmsContent & {
    readonly cms: Uint8Array;
    readonly candidates?: readonly Certificate[];
    readonly mode?: CmsMode;
    readonly isOneSignerNeeded?: boolean;
  },
): CmsVerdict {
  const { cms, candidates = [], mode = 'cades', isOneSignerNeeded = false } = input;
  const isAttached = 'attached' in input;
  let message: SignedData;
  try {
    message = readSignedData(cms, isAttached ? MAX_ATTACHED_CMS_BYTES : MAX_CMS_BYTES);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    if (error instanceof SeveralSignersError && !isOneSignerNeeded) {
      const detail = `${error.message}: such messages are not judged`;
      return report(indeterminate('SIG_CONSTRAINTS_FAILURE', detail));
    }
    return report(failed('FORMAT_FAILURE', error.message));
  }
  if (isAttached) return checkSignedData(message, { type: OID.data, mode, candidates });
  if (message.content !== undefined) {
    return report(failed('FORMAT_FAILURE', 'the signature is not detached'));
  }
  return checkSignedData(message, { type: OID.data, mode, candidates, detached: input });
}

/** What a message has to be. */
export interface Expectation {
  /** OID of eContentType. */
  readonly type: string;
  /** `token`: the certificate must be bound, by version 1 or 2 (RFC 5816 §2). */
  readonly mode: CmsMode | 'token';
  readonly candidates: readonly Certificate[];
  /** The content; without it the message must carry it. */
  readonly detached?: DetachedContent;
}

/** Checks a message that has been read; see {@link verifyCms}. */
export function checkSignedData(message: SignedData, expected: Expectation): CmsVerdict {
  const { signerInfo, certificates } = message;
  const warnings: string[] = [];
  const digestHash = readHashAlgorithm(signerInfo.digestAlgorithm);
  const found = {
    embedded: certificates,
    hash: digestHash ?? null,
    signature: signerInfo.signature,
    claimedAt: readSigningTime(signerInfo),
    timeStampTokens: signerInfo.unsignedAttributes.get(OID.signatureTimeStampToken) ?? [],
    warnings,
  };
  const digestObjection = checkDigest(message, expected, digestHash);
  if (digestObjection !== undefined) return report(digestObjection, found);

  const named = [...certificates, ...expected.candidates].filter((candidate) =>
    isNamedBy(signerInfo.sid, candidate),
  );
  const [first] = named;
  if (first === undefined) {
    const detail = 'the signing certificate is neither in the message nor known';
    return report(indeterminate('NO_SIGNING_CERTIFICATE_FOUND', detail), found);
  }
  let reference: CertificateReference | undefined;
  try {
    reference = readCertificateReference(signerInfo);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const isWeak = error.code === 'SIGNER_ALGORITHM_UNSUPPORTED';
    const objection = isWeak
      ? indeterminate('CRYPTO_CONSTRAINTS_FAILURE', error.message)
      : failed('FORMAT_FAILURE', error.message);
    return report(objection, found);
  }
  if (reference?.hash === 'sha1') {
    warnings.push('the certificate is bound by SHA-1 only (signing-certificate, version 1)');
  }
  const certificate =
    reference === undefined ? first : named.find((candidate) => refersTo(reference, candidate));
  if (certificate === undefined) {
    // EN 319 102-1 §5.2.3.4: the right one may yet be shown; what lies in the message is unsigned.
    const detail = 'the certificate is not the one that the signing-certificate attribute names';
    return report(indeterminate('NO_SIGNING_CERTIFICATE_FOUND', detail), {
      ...found,
      certificate: first,
    });
  }
  const objection =
    checkSignature(signerInfo, certificate, digestHash) ??
    checkReferencePresence(reference, expected.mode);
  if (objection !== undefined) return report(objection, { ...found, certificate });
  const detail = 'the signature is intact';
  return report(
    { indication: 'TOTAL-PASSED', subIndication: null, detail },
    { ...found, certificate, content: message.content ?? null },
  );
}

function report(judgement: Judgement, found: Partial<CmsVerdict> = {}): CmsVerdict {
  return {
    certificate: null,
    embedded: [],
    hash: null,
    signature: null,
    claimedAt: null,
    content: null,
    timeStampTokens: [],
    warnings: [],
    ...found,
    ...judgement,
  };
}

/** A claim that cannot be read is no claim; nothing rests on it. */
function readSigningTime({ signedAttributes }: SignerInfo): Date | null {
  const value = signedAttributes.get(OID.signingTime);
  if (value === undefined) return null;
  try {
    return readTime(value);
  } catch (error) {
    if (error instanceof SignerError) return null;
    throw error;
  }
}

/** Content type and message digest: RFC 5652 §11.1, §11.2. */
function checkDigest(
  message: SignedData,
  { type, detached }: Expectation,
  digestHash: HashName | undefined,
): Objection | undefined {
  const { signedAttributes } = message.signerInfo;
  if (message.contentType !== type) {
    return failed('FORMAT_FAILURE', `content of type ${message.contentType} instead of ${type}`);
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
  const content = detached ?? (message.content && { content: message.content });
  if (content === undefined) {
    return indeterminate('SIGNED_DATA_NOT_FOUND', 'the message does not carry its content');
  }
  const digest = digestContent(content, digestHash);
  if (digest === undefined) {
    return indeterminate('SIGNED_DATA_NOT_FOUND', `the ${digestHash} of the content is not known`);
  }
  const signed = digestValue.content;
  if (signed.length !== digest.length || !timingSafeEqual(signed, digest)) {
    return failed('HASH_FAILURE', 'the content is not the one that was signed');
  }
  return undefined;
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
      oid === OID.rsassaPss
        ? 'RSASSA-PSS with such parameters is not accepted: mask and salt must fit the hash'
        : `signature algorithm ${oid} is not accepted`,
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
  const isPlain =
    parameters === undefined || (parameters.tag === TAG.NULL && parameters.content.length === 0);
  return isPlain && digestHash !== undefined
    ? { family: 'rsa-pkcs1', hash: digestHash }
    : undefined;
}

function checkReferencePresence(
  reference: CertificateReference | undefined,
  mode: Expectation['mode'],
): Objection | undefined {
  if (mode === 'pkcs7' || (reference !== undefined && reference.hash !== 'sha1')) return undefined;
  if (mode === 'token' && reference !== undefined) return undefined;
  const name = mode === 'token' ? 'signing-certificate' : 'signing-certificate-v2';
  return indeterminate('SIG_CONSTRAINTS_FAILURE', `the ${name} attribute is missing`);
}

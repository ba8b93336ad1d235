import { hash } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  encodeExplicit,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
  expectTag,
  integerBytes,
  readBitStringBytes,
  readDer,
  readOctets,
  readOid,
  readSmallInteger,
  readTime,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type AlgorithmIdentifier, readAlgorithm } from '../x509/algorithm.ts';
import { type Certificate, parseCertificate, serialHex } from '../x509/certificate.ts';
import { type RevocationReason, readReason } from '../x509/crl.ts';
import {
  type Extensions,
  findUnknownCritical,
  readExtension,
  readExtensions,
} from '../x509/extensions.ts';
import { type DistinguishedName, readName } from '../x509/name.ts';

/** Larger responses are refused. */
export const MAX_OCSP_BYTES = 1024 * 1024;
/** More SingleResponses or certificates in one response are refused. */
const MAX_OCSP_MEMBERS = 256;
const MAX_NONCE_BYTES = 128;

/**
 * Hashes a CertID may be made with. SHA-1 is allowed: it finds a certificate, it proves nothing; the
 * signature of the response does.
 */
export type CertIdHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** CertID (RFC 6960 §4.1.1): which certificate is asked for. */
export interface CertId {
  /** `undefined` when it was made with a hash not known here: it then matches nothing. */
  readonly hash: CertIdHash | undefined;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** As {@link Certificate.serialNumber}. */
  readonly serialNumber: string;
}

/** What the responder says about one certificate (RFC 6960 §4.2.1). */
export interface SingleResponse {
  readonly certId: CertId;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Set when revoked. */
  readonly revokedAt: Date | undefined;
  readonly reason: RevocationReason | undefined;
  /** invalidityDate, when the responder passes that CRL entry extension on (§4.4.5). */
  readonly invalidSince: Date | undefined;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** The responder keeps records of certificates that expired after this time (§4.4.4). */
  readonly archiveCutoff: Date | undefined;
  /** An extension that is critical and not understood: the statement may not be used. */
  readonly unknownCritical: string | undefined;
}

/** Who signed a response, by name or by the SHA-1 of the public key. */
export type ResponderId =
  | { readonly kind: 'name'; readonly name: DistinguishedName }
  | { readonly kind: 'key'; readonly keyHash: Uint8Array };

/** A successful OCSP response with its BasicOCSPResponse, parsed and immutable. */
export interface OcspResponse {
  /** OCSPResponse, as it came. */
  readonly der: Uint8Array;
  /** SHA-256 of `der`, lower-case hex. */
  readonly sha256: string;
  readonly responderId: ResponderId;
  readonly producedAt: Date;
  readonly responses: readonly SingleResponse[];
  readonly nonce: Uint8Array | undefined;
  /** An extension of the whole response that is critical and not understood. */
  readonly unknownCritical: string | undefined;
  /** Certificates the responder sent along; not trusted. */
  readonly certificates: readonly Certificate[];
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** OCSPResponseStatus other than successful (RFC 6960 §4.2.1), by number. */
export const OCSP_ERRORS = {
  malformedRequest: 1,
  internalError: 2,
  tryLater: 3,
  sigRequired: 5,
  unauthorized: 6,
} as const;

export type OcspErrorStatus = keyof typeof OCSP_ERRORS;

const CERT_ID_HASHES: Readonly<Record<string, CertIdHash>> = {
  [OID.sha1]: 'sha1',
  [OID.sha256]: 'sha256',
  [OID.sha384]: 'sha384',
  [OID.sha512]: 'sha512',
};

const PROCESSED_EXTENSIONS: ReadonlySet<string> = new Set([OID.ocspNonce, OID.ocspExtendedRevoke]);
const PROCESSED_SINGLE_EXTENSIONS: ReadonlySet<string> = new Set([
  OID.ocspArchiveCutoff,
  OID.invalidityDate,
]);

function refuse(message: string): never {
  throw new SignerError('SIGNER_DER_INVALID', message);
}

/**
 * Parses an OCSPResponse (RFC 6960 §4.2.1), strict DER.
 *
 * @throws {@link SignerError} `SIGNER_OCSP_INVALID` when the bytes are not one, when the responder
 *   answered with an error (`details.status` names it) or with another kind of response.
 */
export function parseOcspResponse(input: Uint8Array): OcspResponse {
  const der = new Uint8Array(input);
  try {
    return readBasicResponse(readEnvelope(der), der);
  } catch (cause) {
    if (cause instanceof SignerError && cause.code === 'SIGNER_OCSP_INVALID') throw cause;
    const reason = cause instanceof SignerError ? cause.message : 'malformed';
    throw new SignerError('SIGNER_OCSP_INVALID', `not an OCSP response: ${reason}`, { cause });
  }
}

/** Parses a bare BasicOCSPResponse, as CAdES keeps them; `der` is the whole response around it. */
export function parseBasicOcspResponse(basic: Uint8Array): OcspResponse {
  return parseOcspResponse(wrapBasicResponse(basic));
}

/** OCSPResponse with the status successful around a BasicOCSPResponse. */
export function wrapBasicResponse(basic: Uint8Array): Uint8Array {
  const bytes = encodeSequence(encodeOid(OID.ocspBasic), encodeOctetString(basic));
  return encodeSequence(encodeTlv(TAG.ENUMERATED, Uint8Array.of(0)), encodeExplicit(0, bytes));
}

/** The BasicOCSPResponse inside an OCSPResponse. */
function readEnvelope(der: Uint8Array): Uint8Array {
  const outer = new DerFields(readDer(der, { maxBytes: MAX_OCSP_BYTES }), 'OCSPResponse');
  const status = readSmallInteger(outer.any('responseStatus'), TAG.ENUMERATED);
  const explicit = outer.optional(contextConstructed(0));
  outer.end();
  if (status !== 0) {
    const name = Object.entries(OCSP_ERRORS).find(([, value]) => value === status)?.[0];
    const shown = name ?? String(status);
    throw new SignerError('SIGNER_OCSP_INVALID', `the OCSP responder answered '${shown}'`, {
      details: { status: shown },
    });
  }
  if (explicit === undefined) refuse('responseBytes are missing');
  const fields = new DerFields(onlyMember(explicit), 'ResponseBytes');
  const type = readOid(fields.take(TAG.OID, 'responseType'));
  const basic = readOctets(fields.take(TAG.OCTET_STRING, 'response'));
  fields.end();
  if (type !== OID.ocspBasic) refuse(`response of type ${type}`);
  return basic;
}

function onlyMember(element: DerElement): DerElement {
  const [member, ...more] = element.children();
  if (member === undefined || more.length > 0) refuse('an explicit tag holds not one value');
  return member;
}

function readBasicResponse(basic: Uint8Array, der: Uint8Array): OcspResponse {
  const outer = new DerFields(readDer(basic, { maxBytes: MAX_OCSP_BYTES }), 'BasicOCSPResponse');
  const tbsElement = outer.take(TAG.SEQUENCE, 'tbsResponseData');
  const signatureAlgorithm = readAlgorithm(outer.any('signatureAlgorithm'));
  const signature = readBitStringBytes(outer.take(TAG.BIT_STRING, 'signature'));
  const certs = outer.optional(contextConstructed(0));
  outer.end();

  const tbs = new DerFields(tbsElement, 'ResponseData');
  // DER leaves the default version 1 out; producers that write it are taken as they are.
  const version = tbs.optional(contextConstructed(0));
  if (version !== undefined && readSmallInteger(onlyMember(version)) !== 0) {
    refuse('response version is not 1');
  }
  const responderId = readResponderId(tbs.any('responderID'));
  const producedAt = readTime(tbs.take(TAG.GENERALIZED_TIME, 'producedAt'));
  const responses = limited(tbs.take(TAG.SEQUENCE, 'responses')).map(readSingleResponse);
  const extensions = readOptionalExtensions(tbs.optional(contextConstructed(1)));
  tbs.end();
  return {
    der,
    sha256: hash('sha256', der, 'hex'),
    responderId,
    producedAt,
    responses,
    nonce: readExtension(extensions, OID.ocspNonce, readNonce),
    unknownCritical: findUnknownCritical(extensions, PROCESSED_EXTENSIONS),
    certificates: certs === undefined ? [] : readCertificates(onlyMember(certs)),
    tbs: tbsElement.raw,
    signatureAlgorithm,
    signature,
  };
}

function limited(element: DerElement): readonly DerElement[] {
  const members = element.children();
  if (members.length > MAX_OCSP_MEMBERS) refuse(`${members.length} members are too many`);
  return members;
}

function readResponderId(element: DerElement): ResponderId {
  if (element.tag === contextConstructed(1)) {
    return { kind: 'name', name: readName(onlyMember(element)) };
  }
  const inner = onlyMember(expectTag(element, contextConstructed(2), 'responderID'));
  const keyHash = readOctets(inner);
  if (keyHash.length !== 20) refuse(`key hash of ${keyHash.length} bytes in responderID`);
  return { kind: 'key', keyHash };
}

function readSingleResponse(element: DerElement): SingleResponse {
  const fields = new DerFields(element, 'SingleResponse');
  const certId = readCertId(fields.any('certID'));
  const status = readStatus(fields.any('certStatus'));
  const thisUpdate = readTime(fields.take(TAG.GENERALIZED_TIME, 'thisUpdate'));
  const next = fields.optional(contextConstructed(0));
  const extensions = readOptionalExtensions(fields.optional(contextConstructed(1)));
  fields.end();
  const time = (value: DerElement): Date => readTime(value, TAG.GENERALIZED_TIME);
  return {
    certId,
    ...status,
    invalidSince: readExtension(extensions, OID.invalidityDate, time),
    thisUpdate,
    nextUpdate: next && readTime(expectTag(onlyMember(next), TAG.GENERALIZED_TIME, 'nextUpdate')),
    archiveCutoff: readExtension(extensions, OID.ocspArchiveCutoff, time),
    unknownCritical: findUnknownCritical(extensions, PROCESSED_SINGLE_EXTENSIONS),
  };
}

/** CertID, of a request or of a response. */
export function readCertId(element: DerElement): CertId {
  const fields = new DerFields(element, 'CertID');
  const algorithm = readAlgorithm(fields.any('hashAlgorithm'));
  const issuerNameHash = readOctets(fields.take(TAG.OCTET_STRING, 'issuerNameHash'));
  const issuerKeyHash = readOctets(fields.take(TAG.OCTET_STRING, 'issuerKeyHash'));
  const serialNumber = serialHex(integerBytes(fields.take(TAG.INTEGER, 'serialNumber')));
  fields.end();
  return { hash: CERT_ID_HASHES[algorithm.oid], issuerNameHash, issuerKeyHash, serialNumber };
}

function readStatus(element: DerElement): Pick<SingleResponse, 'status' | 'revokedAt' | 'reason'> {
  const bare = { revokedAt: undefined, reason: undefined };
  switch (element.tag) {
    case contextPrimitive(0):
    case contextPrimitive(2):
      if (element.content.length > 0) refuse('certStatus is not NULL');
      return { status: element.tag === contextPrimitive(0) ? 'good' : 'unknown', ...bare };
    case contextConstructed(1): {
      const fields = new DerFields(element, 'RevokedInfo', contextConstructed(1));
      const revokedAt = readTime(fields.take(TAG.GENERALIZED_TIME, 'revocationTime'));
      const reason = fields.optional(contextConstructed(0));
      fields.end();
      return { status: 'revoked', revokedAt, reason: reason && readReason(onlyMember(reason)) };
    }
    default:
      return refuse(`certStatus has the tag 0x${element.tag.toString(16)}`);
  }
}

function readOptionalExtensions(element: DerElement | undefined): Extensions {
  return element === undefined ? new Map() : readExtensions(onlyMember(element));
}

/** The nonce (RFC 9654 §2.1): an OCTET STRING of 1 to 128 bytes. */
export function readNonce(element: DerElement): Uint8Array {
  const nonce = readOctets(element);
  if (nonce.length === 0 || nonce.length > MAX_NONCE_BYTES) {
    refuse(`nonce of ${nonce.length} bytes`);
  }
  return nonce;
}

/** Certificates that cannot be read are left out: they may belong to nobody we ask for. */
function readCertificates(element: DerElement): readonly Certificate[] {
  return limited(expectTag(element, TAG.SEQUENCE, 'certs')).flatMap((member) => {
    try {
      return [parseCertificate(member.raw)];
    } catch (error) {
      if (error instanceof SignerError) return [];
      throw error;
    }
  });
}

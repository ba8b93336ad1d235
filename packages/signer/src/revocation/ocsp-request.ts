import { hash } from 'node:crypto';

import {
  DerFields,
  OID,
  TAG,
  contextConstructed,
  encodeExplicit,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
  readBitStringBytes,
  readDer,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type Extensions, readExtension, readExtensions } from '../x509/extensions.ts';
import { type CertId, type CertIdHash, readCertId, readNonce } from './ocsp.ts';

/** Larger requests are refused. */
const MAX_OCSP_REQUEST_BYTES = 64 * 1024;
/** More certificates in one request are refused. */
const MAX_OCSP_REQUESTS = 64;

const HASH_OIDS: Readonly<Record<CertIdHash, string>> = {
  sha1: OID.sha1,
  sha256: OID.sha256,
  sha384: OID.sha384,
  sha512: OID.sha512,
};

/** The bits of the public key alone: what key hashes of OCSP are made over (RFC 6960 §4.1.1). */
function publicKeyBits(certificate: Certificate): Uint8Array {
  const fields = new DerFields(readDer(certificate.publicKeyDer), 'SubjectPublicKeyInfo');
  fields.take(TAG.SEQUENCE, 'algorithm');
  return readBitStringBytes(fields.take(TAG.BIT_STRING, 'subjectPublicKey'));
}

const keyHashes = new WeakMap<Certificate, Map<CertIdHash, Uint8Array>>();

/** Hash of a certificate's public key, as CertID and responderID have it; computed once. */
export function keyHashOf(certificate: Certificate, name: CertIdHash): Uint8Array {
  let known = keyHashes.get(certificate);
  if (known === undefined) {
    known = new Map();
    keyHashes.set(certificate, known);
  }
  let value = known.get(name);
  if (value === undefined) {
    value = hash(name, publicKeyBits(certificate), 'buffer');
    known.set(name, value);
  }
  return value;
}

/** True when the hash is that of the certificate's public key; false when the key cannot be read. */
export function hasKeyHash(certificate: Certificate, name: CertIdHash, value: Uint8Array): boolean {
  try {
    return Buffer.compare(keyHashOf(certificate, name), value) === 0;
  } catch (error) {
    if (error instanceof SignerError) return false;
    throw error;
  }
}

/** The CertID of a certificate. */
export function certIdOf(
  certificate: Certificate,
  issuer: Certificate,
  name: CertIdHash = 'sha1',
): CertId & { readonly hash: CertIdHash } {
  return {
    hash: name,
    issuerNameHash: hash(name, certificate.issuerDer, 'buffer'),
    issuerKeyHash: keyHashOf(issuer, name),
    serialNumber: certificate.serialNumber,
  };
}

/** True when a CertID means this certificate of this issuer: serial number, name and key. */
export function certIdMatches(
  certId: CertId,
  certificate: Certificate,
  issuer: Certificate,
): boolean {
  if (certId.hash === undefined || certId.serialNumber !== certificate.serialNumber) return false;
  const nameHash = hash(certId.hash, certificate.issuerDer, 'buffer');
  return (
    Buffer.compare(certId.issuerNameHash, nameHash) === 0 &&
    hasKeyHash(issuer, certId.hash, certId.issuerKeyHash)
  );
}

/** CertID, DER. SHA-1 is what every responder knows; the parameters are NULL, as most expect. */
export function encodeCertId(certId: CertId): Uint8Array {
  if (certId.hash === undefined) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'CertID with an unknown hash');
  }
  return encodeSequence(
    encodeSequence(encodeOid(HASH_OIDS[certId.hash]), encodeNull()),
    encodeOctetString(certId.issuerNameHash),
    encodeOctetString(certId.issuerKeyHash),
    encodeTlv(TAG.INTEGER, serialBytes(certId.serialNumber)),
  );
}

/** Content octets of the INTEGER whose hex form {@link CertId.serialNumber} is. */
function serialBytes(serialNumber: string): Uint8Array {
  if (serialNumber.startsWith('-')) return Buffer.from(serialNumber.slice(1), 'hex');
  const bytes = Buffer.from(serialNumber, 'hex');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes;
}

/** The nonce extension, in requests and responses. */
export function encodeNonceExtension(nonce: Uint8Array): Uint8Array {
  const value = encodeOctetString(encodeOctetString(nonce));
  return encodeSequence(encodeOid(OID.ocspNonce), value);
}

/**
 * An OCSPRequest for one certificate, unsigned (RFC 6960 §4.1.1). Returns DER.
 *
 * Without a nonce a responder may answer from a prepared response; the freshness of the answer is
 * checked by its times.
 */
export function encodeOcspRequest(
  certificate: Certificate,
  issuer: Certificate,
  options: { readonly nonce?: Uint8Array; readonly hash?: CertIdHash } = {},
): Uint8Array {
  const certId = encodeCertId(certIdOf(certificate, issuer, options.hash));
  const requestList = encodeSequence(encodeSequence(certId));
  const extensions =
    options.nonce === undefined
      ? new Uint8Array(0)
      : encodeExplicit(2, encodeSequence(encodeNonceExtension(options.nonce)));
  return encodeSequence(encodeSequence(requestList, extensions));
}

/** What a responder needs of a request. */
export interface OcspRequest {
  readonly certIds: readonly CertId[];
  readonly nonce: Uint8Array | undefined;
}

/**
 * Parses an OCSPRequest (RFC 6960 §4.1.1), strict DER. A signature on it is not looked at.
 *
 * @throws {@link SignerError} `SIGNER_DER_INVALID` when it is malformed, too large, asks for no or too
 *   many certificates, or has a critical extension that is not known.
 */
export function parseOcspRequest(bytes: Uint8Array): OcspRequest {
  const outer = new DerFields(readDer(bytes, { maxBytes: MAX_OCSP_REQUEST_BYTES }), 'OCSPRequest');
  const tbs = new DerFields(outer.take(TAG.SEQUENCE, 'tbsRequest'), 'TBSRequest');
  outer.optional(contextConstructed(0));
  outer.end();
  const version = tbs.optional(contextConstructed(0));
  if (version !== undefined && readSmallInteger(readDer(version.content)) !== 0) {
    throw new SignerError('SIGNER_DER_INVALID', 'request version is not 1');
  }
  tbs.optional(contextConstructed(1));
  const requests = tbs.take(TAG.SEQUENCE, 'requestList').children();
  const extensions = readOptionalExtensions(tbs.optional(contextConstructed(2))?.content);
  tbs.end();
  if (requests.length === 0 || requests.length > MAX_OCSP_REQUESTS) {
    throw new SignerError('SIGNER_DER_INVALID', `request for ${requests.length} certificates`);
  }
  const certIds = requests.map((request) => {
    const fields = new DerFields(request, 'Request');
    const certId = readCertId(fields.any('reqCert'));
    readOptionalExtensions(fields.optional(contextConstructed(0))?.content);
    fields.end();
    return certId;
  });
  return { certIds, nonce: readExtension(extensions, OID.ocspNonce, readNonce) };
}

function readOptionalExtensions(content: Uint8Array | undefined): Extensions {
  const extensions: Extensions =
    content === undefined ? new Map() : readExtensions(readDer(content));
  for (const { oid, critical } of extensions.values()) {
    if (critical && oid !== OID.ocspNonce) {
      throw new SignerError('SIGNER_DER_INVALID', `unknown critical extension ${oid}`);
    }
  }
  return extensions;
}

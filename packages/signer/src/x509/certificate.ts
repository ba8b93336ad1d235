import { type KeyObject, hash } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  integerBytes,
  readBitStringBytes,
  readDer,
  readSmallInteger,
  readTime,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.ts';
import {
  type BasicConstraints,
  type DistributionPoint,
  type Extensions,
  type KeyUsage,
  type NameConstraints,
  type PolicyConstraints,
  type PolicyInformation,
  readAuthorityKeyId,
  readBasicConstraints,
  readCertificatePolicies,
  readDistributionPoints,
  readExtKeyUsage,
  readExtension,
  readExtensions,
  readInhibitAnyPolicy,
  readKeyUsage,
  readNameConstraints,
  readPolicyConstraints,
  readPolicyMappings,
  readSubjectAltNames,
  readSubjectKeyId,
} from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { type DistinguishedName, commonNameOf, formatName, readName } from './name.ts';
import { decodePem, looksLikePem } from './pem.ts';
import { importPublicKey } from './public-key.ts';

/** Larger certificates are refused. */
const MAX_CERTIFICATE_BYTES = 256 * 1024;
/** Parsed certificates that are kept for the next call. */
const MAX_CACHED_CERTIFICATES = 10_000;
/** Bytes of the certificates that are kept: hostile ones may be large. */
const MAX_CACHED_BYTES = 64 * 1024 * 1024;

/** An X.509 certificate, parsed and immutable. */
export interface Certificate {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, lower-case hex. */
  readonly sha256: string;
  /** Lower-case hex without a sign byte, as OpenSSL prints it. */
  readonly serialNumber: string;
  /** Content octets of the INTEGER as they stand. */
  readonly serialBytes: Uint8Array;
  /** Readable, UTF-8, most specific part first: `CN=…, O=…, C=VN`. */
  readonly subjectText: string;
  readonly issuerText: string;
  readonly commonName: string | undefined;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly subjectDer: Uint8Array;
  readonly issuerDer: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo. */
  readonly publicKeyDer: Uint8Array;
  /** Made on first use; throws `SIGNER_ALGORITHM_UNSUPPORTED` or `SIGNER_KEY_INVALID`. */
  readonly publicKey: KeyObject;
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  /** Subject and issuer are the same name. */
  readonly isSelfIssued: boolean;
  readonly version: number;
  readonly extensions: Extensions;
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined;
  readonly extKeyUsage: ReadonlySet<string> | undefined;
  readonly subjectKeyId: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
  readonly subjectAltNames: readonly GeneralName[] | undefined;
  readonly nameConstraints: NameConstraints | undefined;
  readonly policies: readonly PolicyInformation[] | undefined;
  readonly policyMappings: readonly (readonly [string, string])[] | undefined;
  readonly policyConstraints: PolicyConstraints | undefined;
  readonly inhibitAnyPolicy: number | undefined;
  readonly crlDistributionPoints: readonly DistributionPoint[] | undefined;
}

const cache = new Map<string, Certificate>();
let cachedBytes = 0;

/**
 * Parses a certificate (RFC 5280 §4.1), DER or PEM. The result is kept by its bytes, so asking
 * again for the same certificate is cheap and its KeyObject is made once.
 *
 * @throws {@link SignerError} `SIGNER_CERTIFICATE_INVALID` when the bytes are not one certificate in
 *   strict DER, when an extension stands twice or cannot be read.
 */
export function parseCertificate(input: Uint8Array): Certificate {
  const der = looksLikePem(input) ? firstPemCertificate(input) : input;
  if (der.length > MAX_CERTIFICATE_BYTES) {
    throw new SignerError(
      'SIGNER_CERTIFICATE_INVALID',
      `certificate of ${der.length} bytes is larger than ${MAX_CERTIFICATE_BYTES} bytes`,
    );
  }
  const sha256 = hash('sha256', der, 'hex');
  const known = cache.get(sha256);
  if (known !== undefined) return known;
  let certificate: Certificate;
  try {
    certificate = readCertificate(new Uint8Array(der), sha256);
  } catch (cause) {
    const reason = cause instanceof SignerError ? cause.message : 'malformed';
    throw new SignerError('SIGNER_CERTIFICATE_INVALID', `not a certificate: ${reason}`, { cause });
  }
  keep(certificate);
  return certificate;
}

/** Keeps a certificate; the oldest ones give way. */
function keep(certificate: Certificate): void {
  cache.set(certificate.sha256, certificate);
  cachedBytes += certificate.der.length;
  for (const [key, oldest] of cache) {
    if (cache.size <= MAX_CACHED_CERTIFICATES && cachedBytes <= MAX_CACHED_BYTES) return;
    cache.delete(key);
    cachedBytes -= oldest.der.length;
  }
}

/** All certificates of a PEM text, or the one of a DER file. */
export function parseCertificates(input: Uint8Array): Certificate[] {
  if (!looksLikePem(input)) return [parseCertificate(input)];
  return pemCertificates(input).map((der) => parseCertificate(der));
}

function pemCertificates(input: Uint8Array): Uint8Array[] {
  const text = Buffer.from(input).toString('latin1');
  const blocks = decodePem(text, 'CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE');
  if (blocks.length === 0) {
    throw new SignerError('SIGNER_CERTIFICATE_INVALID', 'no CERTIFICATE block in the PEM text');
  }
  return blocks;
}

function firstPemCertificate(input: Uint8Array): Uint8Array {
  const [first, second] = pemCertificates(input);
  if (first === undefined || second !== undefined) {
    throw new SignerError('SIGNER_CERTIFICATE_INVALID', 'PEM text holds more than one certificate');
  }
  return first;
}

/** Serial number as hex: the INTEGER without its sign byte; a negative one has a `-` before it. */
export function serialHex(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  if ((bytes[0] ?? 0) >= 0x80) return `-${hex}`;
  return bytes.length > 1 && bytes[0] === 0 ? hex.slice(2) : hex;
}

function readCertificate(der: Uint8Array, sha256: string): Certificate {
  const outer = new DerFields(readDer(der, { maxBytes: MAX_CERTIFICATE_BYTES }), 'Certificate');
  const tbsElement = outer.take(TAG.SEQUENCE, 'tbsCertificate');
  const signatureAlgorithm = readAlgorithm(outer.any('signatureAlgorithm'));
  const signature = readBitStringBytes(outer.take(TAG.BIT_STRING, 'signatureValue'));
  outer.end();

  const tbs = new DerFields(tbsElement, 'TBSCertificate');
  const version = readVersion(tbs.optional(contextConstructed(0)));
  const serialBytes = integerBytes(tbs.take(TAG.INTEGER, 'serialNumber'));
  const innerAlgorithm = readAlgorithm(tbs.any('signature'));
  if (Buffer.compare(innerAlgorithm.der, signatureAlgorithm.der) !== 0) {
    throw new SignerError('SIGNER_DER_INVALID', 'inner and outer signature algorithm differ');
  }
  const issuer = readName(tbs.any('issuer'));
  const validity = new DerFields(tbs.any('validity'), 'Validity');
  const notBefore = readTime(validity.any('notBefore'));
  const notAfter = readTime(validity.any('notAfter'));
  validity.end();
  const subject = readName(tbs.any('subject'));
  const publicKeyDer = tbs.take(TAG.SEQUENCE, 'subjectPublicKeyInfo').raw;
  const uniqueId = tbs.optional(contextPrimitive(1)) ?? tbs.optional(contextPrimitive(2));
  if (uniqueId?.tag === contextPrimitive(1)) tbs.optional(contextPrimitive(2));
  const extensionsElement = tbs.optional(contextConstructed(3));
  tbs.end();
  if ((uniqueId !== undefined && version < 2) || (extensionsElement && version !== 3)) {
    throw new SignerError('SIGNER_DER_INVALID', `fields of a later version in version ${version}`);
  }
  const extensions: Extensions =
    extensionsElement === undefined
      ? new Map()
      : readExtensions(readDer(extensionsElement.content, { maxBytes: MAX_CERTIFICATE_BYTES }));

  let publicKey: KeyObject | undefined;
  return {
    der,
    sha256,
    serialNumber: serialHex(serialBytes),
    serialBytes,
    subjectText: formatName(subject),
    issuerText: formatName(issuer),
    commonName: commonNameOf(subject),
    subject,
    issuer,
    subjectDer: subject.der,
    issuerDer: issuer.der,
    notBefore,
    notAfter,
    publicKeyDer,
    get publicKey(): KeyObject {
      publicKey ??= importPublicKey(publicKeyDer);
      return publicKey;
    },
    tbs: tbsElement.raw,
    signatureAlgorithm,
    signature,
    isSelfIssued: subject.key === issuer.key,
    version,
    extensions,
    ...readKnownExtensions(extensions),
  };
}

function readVersion(element: DerElement | undefined): number {
  if (element === undefined) return 1;
  const version = readSmallInteger(readDer(element.content)) + 1;
  if (version !== 2 && version !== 3) {
    throw new SignerError('SIGNER_DER_INVALID', `certificate version ${version}`);
  }
  return version;
}

function readKnownExtensions(extensions: Extensions) {
  const read = <T>(oid: string, reader: (value: DerElement) => T): T | undefined =>
    readExtension(extensions, oid, reader);
  return {
    basicConstraints: read(OID.basicConstraints, readBasicConstraints),
    keyUsage: read(OID.keyUsage, readKeyUsage),
    extKeyUsage: read(OID.extKeyUsage, readExtKeyUsage),
    subjectKeyId: read(OID.subjectKeyIdentifier, readSubjectKeyId),
    authorityKeyId: read(OID.authorityKeyIdentifier, readAuthorityKeyId),
    subjectAltNames: read(OID.subjectAltName, readSubjectAltNames),
    nameConstraints: read(OID.nameConstraints, readNameConstraints),
    policies: read(OID.certificatePolicies, readCertificatePolicies),
    policyMappings: read(OID.policyMappings, readPolicyMappings),
    policyConstraints: read(OID.policyConstraints, readPolicyConstraints),
    inhibitAnyPolicy: read(OID.inhibitAnyPolicy, readInhibitAnyPolicy),
    crlDistributionPoints: read(OID.crlDistributionPoints, readDistributionPoints),
  };
}

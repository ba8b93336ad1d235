import { hash } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  integerBytes,
  readBitStringBytes,
  readBoolean,
  readDer,
  readNamedBits,
  readSmallInteger,
  readTime,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.ts';
import { serialHex } from './certificate.ts';
import {
  type DistributionPoint,
  type DistributionPointName,
  type Extensions,
  findUnknownCritical,
  readAuthorityKeyId,
  readDistributionPointName,
  readDistributionPoints,
  readExtension,
  readExtensions,
} from './extensions.ts';
import { readGeneralNames } from './general-name.ts';
import { type DistinguishedName, formatName, readName } from './name.ts';
import { decodePem, looksLikePem } from './pem.ts';

/** Larger lists are refused. */
const MAX_CRL_BYTES = 64 * 1024 * 1024;

/** CRLReason (RFC 5280 §5.3.1), by its number. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;

export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** One revoked certificate. */
export interface RevokedEntry {
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason: RevocationReason | undefined;
  readonly invalidSince: Date | undefined;
  /** Name key of the certificate's issuer: the CRL's issuer unless the CRL is indirect. */
  readonly issuerKey: string;
}

/** issuingDistributionPoint (RFC 5280 §5.2.5). */
export interface IssuingDistributionPoint {
  readonly der: Uint8Array;
  readonly name: DistributionPointName | undefined;
  readonly onlyUserCertificates: boolean;
  readonly onlyCaCertificates: boolean;
  readonly onlyAttributeCertificates: boolean;
  readonly onlySomeReasons: ReadonlySet<number> | undefined;
  readonly isIndirect: boolean;
}

/** A certificate revocation list, parsed and immutable. */
export interface CertificateList {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, lower-case hex. */
  readonly sha256: string;
  readonly issuer: DistinguishedName;
  readonly issuerText: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** cRLNumber. */
  readonly number: bigint | undefined;
  /** BaseCRLNumber of a delta CRL. */
  readonly baseNumber: bigint | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined;
  /** Where delta CRLs of this list lie (freshestCRL). */
  readonly freshestCrl: readonly DistributionPoint[] | undefined;
  /** Expired certificates stay listed from this time on (X.509 expiredCertsOnCRL). */
  readonly keepsExpiredSince: Date | undefined;
  /** An extension that is critical and not understood: the list may not be used. */
  readonly unknownCritical: string | undefined;
  readonly entries: readonly RevokedEntry[];
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  /** The entry of a certificate, by name key of its issuer and serial number. */
  find(issuerKey: string, serialNumber: string): RevokedEntry | undefined;
}

const PROCESSED_CRL_EXTENSIONS: ReadonlySet<string> = new Set([
  OID.authorityKeyIdentifier,
  OID.crlNumber,
  OID.deltaCrlIndicator,
  OID.issuingDistributionPoint,
  OID.expiredCertsOnCrl,
]);
const PROCESSED_ENTRY_EXTENSIONS: ReadonlySet<string> = new Set([
  OID.reasonCode,
  OID.invalidityDate,
  OID.certificateIssuer,
]);

/**
 * Parses a CRL (RFC 5280 §5.1), DER or PEM.
 *
 * @throws {@link SignerError} `SIGNER_CRL_INVALID`.
 */
export function parseCrl(input: Uint8Array): CertificateList {
  try {
    const der = looksLikePem(input)
      ? decodePem(Buffer.from(input).toString('latin1'), 'X509 CRL')[0]
      : new Uint8Array(input);
    if (der === undefined) {
      throw new SignerError('SIGNER_DER_INVALID', 'no X509 CRL block in the PEM text');
    }
    return readCrl(der);
  } catch (cause) {
    const reason = cause instanceof SignerError ? cause.message : 'malformed';
    throw new SignerError('SIGNER_CRL_INVALID', `not a CRL: ${reason}`, { cause });
  }
}

function readCrl(der: Uint8Array): CertificateList {
  const outer = new DerFields(readDer(der, { maxBytes: MAX_CRL_BYTES }), 'CertificateList');
  const tbsElement = outer.take(TAG.SEQUENCE, 'tbsCertList');
  const signatureAlgorithm = readAlgorithm(outer.any('signatureAlgorithm'));
  const signature = readBitStringBytes(outer.take(TAG.BIT_STRING, 'signatureValue'));
  outer.end();

  const tbs = new DerFields(tbsElement, 'TBSCertList');
  const version = tbs.optional(TAG.INTEGER);
  if (version !== undefined && readSmallInteger(version) !== 1) {
    throw new SignerError('SIGNER_DER_INVALID', 'CRL version is not 2');
  }
  const innerAlgorithm = readAlgorithm(tbs.any('signature'));
  if (Buffer.compare(innerAlgorithm.der, signatureAlgorithm.der) !== 0) {
    throw new SignerError('SIGNER_DER_INVALID', 'inner and outer signature algorithm differ');
  }
  const issuer = readName(tbs.any('issuer'));
  const thisUpdate = readTime(tbs.any('thisUpdate'));
  const nextUpdate = tbs.optional(TAG.UTC_TIME, TAG.GENERALIZED_TIME);
  const revoked = tbs.optional(TAG.SEQUENCE);
  const extensionsElement = tbs.optional(contextConstructed(0));
  tbs.end();
  const extensions: Extensions =
    extensionsElement === undefined
      ? new Map()
      : readExtensions(readDer(extensionsElement.content, { maxBytes: MAX_CRL_BYTES }));
  const { entries, unknownCritical } = readEntries(revoked, issuer);

  let index: Map<string, RevokedEntry> | undefined;
  return {
    der,
    sha256: hash('sha256', der, 'hex'),
    issuer,
    issuerText: formatName(issuer),
    thisUpdate,
    nextUpdate: nextUpdate && readTime(nextUpdate),
    ...readKnownExtensions(extensions),
    unknownCritical: unknownCritical ?? findUnknownCritical(extensions, PROCESSED_CRL_EXTENSIONS),
    entries,
    tbs: tbsElement.raw,
    signatureAlgorithm,
    signature,
    find(issuerKey, serialNumber) {
      index ??= new Map(
        entries.map((entry) => [`${entry.serialNumber} ${entry.issuerKey}`, entry]),
      );
      return index.get(`${serialNumber} ${issuerKey}`);
    },
  };
}

function readKnownExtensions(extensions: Extensions) {
  const number = (element: DerElement): bigint => {
    const hex = Buffer.from(integerBytes(element)).toString('hex');
    if (hex.length > 64) throw new SignerError('SIGNER_DER_INVALID', 'CRL number is too long');
    return BigInt(`0x${hex}`);
  };
  return {
    number: readExtension(extensions, OID.crlNumber, number),
    baseNumber: readExtension(extensions, OID.deltaCrlIndicator, number),
    authorityKeyId: readExtension(extensions, OID.authorityKeyIdentifier, readAuthorityKeyId),
    issuingDistributionPoint: readExtension(
      extensions,
      OID.issuingDistributionPoint,
      readIssuingDistributionPoint,
    ),
    freshestCrl: readExtension(extensions, OID.freshestCrl, readDistributionPoints),
    keepsExpiredSince: readExtension(extensions, OID.expiredCertsOnCrl, (element) =>
      readTime(element, TAG.GENERALIZED_TIME),
    ),
  };
}

function readEntries(
  element: DerElement | undefined,
  issuer: DistinguishedName,
): { entries: readonly RevokedEntry[]; unknownCritical: string | undefined } {
  const entries: RevokedEntry[] = [];
  let unknownCritical: string | undefined;
  // In an indirect CRL an entry without certificateIssuer has that of the entry before.
  let issuerKey = issuer.key;
  for (const member of element?.members() ?? []) {
    const fields = new DerFields(member, 'revokedCertificate');
    const serialNumber = serialHex(integerBytes(fields.take(TAG.INTEGER, 'userCertificate')));
    const revokedAt = readTime(fields.any('revocationDate'));
    const extensionsElement = fields.optional(TAG.SEQUENCE);
    fields.end();
    let reason: RevocationReason | undefined;
    let invalidSince: Date | undefined;
    if (extensionsElement !== undefined) {
      const extensions = readExtensions(extensionsElement);
      unknownCritical ??= findUnknownCritical(extensions, PROCESSED_ENTRY_EXTENSIONS);
      reason = readExtension(extensions, OID.reasonCode, readReason);
      invalidSince = readExtension(extensions, OID.invalidityDate, (value) => readTime(value));
      issuerKey = readExtension(extensions, OID.certificateIssuer, readIssuerKey) ?? issuerKey;
    }
    entries.push({ serialNumber, revokedAt, reason, invalidSince, issuerKey });
  }
  return { entries, unknownCritical };
}

/** CRLReason. */
export function readReason(element: DerElement): RevocationReason | undefined {
  const number = readSmallInteger(element, TAG.ENUMERATED);
  for (const [name, value] of Object.entries(REVOCATION_REASONS)) {
    if (value === number && isReason(name)) return name;
  }
  throw new SignerError('SIGNER_DER_INVALID', `revocation reason ${number}`);
}

/** True for the names of {@link REVOCATION_REASONS}. */
export function isReason(name: string): name is RevocationReason {
  return Object.hasOwn(REVOCATION_REASONS, name);
}

function readIssuerKey(element: DerElement): string {
  const name = readGeneralNames(element).find(({ kind }) => kind === 'directory');
  if (name?.kind !== 'directory') {
    throw new SignerError('SIGNER_DER_INVALID', 'certificateIssuer is not a directory name');
  }
  return name.name.key;
}

function readIssuingDistributionPoint(element: DerElement): IssuingDistributionPoint {
  const fields = new DerFields(element, 'IssuingDistributionPoint');
  const name = fields.optional(contextConstructed(0));
  const flag = (number: number): boolean => {
    const value = fields.optional(contextPrimitive(number));
    return value !== undefined && readBoolean(value, contextPrimitive(number));
  };
  const onlyUserCertificates = flag(1);
  const onlyCaCertificates = flag(2);
  const reasons = fields.optional(contextPrimitive(3));
  const isIndirect = flag(4);
  const onlyAttributeCertificates = flag(5);
  fields.end();
  return {
    der: element.raw,
    name: name && readDistributionPointName(name),
    onlyUserCertificates,
    onlyCaCertificates,
    onlyAttributeCertificates,
    onlySomeReasons: reasons && readNamedBits(reasons, contextPrimitive(3)),
    isIndirect,
  };
}

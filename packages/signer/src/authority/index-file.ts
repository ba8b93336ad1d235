import { SignerError } from '../errors.ts';
import { type RevocationReason, isReason } from '../x509/crl.ts';
import { type CertificateUse, isCertificateUse } from './profile.ts';

/** Since when and why a certificate counts as revoked. */
export interface RevokedState {
  readonly at: Date;
  readonly reason: RevocationReason;
  /** Since when the key is known or suspected to be in wrong hands. */
  readonly invalidSince?: Date | undefined;
}

/** One certificate that the authority has issued. */
export interface IssuedCertificate {
  readonly serialNumber: string;
  readonly use: CertificateUse;
  /** Readable name. */
  readonly subjectText: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly sha256: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly issuedAt: Date;
  readonly revoked: RevokedState | undefined;
  /** Which issuing CA signed it, counted from 1. */
  readonly issuingCa: number;
  /** SHA-256 of the public key, lower-case hex; not known of old entries. */
  readonly keySha256?: string | undefined;
  /** Serial number of the certificate that this one renews. */
  readonly renews?: string | undefined;
  /** Serial number of the newest certificate that renews this one. */
  readonly renewedBy?: string | undefined;
  /** When it was last released from hold. */
  readonly releasedAt?: Date | undefined;
}

/** One issuing CA of the authority; the last one of the list issues. */
export interface IssuingCaState {
  /** Number of its newest CRL, complete or delta. */
  readonly crlNumber: number;
  /** SHA-256 of its certificate, lower-case hex; not known of indexes from before there were several. */
  readonly sha256?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly revoked?: RevokedState | undefined;
  /** The key is not in the folder but in a token or another store. */
  readonly keyIsElsewhere?: boolean | undefined;
}

/** What the authority has done so far: `index.json`. */
export interface AuthorityIndex {
  /** Number of the newest CRL of the root. */
  readonly rootCrlNumber: number;
  /** In the order in which they were made; there is always one. */
  readonly issuing: readonly IssuingCaState[];
  /** Hash of the audit line that was the last one when this was written. */
  readonly auditHead: string | undefined;
  /** Where the authority can be reached over HTTP; goes into certificates. */
  readonly baseUrl: string | undefined;
  readonly certificates: readonly IssuedCertificate[];
}

/** Index as text, one certificate a line, so that differences can be read. */
export function formatIndex(index: AuthorityIndex): string {
  const { certificates, ...head } = index;
  const lines = certificates.map((certificate) => JSON.stringify(certificate));
  const start = JSON.stringify({ version: 2, ...head }).slice(0, -1);
  return `${start},"certificates":[\n${lines.join(',\n')}\n]}\n`;
}

/**
 * Reads `index.json`, of this version or the one before.
 *
 * @throws {@link SignerError} `SIGNER_AUTHORITY_DAMAGED`.
 */
export function parseIndex(text: string): AuthorityIndex {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SignerError('SIGNER_AUTHORITY_DAMAGED', 'index.json is not JSON', { cause });
  }
  const root = asObject(value);
  const version = root['version'];
  if (version !== 1 && version !== 2) throw damaged('version');
  const issuing =
    version === 1
      ? [{ crlNumber: asNumber(root, 'crlNumber') }]
      : asList(root, 'issuing').map(readIssuingCa);
  if (issuing.length === 0) throw damaged('issuing');
  return {
    rootCrlNumber: asNumber(root, 'rootCrlNumber'),
    issuing,
    auditHead: optional(root, 'auditHead', asText),
    baseUrl: optional(root, 'baseUrl', asText),
    certificates: asList(root, 'certificates').map((entry) => readIssued(entry, issuing.length)),
  };
}

function damaged(field: string): SignerError {
  return new SignerError('SIGNER_AUTHORITY_DAMAGED', `index.json: '${field}' is missing or wrong`);
}

type Fields = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw damaged('object');
  return value as Fields;
}

function asList(fields: Fields, field: string): readonly unknown[] {
  const value = fields[field];
  if (!Array.isArray(value)) throw damaged(field);
  return value;
}

function asNumber(fields: Fields, field: string): number {
  const value = fields[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw damaged(field);
  return value;
}

function asText(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value !== 'string') throw damaged(field);
  return value;
}

function asDate(fields: Fields, field: string): Date {
  const date = new Date(asText(fields, field));
  if (Number.isNaN(date.getTime())) throw damaged(field);
  return date;
}

function optional<T>(
  fields: Fields,
  field: string,
  read: (fields: Fields, field: string) => T,
): T | undefined {
  return fields[field] === undefined ? undefined : read(fields, field);
}

function readIssuingCa(value: unknown): IssuingCaState {
  const fields = asObject(value);
  return {
    crlNumber: asNumber(fields, 'crlNumber'),
    sha256: optional(fields, 'sha256', asText),
    serialNumber: optional(fields, 'serialNumber', asText),
    revoked: optional(fields, 'revoked', readRevoked),
    keyIsElsewhere: fields['keyIsElsewhere'] === true ? true : undefined,
  };
}

function readIssued(value: unknown, issuingCount: number): IssuedCertificate {
  const fields = asObject(value);
  const issuingCa = optional(fields, 'issuingCa', asNumber) ?? 1;
  if (issuingCa < 1 || issuingCa > issuingCount) throw damaged('issuingCa');
  return {
    serialNumber: asText(fields, 'serialNumber'),
    use: asUse(asText(fields, 'use')),
    subjectText: asText(fields, 'subjectText'),
    sha256: asText(fields, 'sha256'),
    notBefore: asDate(fields, 'notBefore'),
    notAfter: asDate(fields, 'notAfter'),
    issuedAt: asDate(fields, 'issuedAt'),
    revoked: optional(fields, 'revoked', readRevoked),
    issuingCa,
    keySha256: optional(fields, 'keySha256', asText),
    renews: optional(fields, 'renews', asText),
    renewedBy: optional(fields, 'renewedBy', asText),
    releasedAt: optional(fields, 'releasedAt', asDate),
  };
}

function readRevoked(parent: Fields, field: string): RevokedState {
  const fields = asObject(parent[field]);
  const reason = asText(fields, 'reason');
  if (!isReason(reason)) throw damaged('reason');
  const invalidSince = optional(fields, 'invalidSince', asDate);
  return { at: asDate(fields, 'at'), reason, invalidSince };
}

function asUse(text: string): CertificateUse {
  if (!isCertificateUse(text)) throw damaged('use');
  return text;
}

import { SignerError } from '../errors.ts';
import { type RevocationReason, isReason } from '../x509/crl.ts';
import { type CertificateUse, isCertificateUse } from './profile.ts';

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
  readonly revoked: { readonly at: Date; readonly reason: RevocationReason } | undefined;
}

/** What the authority has done so far: `index.json`. */
export interface AuthorityIndex {
  /** Number of the newest CRL of the issuing CA. */
  readonly crlNumber: number;
  /** Number of the newest CRL of the root. */
  readonly rootCrlNumber: number;
  readonly certificates: readonly IssuedCertificate[];
}

/** Index as text, one certificate a line, so that differences can be read. */
export function formatIndex(index: AuthorityIndex): string {
  const { crlNumber, rootCrlNumber } = index;
  const lines = index.certificates.map((certificate) => JSON.stringify(certificate));
  const head = `"version":1,"crlNumber":${crlNumber},"rootCrlNumber":${rootCrlNumber}`;
  return `{${head},"certificates":[\n${lines.join(',\n')}\n]}\n`;
}

/**
 * Reads `index.json`.
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
  if (root['version'] !== 1) throw damaged('version');
  const list = root['certificates'];
  if (!Array.isArray(list)) throw damaged('certificates');
  return {
    crlNumber: asNumber(root, 'crlNumber'),
    rootCrlNumber: asNumber(root, 'rootCrlNumber'),
    certificates: list.map(readIssued),
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

function readIssued(value: unknown): IssuedCertificate {
  const fields = asObject(value);
  const revoked = fields['revoked'];
  return {
    serialNumber: asText(fields, 'serialNumber'),
    use: asUse(asText(fields, 'use')),
    subjectText: asText(fields, 'subjectText'),
    sha256: asText(fields, 'sha256'),
    notBefore: asDate(fields, 'notBefore'),
    notAfter: asDate(fields, 'notAfter'),
    issuedAt: asDate(fields, 'issuedAt'),
    revoked: revoked === undefined ? undefined : readRevoked(asObject(revoked)),
  };
}

function readRevoked(fields: Fields): { at: Date; reason: RevocationReason } {
  const reason = asText(fields, 'reason');
  if (!isReason(reason)) throw damaged('reason');
  return { at: asDate(fields, 'at'), reason };
}

function asUse(text: string): CertificateUse {
  if (!isCertificateUse(text)) throw damaged('use');
  return text;
}

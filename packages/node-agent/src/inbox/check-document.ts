import { createHash } from 'node:crypto';

import {
  type AgencyCode,
  type DeliveryPayload,
  type DirectoryEntry,
  type Finding,
  certificatesOf,
  findingOfVerdict,
} from '@congvan/bus';
import {
  type OpenedAsicE,
  type Indication,
  type PdfReport,
  SignerError,
  type TrustStore,
  openAsicE,
  parseCertificate,
  verifyDetached,
  verifyPdf,
} from '@congvan/signer';

import { type PackageHeader, readPackageHeader } from '../package/header.ts';

export interface DocumentCheckContext {
  readonly self: AgencyCode;
  readonly trust: TrustStore;
  readonly now: Date;
  readonly unsigned: 'accept' | 'refuse';
}

export interface DocumentVerdict {
  readonly packageIndication: Indication;
  readonly documentIndication: Indication;
  readonly documentSubIndication: string | null;
  readonly signers: readonly { readonly name: string; readonly indication: Indication }[];
  readonly checkedAt: string;
}

export type CheckedDocument =
  | {
      readonly accepted: true;
      readonly header: PackageHeader;
      readonly warnings: readonly Finding[];
      readonly verdict: DocumentVerdict;
    }
  | { readonly accepted: false; readonly finding: Finding; readonly detail: string };

class Rejection extends Error {
  readonly finding: Finding;
  constructor(finding: Finding, detail: string) {
    super(detail);
    this.finding = finding;
  }
}

/**
 * Checks a package whose delivery record is authentic (DESIGN §6, "Acceptance").
 *
 * Body, container, manifest signature, edXML header and the document's own signatures must agree
 * with the record. Pure: nothing is stored and nobody is asked.
 */
export function checkDocument(
  delivery: DeliveryPayload,
  body: Uint8Array,
  sender: DirectoryEntry,
  context: DocumentCheckContext,
): CheckedDocument {
  try {
    requireBody(delivery, body);
    const contents = openContainer(body);
    if (contents.manifestSha256 !== delivery.packageDigest) {
      throw new Rejection(
        'PACKAGE_DIGEST_MISMATCH',
        `the manifest is ${contents.manifestSha256}, the record says ${delivery.packageDigest}`,
      );
    }
    const packageIndication = requirePackageSignature(contents, sender, context);
    const header = requireHeader(contents, delivery, context.self);
    const report = judgeDocument(contents, header, context);
    const warnings = warningsOf(report, sender, context.unsigned);
    return {
      accepted: true,
      header,
      warnings,
      verdict: {
        packageIndication,
        documentIndication: report?.indication ?? 'INDETERMINATE',
        documentSubIndication: report === undefined ? 'NO_SIGNATURE' : report.subIndication,
        signers: (report?.signatures ?? []).map((signature) => ({
          name: signature.signerText ?? '',
          indication: signature.indication,
        })),
        checkedAt: context.now.toISOString(),
      },
    };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { accepted: false, finding: error.finding, detail: error.message };
  }
}

function requireBody(delivery: DeliveryPayload, body: Uint8Array): void {
  const sha256 = createHash('sha256').update(body).digest('hex');
  if (body.length === delivery.body.bytes && sha256 === delivery.body.sha256) return;
  throw new Rejection(
    'PACKAGE_DIGEST_MISMATCH',
    `${body.length} bytes with SHA-256 ${sha256}, the record says ${delivery.body.bytes} bytes with ${delivery.body.sha256}`,
  );
}

function openContainer(body: Uint8Array): OpenedAsicE {
  try {
    return openAsicE(body);
  } catch (error) {
    if (error instanceof SignerError) throw new Rejection('PACKAGE_MALFORMED', error.message);
    throw error;
  }
}

function requirePackageSignature(
  contents: OpenedAsicE,
  sender: DirectoryEntry,
  context: DocumentCheckContext,
): Indication {
  const listed = certificatesOf(sender, 'node');
  const verdict = verifyDetached({
    cms: contents.signature,
    content: contents.manifest,
    candidates: listed.map((certificate) => parseCertificate(certificate.der)),
    trust: context.trust,
    at: context.now,
  });
  const used = verdict.certificate?.sha256;
  if (used !== undefined && !listed.some((certificate) => certificate.sha256 === used)) {
    throw new Rejection(
      'SIGNER_NOT_LISTED',
      `the package is signed with certificate ${used}, which the directory does not list for ${sender.code}`,
    );
  }
  if (verdict.indication !== 'TOTAL-PASSED') {
    throw new Rejection(findingOfVerdict(verdict), `package signature: ${verdict.detail}`);
  }
  return verdict.indication;
}

function requireHeader(
  contents: OpenedAsicE,
  delivery: DeliveryPayload,
  self: AgencyCode,
): PackageHeader {
  const header = readPackageHeader(contents.files);
  if ('fault' in header) throw new Rejection('HEADER_MISMATCH', header.fault);
  const { from, to, documentId, businessType } = header;
  if (from !== delivery.from) {
    throw new Rejection('HEADER_MISMATCH', `the header is from ${from}, not ${delivery.from}`);
  }
  if (!to.includes(self)) {
    throw new Rejection('WRONG_RECIPIENT', `the header names ${to.join(', ')}, not ${self}`);
  }
  if (documentId !== delivery.documentId || businessType !== delivery.businessType) {
    throw new Rejection(
      'HEADER_MISMATCH',
      `the header is of document ${documentId} (business type ${businessType}), the record of ${delivery.documentId} (${delivery.businessType})`,
    );
  }
  return header;
}

/** The document is the first file by custom; `undefined` when it is not a PDF at all. */
function judgeDocument(
  contents: OpenedAsicE,
  header: PackageHeader,
  context: DocumentCheckContext,
): PdfReport | undefined {
  const main = header.files[0];
  const bytes = main === undefined ? undefined : contents.files.get(main.entry);
  if (main === undefined || bytes === undefined) {
    throw new Rejection('HEADER_MISMATCH', 'the header names no file of the package');
  }
  if (!startsLikePdf(bytes)) {
    if (context.unsigned === 'accept') return undefined;
    throw new Rejection('DOCUMENT_UNSIGNED', `${main.name} is not a PDF and has no signature`);
  }
  let report: PdfReport;
  try {
    report = verifyPdf(bytes, { trust: context.trust, at: context.now });
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    throw new Rejection('DOCUMENT_TAMPERED', `${main.name}: ${error.message}`);
  }
  requireUsable(report, main.name);
  if (report.signatures.length === 0 && context.unsigned === 'refuse') {
    throw new Rejection('DOCUMENT_UNSIGNED', `${main.name} has no signature`);
  }
  return report;
}

/** What is wrong, or looks as an attack would, is refused; what is merely open becomes a warning. */
function requireUsable(report: PdfReport, name: string): void {
  const { indication, subIndication, signatures, detail } = report;
  const details = signatures.map((signature) => signature.detail).join('; ');
  // A file with signatures whose newest state cannot be read shows each reader something else.
  const isUnreadable = subIndication === 'FORMAT_FAILURE' && signatures.length > 0;
  if (indication === 'TOTAL-FAILED' || isUnreadable) {
    const reason = subIndication ?? indication;
    throw new Rejection('DOCUMENT_TAMPERED', `${name}: ${reason}, ${details || detail}`);
  }
  // Without a proven time a document of today, signed with a stolen key, looks like an old one.
  const revoked = signatures.find((one) => REVOKED.has(one.subIndication));
  if (revoked !== undefined) {
    throw new Rejection('CERTIFICATE_REVOKED', `${name}: ${revoked.detail}`);
  }
}

const REVOKED: ReadonlySet<string | null> = new Set(['REVOKED_NO_POE', 'REVOKED_CA_NO_POE']);

function warningsOf(
  report: PdfReport | undefined,
  sender: DirectoryEntry,
  unsigned: 'accept' | 'refuse',
): Finding[] {
  if (report === undefined || report.signatures.length === 0) {
    return unsigned === 'accept' ? ['DOCUMENT_UNSIGNED'] : [];
  }
  const warnings: Finding[] = [];
  if (report.indication === 'INDETERMINATE') warnings.push('DOCUMENT_UNCERTAIN');
  const seals = new Set(certificatesOf(sender, 'seal').map((certificate) => certificate.sha256));
  const sealed = report.signatures.some(
    (signature) => signature.certificateSha256 !== null && seals.has(signature.certificateSha256),
  );
  if (!sealed) warnings.push('DOCUMENT_SEAL_OTHER');
  return warnings;
}

function startsLikePdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-');
}

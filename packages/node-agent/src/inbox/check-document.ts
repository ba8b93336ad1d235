import { type DirectoryEntry, type Finding, certificatesOf } from '@congvan/bus';
import { type Indication, type PdfReport, SignerError, verifyPdf } from '@congvan/signer';

import { AgentError } from '../errors.ts';
import { MAX_DOCUMENT_BYTES } from '../package/build.ts';
import type { PackageContents } from '../package/contents.ts';
import { type PackageHeader, type PackageSummary, summarize } from '../package/header.ts';
import type { OpenPartContext, ShownPackage } from './check-open-part.ts';
import { Rejection } from './rejection.ts';

export interface DocumentCheckContext extends OpenPartContext {
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
      readonly summary: PackageSummary;
      readonly warnings: readonly Finding[];
      readonly verdict: DocumentVerdict;
    }
  | { readonly accepted: false; readonly finding: Finding; readonly detail: string };

/**
 * Checks the files of an opened package: the document's own signatures.
 * Nothing is stored and nobody is asked.
 */
export async function checkDocument(
  shown: Pick<ShownPackage, 'header' | 'packageIndication'>,
  contents: PackageContents,
  sender: DirectoryEntry,
  context: DocumentCheckContext,
): Promise<CheckedDocument> {
  try {
    const { header, packageIndication } = shown;
    const report = await judgeDocument(contents, header, context);
    const warnings = warningsOf(report, sender, context.unsigned);
    return {
      accepted: true,
      summary: summarize(header, contents.sizes),
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

/** The document is the first file by custom; `undefined` when it is not a PDF at all. */
async function judgeDocument(
  contents: PackageContents,
  header: PackageHeader,
  context: DocumentCheckContext,
): Promise<PdfReport | undefined> {
  const main = header.files[0];
  if (main === undefined || !contents.sizes.has(main.entry)) {
    throw new Rejection('HEADER_MISMATCH', 'the header names no file of the package');
  }
  const bytes = await readDocument(contents, main.entry);
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

/** A document is judged in memory, so it has a limit of its own. */
async function readDocument(contents: PackageContents, entry: string): Promise<Uint8Array> {
  try {
    return await contents.read(entry, MAX_DOCUMENT_BYTES);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'AGENT_FILE_TOO_LARGE') throw error;
    throw new Rejection('PACKAGE_MALFORMED', error.message);
  }
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

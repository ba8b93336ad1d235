import { SignerError } from '../errors.ts';
import type { TrustStore } from '../path/trust-store.ts';
import { type PdfDocument, openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { PdfSource } from '../pdf/source.ts';
import { type ValidationData, mergeValidationData } from '../revocation/validation-data.ts';
import { locateSignature } from './byte-range.ts';
import { signedFields } from './form.ts';
import { judgeCoverage, withChanges } from './verify/coverage.ts';
import { baseReport, judgeAll } from './verify/judge.ts';
import type { Found } from './verify/located.ts';
import { findRemnants, removedSignatures } from './verify/lost.ts';
import { Proofs, type VerifyContext } from './verify/proofs.ts';
import type { PdfReport, PdfSecurityStoreReport, PdfSignatureReport } from './verify/report.ts';
import { type SecurityStore, readSecurityStore } from './verify/security-store.ts';

export interface VerifyPdfOptions {
  readonly trust: TrustStore;
  /** Validation time; the time that a signature claims is never used for it. */
  readonly at: Date;
  /** Certificates, CRLs and OCSP responses that may help beside those in the file; not trusted. */
  readonly data?: ValidationData;
  readonly limits?: PdfLimits;
}

/**
 * Verifies every signature and document time-stamp of a PDF: its place in the file, integrity,
 * certificate path and revocation at the earliest time that is proven, and what later revisions
 * changed (ETSI EN 319 102-1 §5.6, ETSI EN 319 142-1, ISO 32000-2 §12.8).
 *
 * A file that cannot be read is a result too: `FORMAT_FAILURE`, failed when it looks signed and no
 * signed state of it can be read. A file without signatures is `INDETERMINATE` / `NO_SIGNATURE`.
 */
export function verifyPdf(pdf: Uint8Array, options: VerifyPdfOptions): PdfReport {
  try {
    return verifyDocument(openPdf(pdf, options.limits ?? DEFAULT_PDF_LIMITS), options);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return unreadableFile(pdf, options, error);
  }
}

function verifyDocument(document: PdfDocument, options: VerifyPdfOptions): PdfReport {
  checkEncryption(document);
  const found = locateAll(document);
  const store = readSecurityStore(document);
  const context: VerifyContext = {
    trust: options.trust,
    at: options.at,
    // The caller's first: what the file brings must not crowd it out.
    data: mergeValidationData(options.data, store?.data),
    store,
  };
  const judged = judgeAll(document, found, context, new Proofs());
  const newestIntactEnd = Math.max(
    0,
    ...judged.map(({ place, state }) => ('problem' in place || state === 'broken' ? 0 : place.end)),
  );
  const signatures = [
    ...removedSignatures(document, found, newestIntactEnd),
    ...lostSignatures(document),
    ...judged.map((signature) => judgeCoverage(document, signature, judged)),
  ];
  return { ...worstOf(signatures), signatures, securityStore: describeStore(store) };
}

function checkEncryption({ sections }: PdfDocument): void {
  const encrypted = sections.filter(({ trailer }) => trailer.entries.has('Encrypt'));
  if (encrypted.length > 0 && encrypted.length < sections.length) {
    throw new SignerError('SIGNER_PDF_BROKEN', 'encryption was added to only a part of the PDF');
  }
  if (encrypted.length > 0) {
    throw new SignerError('SIGNER_PDF_ENCRYPTED', 'the PDF is encrypted and cannot be judged');
  }
}

/** The signatures that the form names, and their places; oldest first. */
function locateAll(document: PdfDocument): Found[] {
  const fields = signedFields(document);
  const { maxSignatures } = document.source.limits;
  if (fields.length > maxSignatures) {
    throw new SignerError('SIGNER_PDF_TOO_COMPLEX', `more than ${maxSignatures} signatures`, {
      details: { maxSignatures },
    });
  }
  const found = fields.map((field): Found => ({ field, place: locateSignature(document, field) }));
  markShared(found);
  return found.sort((a, b) => endOf(a) - endOf(b));
}

function endOf({ place }: Found): number {
  return 'problem' in place ? Number.MAX_SAFE_INTEGER : place.end;
}

/** A second field may not point at a signature that another field already has. */
function markShared(found: Found[]): void {
  const owners = new Map<number, string>();
  for (const [index, { field, place }] of found.entries()) {
    if ('problem' in place) continue;
    const owner = owners.get(place.number);
    if (owner === undefined) {
      owners.set(place.number, field.name);
    } else {
      const problem = `the signature belongs to field "${owner}" already`;
      found[index] = { field, place: { problem } };
    }
  }
}

/** Signatures of states that the newest revision does not build on: cut out by a wrong `/Prev`. */
function lostSignatures(document: PdfDocument): PdfSignatureReport[] {
  const known = new Set(document.sections.map(({ offset }) => offset));
  return findRemnants(document.source, known).flatMap((remnant) =>
    remnant.found.map((found) => {
      const problem = 'the revision that holds the signature was cut out of the file (/Prev)';
      return baseReport(remnant.document, { field: found.field, place: { problem } });
    }),
  );
}

/**
 * The newest state cannot be read. Where an earlier one can, its signatures are judged as far as it
 * goes: what viewers make of the rest is open.
 */
function unreadableFile(pdf: Uint8Array, options: VerifyPdfOptions, error: SignerError): PdfReport {
  const isOpen =
    error.code === 'SIGNER_PDF_ENCRYPTED' ||
    error.code === 'SIGNER_PDF_TOO_COMPLEX' ||
    error.code === 'SIGNER_PDF_TOO_LARGE';
  const signatures = error.code === 'SIGNER_PDF_BROKEN' ? earlierSignatures(pdf, options) : [];
  const isSigned = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.length).includes('/ByteRange');
  const isFailed =
    signatures.length > 0
      ? signatures.some(({ indication }) => indication === 'TOTAL-FAILED')
      : isSigned && !isOpen;
  const subject = signatures.length > 0 ? 'the newest revision cannot be read: ' : '';
  return {
    indication: isFailed ? 'TOTAL-FAILED' : 'INDETERMINATE',
    subIndication: 'FORMAT_FAILURE',
    signatures,
    securityStore: null,
    detail: `${subject}${error.message}`,
  };
}

function earlierSignatures(pdf: Uint8Array, options: VerifyPdfOptions): PdfSignatureReport[] {
  try {
    const source = new PdfSource(pdf, options.limits ?? DEFAULT_PDF_LIMITS);
    const [newest] = findRemnants(source, new Set());
    if (newest === undefined) return [];
    checkEncryption(newest.document);
    const { trust, at, data } = options;
    const context = { trust, at, data: mergeValidationData(data), store: undefined };
    const found = newest.found.toSorted((a, b) => endOf(a) - endOf(b));
    const judged = judgeAll(newest.document, found, context, new Proofs());
    const text = 'what came after it cannot be read';
    return judged.map(({ report }) => withChanges(report, [{ kind: 'undecided', text }]));
  } catch (error) {
    if (error instanceof SignerError) return [];
    throw error;
  }
}

function describeStore(store: SecurityStore | undefined): PdfSecurityStoreReport | null {
  if (store === undefined) return null;
  const { data, unreadable } = store;
  return {
    certificateCount: data.certificates.length,
    crlCount: data.crls.length,
    ocspCount: data.ocsps.length,
    unreadable,
  };
}

/** The worst signature counts; of document time-stamps only one whose file was changed after it. */
function worstOf(
  signatures: readonly PdfSignatureReport[],
): Pick<PdfReport, 'indication' | 'subIndication' | 'detail'> {
  const own = signatures.filter(({ kind }) => kind === 'signature');
  const worst =
    signatures.find(({ indication }) => indication === 'TOTAL-FAILED') ??
    own.find(({ indication }) => indication === 'INDETERMINATE') ??
    signatures.find(({ changes }) => own.length > 0 && changes[0]?.kind === 'undecided') ??
    own.at(-1);
  if (worst === undefined) {
    const detail =
      signatures.length === 0
        ? 'the PDF holds no signature'
        : 'the PDF holds document time-stamps, but no signature';
    return { indication: 'INDETERMINATE', subIndication: 'NO_SIGNATURE', detail };
  }
  const { indication, subIndication, detail } = worst;
  return { indication, subIndication, detail };
}

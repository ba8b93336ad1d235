import type { CmsMode } from '../cms/verify.ts';
import { verifyDetached } from '../cms/verify-detached.ts';
import { SignerError } from '../errors.ts';
import type { TrustStore } from '../path/trust-store.ts';
import { type PdfDocument, openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { decodeDate, decodeTextString } from '../pdf/text.ts';
import { PdfRef, nameText } from '../pdf/values.ts';
import type { Indication, SubIndication } from '../verdict.ts';
import {
  type LocatedSignature,
  type MisplacedSignature,
  digestByteRange,
  locateSignature,
} from './byte-range.ts';
import { type KnownSignature, type LaterChanges, judgeLaterChanges } from './changes.ts';
import { type FormField, signedFields } from './form.ts';
import { docMdpLevel } from './mdp.ts';
import { isInvisible } from './widget.ts';

/** One signature of a PDF. */
export interface PdfSignatureReport {
  readonly fieldName: string;
  readonly kind: 'signature' | 'timestamp';
  readonly indication: Indication;
  readonly subIndication: SubIndication | null;
  /** Subject of the signing certificate, readable; null when it was not found. */
  readonly signerText: string | null;
  readonly certificateSha256: string | null;
  /** `/M`: what the signer claims, no proof. */
  readonly claimedAt: Date | null;
  readonly reason: string | null;
  readonly location: string | null;
  /** True when nothing was added to the file after this signature. */
  readonly coversWholeFile: boolean;
  /** Length of the signed revision in bytes; null when the place of the signature is wrong. */
  readonly revisionBytes: number | null;
  /** 1 for the first saved state of the file; null when the place of the signature is wrong. */
  readonly revision: number | null;
  /** What came after the signature, harmless or not, in words. */
  readonly changesAfter: readonly string[];
  readonly detail: string;
}

/** All signatures of a PDF, oldest first, and the worst of their indications. */
export interface PdfReport {
  readonly indication: Indication;
  readonly subIndication: SubIndication | 'NO_SIGNATURE' | null;
  readonly signatures: readonly PdfSignatureReport[];
  readonly detail: string;
}

export interface VerifyPdfOptions {
  readonly trust: TrustStore;
  /** Validation time; the time that a signature claims is never used for it. */
  readonly at: Date;
  readonly limits?: PdfLimits;
}

interface Found {
  readonly field: FormField;
  readonly place: LocatedSignature | MisplacedSignature;
}

interface Judged extends Found {
  readonly report: PdfSignatureReport;
  /** The place is right and the cryptography holds, whatever its certificate is worth. */
  readonly isIntact: boolean;
}

/**
 * Verifies every signature of a PDF: its place in the file, integrity, certificate path and
 * revocation at `at`, and what later revisions changed (ETSI EN 319 102-1, ISO 32000-1 §12.8).
 *
 * A file that cannot be read is a result too: `FORMAT_FAILURE`, failed when it looks signed. A file
 * without signatures is `INDETERMINATE` / `NO_SIGNATURE`.
 */
export function verifyPdf(pdf: Uint8Array, options: VerifyPdfOptions): PdfReport {
  try {
    return verifyDocument(openPdf(pdf, options.limits ?? DEFAULT_PDF_LIMITS), options);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const isSigned = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.length).includes('/ByteRange');
    const isFailed = isSigned && error.code !== 'SIGNER_PDF_ENCRYPTED';
    return {
      indication: isFailed ? 'TOTAL-FAILED' : 'INDETERMINATE',
      subIndication: 'FORMAT_FAILURE',
      signatures: [],
      detail: error.message,
    };
  }
}

function verifyDocument(document: PdfDocument, options: VerifyPdfOptions): PdfReport {
  const encrypted = document.sections.filter(({ trailer }) => trailer.entries.has('Encrypt'));
  if (encrypted.length > 0 && encrypted.length < document.sections.length) {
    throw new SignerError('SIGNER_PDF_BROKEN', 'encryption was added to only a part of the PDF');
  }
  if (encrypted.length > 0) {
    throw new SignerError('SIGNER_PDF_ENCRYPTED', 'the PDF is encrypted and cannot be judged');
  }
  const fields = signedFields(document);
  const { maxSignatures } = document.source.limits;
  if (fields.length > maxSignatures) {
    throw new SignerError('SIGNER_PDF_TOO_COMPLEX', `more than ${maxSignatures} signatures`, {
      details: { maxSignatures },
    });
  }
  const found = fields.map((field): Found => ({ field, place: locateSignature(document, field) }));
  markShared(found);
  found.sort((a, b) => endOf(a) - endOf(b));
  const judged = found.map((signature) => judgeIntegrity(document, signature, options));
  const signatures = [
    ...removedSignatures(document, found),
    ...judged.map((signature) => judgeCoverage(document, signature, judged)),
  ];
  return { ...worstOf(signatures), signatures };
}

function endOf(found: Found): number {
  return 'problem' in found.place ? Number.MAX_SAFE_INTEGER : found.place.end;
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
      const text = `the signature belongs to field "${owner}" already`;
      found[index] = { field, place: { problem: text } };
    }
  }
}

function baseReport(document: PdfDocument, { field, place }: Found): PdfSignatureReport {
  const dict = document.dict(field.value);
  const text = (key: string): string | null =>
    decodeTextString(document.resolve(dict?.get(key))) ?? null;
  const isPlaced = !('problem' in place);
  const isTimestamp = nameText(dict?.get('SubFilter')) === 'ETSI.RFC3161';
  return {
    fieldName: field.name,
    kind: isTimestamp ? 'timestamp' : 'signature',
    indication: 'TOTAL-FAILED',
    subIndication: 'FORMAT_FAILURE',
    signerText: null,
    certificateSha256: null,
    claimedAt: decodeDate(document.resolve(dict?.get('M'))) ?? null,
    reason: text('Reason'),
    location: text('Location'),
    coversWholeFile: isPlaced && place.end === document.source.bytes.length,
    revisionBytes: isPlaced ? place.end : null,
    revision: null,
    changesAfter: [],
    detail: isPlaced ? '' : place.problem,
  };
}

/** A report stays readable however much was changed. */
const MAX_LISTED_VIOLATIONS = 50;
const CMS_MODES: Readonly<Record<string, CmsMode>> = {
  'ETSI.CAdES.detached': 'cades',
  'adbe.pkcs7.detached': 'pkcs7',
};
const LEGACY_SUB_FILTERS = new Set(['adbe.pkcs7.sha1', 'adbe.x509.rsa_sha1']);
/** Reasons that leave open whether the signature value itself is right. */
const NOT_INTACT: ReadonlySet<SubIndication> = new Set<SubIndication>([
  'FORMAT_FAILURE',
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'NO_SIGNING_CERTIFICATE_FOUND',
  'SIG_CONSTRAINTS_FAILURE',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'SIGNED_DATA_NOT_FOUND',
]);

function judgeIntegrity(document: PdfDocument, found: Found, options: VerifyPdfOptions): Judged {
  const report = baseReport(document, found);
  const { place } = found;
  if ('problem' in place) return { ...found, report, isIntact: false };
  if (report.kind === 'timestamp') {
    const isIntact = isInvisible(document, knownSignature(found, place));
    const detail = 'document time-stamps are not judged by this version';
    return {
      ...found,
      isIntact,
      report: {
        ...report,
        indication: 'INDETERMINATE',
        subIndication: 'SIG_CONSTRAINTS_FAILURE',
        detail,
      },
    };
  }
  const mode = CMS_MODES[place.subFilter];
  if (mode === undefined) {
    const detail = `/SubFilter ${place.subFilter} is not supported`;
    const isLegacy = LEGACY_SUB_FILTERS.has(place.subFilter);
    const verdict = isLegacy
      ? ({ indication: 'INDETERMINATE', subIndication: 'CRYPTO_CONSTRAINTS_FAILURE' } as const)
      : ({ indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' } as const);
    return { ...found, isIntact: false, report: { ...report, ...verdict, detail } };
  }
  const { indication, subIndication, certificate, detail } = verifyDetached({
    cms: place.cms,
    digest: (hash) => digestByteRange(document.source.bytes, place.byteRange, hash),
    mode,
    trust: options.trust,
    at: options.at,
  });
  return {
    ...found,
    isIntact: subIndication === null || !NOT_INTACT.has(subIndication),
    report: {
      ...report,
      indication,
      subIndication,
      signerText: certificate?.subjectText ?? null,
      certificateSha256: certificate?.sha256 ?? null,
      detail,
    },
  };
}

function knownSignature({ field }: Found, place: LocatedSignature): KnownSignature {
  const { name, number, widgets } = field;
  return { fieldName: name, fieldNumber: number, widgets, end: place.end };
}

/** Adds what came after the signature; the strict part of the verdict. */
function judgeCoverage(
  document: PdfDocument,
  { report, place }: Judged,
  all: readonly Judged[],
): PdfSignatureReport {
  if ('problem' in place) return report;
  const { sections, source } = document;
  const index = sections.findIndex((section) => section.offset === place.startXref);
  const isInside = sections
    .slice(index)
    .every(({ end, hidden }) => end <= place.end && (hidden?.end ?? 0) <= place.end);
  if (index < 0 || !isInside) {
    const detail = 'the newest revision does not build on the signed one';
    return failedReport(report, [detail], []);
  }
  const revision = countRevisions(document, index);
  if (place.end === source.bytes.length) return { ...report, revision };
  const later: KnownSignature[] = [];
  let isLocked = docMdpLevel(document, place.dict) === 1;
  for (const other of all) {
    if ('problem' in other.place || other.place.end <= place.end || !other.isIntact) continue;
    later.push(knownSignature(other, other.place));
  }
  isLocked &&= later.length > 0;
  const changes = judgeLaterChanges(document, document.earlierRevision(index, place.end), later);
  return withChanges({ ...report, revision }, changes, isLocked);
}

function withChanges(
  report: PdfSignatureReport,
  { violations, notes, suspicions }: LaterChanges,
  isLocked: boolean,
): PdfSignatureReport {
  const broken = isLocked
    ? [...violations, 'signed again although certified with "no changes allowed" (DocMDP P=1)']
    : violations;
  if (broken.length > 0) return failedReport(report, broken, [...suspicions, ...notes]);
  const changesAfter = [...suspicions, ...notes];
  if (suspicions.length === 0 || report.indication !== 'TOTAL-PASSED') {
    return { ...report, changesAfter };
  }
  return {
    ...report,
    indication: 'INDETERMINATE',
    subIndication: 'SIG_CONSTRAINTS_FAILURE',
    changesAfter,
    detail: suspicions.join('; '),
  };
}

function failedReport(
  report: PdfSignatureReport,
  violations: readonly string[],
  notes: readonly string[],
): PdfSignatureReport {
  const listed = violations.slice(0, MAX_LISTED_VIOLATIONS);
  const more = violations.length - listed.length;
  if (more > 0) listed.push(`and ${more} more changes`);
  const changesAfter = [...listed, ...notes];
  if (report.indication === 'TOTAL-FAILED') return { ...report, changesAfter };
  return {
    ...report,
    indication: 'TOTAL-FAILED',
    subIndication: 'FORMAT_FAILURE',
    changesAfter,
    detail: `changed after signing: ${violations[0] ?? ''}`,
  };
}

/** A linearized file has two sections for its first revision: the newer stands before the older. */
function countRevisions({ sections }: PdfDocument, index: number): number {
  const chain = sections.slice(index);
  const isLinearized = chain.some((section, i) => section.offset < (chain[i + 1]?.offset ?? 0));
  return chain.length - (isLinearized ? 1 : 0);
}

/** Signatures of earlier revisions that the newest one does not show any more. */
function removedSignatures(document: PdfDocument, found: readonly Found[]): PdfSignatureReport[] {
  const known = new Set(found.map(({ field }) => placeOf(document, field)));
  const removed: PdfSignatureReport[] = [];
  for (let index = 1; index < document.sections.length; index++) {
    const earlier = document.earlierRevision(index, document.end);
    for (const field of readableFields(earlier)) {
      const place = placeOf(earlier, field);
      if (known.has(place)) continue;
      known.add(place);
      const detail = 'the signature was removed or replaced by a later revision';
      removed.push(baseReport(earlier, { field, place: { problem: detail } }));
    }
  }
  return removed;
}

function placeOf(document: PdfDocument, field: FormField): number | undefined {
  return field.value instanceof PdfRef ? document.entry(field.value.number)?.position : undefined;
}

/** A section of a linearized or hybrid file may not make a document by itself. */
function readableFields(document: PdfDocument): FormField[] {
  try {
    return signedFields(document);
  } catch (error) {
    if (error instanceof SignerError && error.code === 'SIGNER_PDF_BROKEN') return [];
    throw error;
  }
}

function worstOf(
  signatures: readonly PdfSignatureReport[],
): Pick<PdfReport, 'indication' | 'subIndication' | 'detail'> {
  const judged = signatures.filter(({ kind }) => kind === 'signature');
  const worst =
    judged.find(({ indication }) => indication === 'TOTAL-FAILED') ??
    judged.find(({ indication }) => indication === 'INDETERMINATE') ??
    judged.at(-1);
  if (worst === undefined) {
    const detail = 'the PDF holds no signature';
    return { indication: 'INDETERMINATE', subIndication: 'NO_SIGNATURE', detail };
  }
  const { indication, subIndication, detail } = worst;
  return { indication, subIndication, detail };
}

import { SignerError } from '../../errors.ts';
import { PdfDocument } from '../../pdf/document.ts';
import { type PdfSource } from '../../pdf/source.ts';
import { PdfRef } from '../../pdf/values.ts';
import { findStartXref, readXrefChain } from '../../pdf/xref.ts';
import { locateSignature } from '../byte-range.ts';
import { type FormField, signedFields } from '../form.ts';
import { baseReport } from './judge.ts';
import type { Found } from './located.ts';
import type { PdfSignatureReport } from './report.ts';

const END_OF_FILE = '%%EOF';
/** Ends of revisions that are looked at, newest first. */
const MAX_ENDS = 64;

/** Signatures of earlier revisions that the newest one does not show any more. */
export function removedSignatures(
  document: PdfDocument,
  found: readonly Found[],
  newestIntactEnd: number,
): PdfSignatureReport[] {
  const known = new Set(found.map(({ field }) => placeOf(document, field)));
  const removed: PdfSignatureReport[] = [];
  for (let index = 1; index < document.sections.length; index++) {
    const earlier = document.earlierRevision(index, document.end);
    const remover = document.sections[index - 1]?.end ?? Infinity;
    for (const field of readableFields(earlier)) {
      const place = placeOf(earlier, field);
      if (known.has(place)) continue;
      known.add(place);
      const problem = 'the signature was removed or replaced by a later revision';
      const report = baseReport(earlier, { field, place: { problem } });
      // Whoever signed the revision without it has taken that over; it is gone, but not by stealth.
      const isTakenOver = remover <= newestIntactEnd;
      removed.push(
        isTakenOver
          ? {
              ...report,
              indication: 'INDETERMINATE',
              subIndication: 'SIG_CONSTRAINTS_FAILURE',
              detail: `${problem}, which was signed`,
            }
          : report,
      );
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

/** A state of the file that ends at an `%%EOF`, with the signatures that cover exactly it or less. */
export interface Remnant {
  readonly document: PdfDocument;
  readonly found: readonly Found[];
}

/**
 * Finds signatures in states of the file that the chain of cross-reference sections does not lead
 * to: someone cut the signed revision out, or the newest revision cannot be read. Only a signature
 * whose place follows all rules counts, so that a signed PDF inside an attachment does not.
 *
 * @param known - offsets of the sections that the chain leads to.
 */
export function findRemnants(source: PdfSource, known: ReadonlySet<number>): Remnant[] {
  const { bytes } = source;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const remnants: Remnant[] = [];
  const seen = new Set(known);
  let at = file.length;
  for (let count = 0; count < MAX_ENDS && at > 0; count++) {
    at = file.lastIndexOf(END_OF_FILE, at - 1);
    if (at < 0) break;
    const remnant = openAt(source, at + END_OF_FILE.length, seen);
    if (remnant === undefined || remnant.found.length === 0) continue;
    remnants.push(remnant);
    for (const { offset } of remnant.document.sections) seen.add(offset);
  }
  return remnants;
}

function openAt(source: PdfSource, end: number, seen: Set<number>): Remnant | undefined {
  try {
    const { offset } = findStartXref(source.bytes, end);
    if (offset === 0 || offset >= end || seen.has(offset)) return undefined;
    seen.add(offset);
    const document = new PdfDocument(source, readXrefChain(source, offset), end);
    const found = signedFields(document)
      .map((field): Found => ({ field, place: locateSignature(document, field) }))
      .filter(({ place }) => !('problem' in place));
    return { document, found };
  } catch (error) {
    if (error instanceof SignerError && error.code === 'SIGNER_PDF_BROKEN') return undefined;
    throw error;
  }
}

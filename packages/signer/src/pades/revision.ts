import { SignerError } from '../errors.ts';
import { type PdfDocument, openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { findStartXref } from '../pdf/xref.ts';
import { locateSignature } from './byte-range.ts';
import { signedFields } from './form.ts';

const END_OF_FILE = '%%EOF';

/**
 * Number of the revision whose newest section stands at an index of `sections`: 1 is the first saved
 * state. A linearized file has two sections for it: the newer stands before the older.
 */
export function revisionNumber({ sections }: PdfDocument, index: number): number {
  const chain = sections.slice(index);
  const isLinearized = chain.some((section, i) => section.offset < (chain[i + 1]?.offset ?? 0));
  return chain.length - (isLinearized ? 1 : 0);
}

/**
 * Cuts the file back to one of its saved states: what a person saw who signed then. `revision` is
 * counted as in the reports of `verifyPdf`, 1 for the first state. For a revision that was signed
 * the result is exactly the bytes up to the end of the signature's range.
 *
 * @returns a view on the given bytes, no copy.
 * @throws {@link SignerError} `SIGNER_PDF_REVISION_UNKNOWN` when the file has no such revision,
 *   `SIGNER_PDF_*` when it cannot be read.
 */
export function extractRevision(
  pdf: Uint8Array,
  revision: number,
  limits: PdfLimits = DEFAULT_PDF_LIMITS,
): Uint8Array {
  const document = openPdf(pdf, limits);
  const count = revisionNumber(document, 0);
  const section = document.sections[count - revision];
  if (!Number.isInteger(revision) || revision < 1 || section === undefined) {
    throw new SignerError(
      'SIGNER_PDF_REVISION_UNKNOWN',
      `there is no revision ${revision}: the PDF has ${count}`,
      { details: { revision, count } },
    );
  }
  if (revision === count) return pdf;
  return pdf.subarray(0, endOfRevision(document, section.offset));
}

function endOfRevision(document: PdfDocument, startXref: number): number {
  const { bytes } = document.source;
  for (const field of signedFields(document)) {
    const place = locateSignature(document, field);
    if (!('problem' in place) && place.startXref === startXref) return place.end;
  }
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = file.indexOf(END_OF_FILE);
  for (; at >= 0; at = file.indexOf(END_OF_FILE, at + 1)) {
    const end = at + END_OF_FILE.length;
    if (namesSection(bytes, end, startXref)) return end + lineEndLength(bytes, end);
  }
  throw new SignerError('SIGNER_PDF_BROKEN', 'a revision of the PDF has no end (%%EOF)', {
    details: { offset: startXref },
  });
}

function namesSection(bytes: Uint8Array, end: number, startXref: number): boolean {
  try {
    return findStartXref(bytes, end).offset === startXref;
  } catch (error) {
    if (error instanceof SignerError) return false;
    throw error;
  }
}

function lineEndLength(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x0d) return bytes[at + 1] === 0x0a ? 2 : 1;
  return bytes[at] === 0x0a ? 1 : 0;
}

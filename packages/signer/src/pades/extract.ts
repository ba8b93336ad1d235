import { openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { type ByteRange, locateSignature } from './byte-range.ts';
import { signedFields } from './form.ts';

/** A signature as an outside tool needs it: the CMS message and the ranges it covers. */
export interface ExtractedSignature {
  readonly fieldName: string;
  readonly cms: Uint8Array;
  readonly byteRange: ByteRange;
}

/**
 * Lists the signatures of a PDF in the order of its form, without judging them; those whose place
 * in the file is wrong are left out.
 *
 * @throws {@link SignerError} `SIGNER_PDF_*` when the file cannot be read.
 */
export function listPdfSignatures(
  pdf: Uint8Array,
  limits: PdfLimits = DEFAULT_PDF_LIMITS,
): ExtractedSignature[] {
  const document = openPdf(pdf, limits);
  const signatures: ExtractedSignature[] = [];
  for (const field of signedFields(document)) {
    const place = locateSignature(document, field);
    if ('problem' in place) continue;
    signatures.push({ fieldName: field.name, cms: place.cms, byteRange: place.byteRange });
  }
  return signatures;
}

import { type PdfDocument, openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { type SignableDocument, checkSignable } from './refusals.ts';

/**
 * A PDF that was read and found fit to be signed, so that checking and signing parse it once. Its
 * bytes must not change while it is in use; it may be signed any number of times.
 */
export class PreparedPdf {
  readonly document: PdfDocument;
  readonly signable: SignableDocument;

  constructor(document: PdfDocument, signable: SignableDocument) {
    this.document = document;
    this.signable = signable;
  }

  /** The bytes it was made of. */
  get pdf(): Uint8Array {
    return this.document.source.bytes;
  }
}

/**
 * Reads a PDF and refuses what must not be signed.
 *
 * @throws {@link SignerError} `SIGNER_PDF_*`; the reasons stand at `checkSignable`.
 */
export function preparePdf(pdf: Uint8Array, limits: PdfLimits = DEFAULT_PDF_LIMITS): PreparedPdf {
  const document = openPdf(pdf, limits);
  return new PreparedPdf(document, checkSignable(document));
}

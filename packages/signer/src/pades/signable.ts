import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { requireIntact } from './intact.ts';
import { type PreparedPdf, preparePdf } from './prepare.ts';

/**
 * Refuses a PDF that `signPdf` would refuse, and one whose earlier signatures no longer hold: every
 * recipient would take it for tampered with. For callers who must know before they commit to it.
 *
 * @returns what {@link signPdf} takes in place of the bytes, so that it need not read them again.
 * @throws {@link SignerError} `SIGNER_PDF_*`; `SIGNER_PDF_TAMPERED` names the signature field.
 */
export function requireSignablePdf(
  pdf: Uint8Array,
  limits: PdfLimits = DEFAULT_PDF_LIMITS,
): PreparedPdf {
  const prepared = preparePdf(pdf, limits);
  if (prepared.signable.fields.length > 0) requireIntact(pdf, limits);
  return prepared;
}

import { SignerError } from '../errors.ts';
import { createTrustStore } from '../path/trust-store.ts';
import { openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { checkSignable } from './refusals.ts';
import { verifyPdf } from './verify.ts';

/** What the bytes alone prove wrong, whoever is trusted. */
const BROKEN: ReadonlySet<string | null> = new Set([
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'FORMAT_FAILURE',
]);

/**
 * Refuses a PDF that `signPdf` would refuse, and one whose earlier signatures no longer hold: every
 * recipient would take it for tampered with. For callers who must know before they commit to it.
 *
 * @throws {@link SignerError} `SIGNER_PDF_*`; `SIGNER_PDF_TAMPERED` names the signature field.
 */
export function requireSignablePdf(pdf: Uint8Array, limits: PdfLimits = DEFAULT_PDF_LIMITS): void {
  const { fields } = checkSignable(openPdf(pdf, limits));
  if (fields.length === 0) return;
  // Whom to trust is the recipient's question; here only what the bytes themselves say counts.
  const report = verifyPdf(pdf, {
    trust: createTrustStore({ anchors: [] }),
    at: new Date(),
    limits,
  });
  const broken = report.signatures.find(
    (one) => one.indication === 'TOTAL-FAILED' && BROKEN.has(one.subIndication),
  );
  if (broken === undefined) return;
  throw new SignerError(
    'SIGNER_PDF_TAMPERED',
    `the PDF was changed after it was signed (${broken.fieldName}: ${broken.detail})`,
    { details: { fieldName: broken.fieldName } },
  );
}

import { SignerError } from '../errors.ts';
import { createTrustStore } from '../path/trust-store.ts';
import type { PdfLimits } from '../pdf/limits.ts';
import { verifyPdf } from './verify.ts';

/** What the bytes alone prove wrong, whoever is trusted. */
const BROKEN: ReadonlySet<string | null> = new Set([
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'FORMAT_FAILURE',
]);

/**
 * Refuses a file whose signatures no longer hold. Whom to trust is the recipient's question; here
 * only what the bytes themselves say counts.
 *
 * @throws {@link SignerError} `SIGNER_PDF_TAMPERED`; names the signature field.
 */
export function requireIntact(pdf: Uint8Array, limits: PdfLimits): void {
  const trust = createTrustStore({ anchors: [] });
  const report = verifyPdf(pdf, { trust, at: new Date(), limits });
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

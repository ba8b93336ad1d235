import { createTrustStore, verifyPdf } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';

const BROKEN = new Set<string | null>(['HASH_FAILURE', 'SIG_CRYPTO_FAILURE', 'FORMAT_FAILURE']);

/**
 * Refuses a file that no recipient could accept before it takes a number of the register: one that is
 * no readable PDF, or that was changed after somebody signed it.
 *
 * @throws {@link CliError} `CLI_PDF_UNUSABLE` or `CLI_PDF_TAMPERED`.
 */
export function requireUsablePdf(cli: Cli, file: string, bytes: Uint8Array): void {
  // Whom to trust is the recipient's question; here only what the bytes themselves say counts.
  const trust = createTrustStore({ anchors: [] });
  const report = verifyPdf(bytes, { trust, at: cli.now() });
  const details = { file };
  if (report.signatures.length === 0 && report.subIndication === 'FORMAT_FAILURE') {
    const message = cli.messages.text.pdfUnusable(file, report.detail);
    throw new CliError('CLI_PDF_UNUSABLE', message, { details });
  }
  const broken = report.signatures.find(
    (one) => one.indication === 'TOTAL-FAILED' && BROKEN.has(one.subIndication),
  );
  if (broken === undefined) return;
  const message = cli.messages.text.pdfTampered(file, broken.fieldName, broken.detail);
  throw new CliError('CLI_PDF_TAMPERED', message, { details });
}

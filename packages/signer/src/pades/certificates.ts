import { signersFirst } from '../cms/certificates.ts';
import { type SignedData, readSignedData } from '../cms/signed-data.ts';
import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { unique } from '../revocation/validation-data.ts';
import { readToken } from '../tsp/token.ts';
import type { Certificate } from '../x509/certificate.ts';
import { locateSignature } from './byte-range.ts';
import { signedFields } from './form.ts';
import { readSecurityStore } from './verify/security-store.ts';

/**
 * Collects all certificates of a PDF: of its signatures, of the time-stamps in and over them, and of
 * the security store; those that signed come first. Nothing is verified; what cannot be read is left out. For gathering validation
 * data, and for showing who is named in a file.
 *
 * @throws {@link SignerError} `SIGNER_PDF_*` when the file cannot be read.
 */
export function certificatesOf(
  pdf: Uint8Array,
  limits: PdfLimits = DEFAULT_PDF_LIMITS,
): readonly Certificate[] {
  const document = openPdf(pdf, limits);
  const messages: SignedData[] = [];
  for (const field of signedFields(document)) {
    const place = locateSignature(document, field);
    if ('problem' in place) continue;
    const message = readMessage(place.cms, place.subFilter === 'ETSI.RFC3161');
    if (message === undefined) continue;
    messages.push(message);
    const { unsignedAttributes } = message.signerInfo;
    for (const token of unsignedAttributes.get(OID.signatureTimeStampToken) ?? []) {
      const stamp = readMessage(token, true);
      if (stamp !== undefined) messages.push(stamp);
    }
  }
  const stored = readSecurityStore(document)?.data.certificates ?? [];
  return unique([...signersFirst(messages), ...stored]);
}

function readMessage(cms: Uint8Array, isToken: boolean): SignedData | undefined {
  try {
    return isToken ? readToken(cms).message : readSignedData(cms);
  } catch (error) {
    if (error instanceof SignerError) return undefined;
    throw error;
  }
}

import { readSignedData } from '../cms/signed-data.ts';
import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { openPdf } from '../pdf/document.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import { type LocatedSignature, locateSignature } from './byte-range.ts';
import { addDocumentTimeStamp } from './document-time-stamp.ts';
import { signedFields } from './form.ts';
import { requireIntact } from './intact.ts';
import type { PdfLevel, ValidationDataSource } from './level.ts';
import { addLongTermData } from './long-term.ts';

export interface ExtendPdfOptions {
  readonly to: Exclude<PdfLevel, 'B-B'>;
  /** Not needed for B-LT when every signature has a time-stamp already. */
  readonly timeStamps?: TimeStampSource;
  /** Needed for B-LT and B-LTA. */
  readonly validationData?: ValidationDataSource;
  readonly limits?: PdfLimits;
}

/**
 * Raises the level of all signatures of a PDF, whoever made them (ETSI EN 319 142-1 §6.3), by
 * appended revisions only:
 *
 * - `B-T`: a document time-stamp, when a signature has none; else the file comes back as it is.
 * - `B-LT`: B-T, then validation data for signatures and time-stamps (DSS).
 * - `B-LTA`: B-LT, then a document time-stamp over all of it. Asked for again, it renews the
 *   protection: data for the time-stamps before, and a new one over them.
 *
 * @throws {@link SignerError} `SIGNER_PDF_NO_SIGNATURE`; `SIGNER_PDF_TAMPERED` when a signature no
 *   longer holds; `SIGNER_INPUT_INVALID` when a source is missing; `SIGNER_REVOCATION_MISSING` names
 *   the certificate; other `SIGNER_PDF_*` when the file cannot be read; what the sources throw.
 */
export async function extendPdf(pdf: Uint8Array, options: ExtendPdfOptions): Promise<Uint8Array> {
  const { to, timeStamps, validationData, limits = DEFAULT_PDF_LIMITS } = options;
  const isStamped = areAllStamped(pdf, limits);
  requireIntact(pdf, limits);
  let file = pdf;
  if (!isStamped) file = await addDocumentTimeStamp(file, required(timeStamps, to), limits);
  if (to === 'B-T') return file;
  const archive = to === 'B-LTA' ? required(timeStamps, to) : undefined;
  file = await addLongTermData(file, { validationData: required(validationData, to), limits });
  return archive === undefined ? file : addDocumentTimeStamp(file, archive, limits);
}

function required<T>(source: T | undefined, to: PdfLevel): T {
  if (source !== undefined) return source;
  const needed = 'time-stamps, and of validation data from B-LT on';
  throw new SignerError('SIGNER_INPUT_INVALID', `level ${to} needs a source of ${needed}`);
}

/** True when each signature has a time-stamp in it or a document time-stamp after it. */
function areAllStamped(pdf: Uint8Array, limits: PdfLimits): boolean {
  const document = openPdf(pdf, limits);
  if (document.sections.some(({ trailer }) => trailer.entries.has('Encrypt'))) {
    throw new SignerError('SIGNER_PDF_ENCRYPTED', 'the PDF is encrypted and cannot be extended');
  }
  const fields = signedFields(document);
  if (fields.length === 0) {
    throw new SignerError('SIGNER_PDF_NO_SIGNATURE', 'the PDF holds no signature to extend');
  }
  const places = fields.flatMap((field) => {
    const place = locateSignature(document, field);
    return 'problem' in place ? [] : [place];
  });
  const lastStamp = Math.max(0, ...places.filter(isDocumentTimeStamp).map(({ end }) => end));
  return places.every((place) => place.end <= lastStamp || hasOwnTimeStamp(place));
}

function isDocumentTimeStamp({ subFilter }: LocatedSignature): boolean {
  return subFilter === 'ETSI.RFC3161';
}

function hasOwnTimeStamp({ cms }: LocatedSignature): boolean {
  try {
    return readSignedData(cms).signerInfo.unsignedAttributes.has(OID.signatureTimeStampToken);
  } catch (error) {
    // Whether it can be read at all is judged before anything is appended.
    if (error instanceof SignerError) return false;
    throw error;
  }
}

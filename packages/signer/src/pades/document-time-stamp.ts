import { openPdf } from '../pdf/document.ts';
import { IncrementWriter } from '../pdf/increment.ts';
import { DEFAULT_PDF_LIMITS, type PdfLimits } from '../pdf/limits.ts';
import { PdfName, type PdfValue } from '../pdf/values.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import { parseTimeStampToken, requireImprint } from '../tsp/token.ts';
import { digestByteRange } from './byte-range.ts';
import {
  INVISIBLE,
  addField,
  chooseFieldName,
  fillByteRange,
  fillContents,
  newFileId,
  writeSignature,
} from './field.ts';
import { readStructure } from './structure.ts';

/**
 * Appends a document time-stamp (ETSI EN 319 142-1 §5.4.3): a token over the whole file in an
 * invisible signature field. It changes nothing that a certification could forbid (ISO 32000-2
 * §12.8.2.2.2).
 *
 * @returns the whole new file, which begins with the input.
 * @throws {@link SignerError} `SIGNER_PDF_*` when the file cannot be read; what the source throws.
 */
export async function addDocumentTimeStamp(
  pdf: Uint8Array,
  source: TimeStampSource,
  limits: PdfLimits = DEFAULT_PDF_LIMITS,
): Promise<Buffer> {
  const document = openPdf(pdf, limits);
  const { survey, fields, firstPage } = readStructure(document);
  const writer = new IncrementWriter(document, survey.counts);
  const entries = new Map<string, PdfValue>([
    ['Type', new PdfName('DocTimeStamp')],
    ['Filter', new PdfName('Adobe.PPKLite')],
    ['SubFilter', new PdfName('ETSI.RFC3161')],
  ]);
  const signature = writeSignature(writer, entries, source.maxTokenBytes);
  const name = chooseFieldName(fields, undefined, 'DocTimeStamp');
  const place = { page: firstPage, entries: INVISIBLE };
  addField(writer, document, { name, signature: signature.ref, place });
  const file = writer.finish(newFileId(pdf, name));
  const byteRange = fillByteRange(file, signature);
  const hash = source.hash ?? 'sha256';
  const digest = digestByteRange(file, byteRange, hash);
  const token = await source.timeStamp(digest, hash);
  requireImprint(parseTimeStampToken(token), digest, hash);
  fillContents(file, signature, token);
  return file;
}

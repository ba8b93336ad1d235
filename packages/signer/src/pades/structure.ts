import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { listPages } from '../pdf/pages.ts';
import { type Survey, surveyDocument } from '../pdf/survey.ts';
import type { PdfDict, PdfRef } from '../pdf/values.ts';
import { IN_FILE } from '../pdf/xref.ts';
import { type FormField, collectFields } from './form.ts';

/** A page with the reference under which it stands. */
export interface PageObject {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
}

/** What must be known of a document to append to it. */
export interface DocumentStructure {
  readonly firstPage: PageObject;
  /** In the order of the document. */
  readonly pages: readonly PdfRef[];
  readonly fields: readonly FormField[];
  /** What all objects refer to, and what stands out in them. */
  readonly survey: Survey;
}

function refuse(
  code: 'SIGNER_PDF_ENCRYPTED' | 'SIGNER_PDF_BROKEN' | 'SIGNER_PDF_NO_PAGES',
  message: string,
): never {
  throw new SignerError(code, message);
}

/**
 * Looks through every object of a document, so that a revision can be appended to it safely.
 *
 * @throws {@link SignerError} `SIGNER_PDF_ENCRYPTED`, `SIGNER_PDF_NO_PAGES`, `SIGNER_PDF_TOO_COMPLEX`,
 *   `SIGNER_PDF_BROKEN` when an object cannot be read or a key that matters stands twice.
 */
export function readStructure(document: PdfDocument): DocumentStructure {
  if (document.sections.some((section) => section.trailer.entries.has('Encrypt'))) {
    refuse('SIGNER_PDF_ENCRYPTED', 'the PDF is encrypted; save it without a password first');
  }
  const catalog = document.catalog();
  if (catalog.hasDuplicateKeys) refuse('SIGNER_PDF_BROKEN', 'the catalog repeats a key');
  if (document.dict(catalog.get('AcroForm'))?.hasDuplicateKeys === true) {
    refuse('SIGNER_PDF_BROKEN', 'the form repeats a key');
  }
  const fields = collectFields(document);
  const survey = surveyDocument(document);
  const pages = collectPages(document, survey);
  const [first] = pages;
  const page = document.dict(first);
  if (first === undefined || page === undefined) {
    refuse('SIGNER_PDF_NO_PAGES', 'the PDF has no pages');
  }
  const [unreadable] = survey.unreadable;
  if (unreadable !== undefined) {
    refuse(
      'SIGNER_PDF_BROKEN',
      `object ${unreadable} cannot be read; repair the PDF before signing`,
    );
  }
  return { firstPage: { ref: first, dict: page }, pages, fields, survey };
}

function collectPages(document: PdfDocument, survey: Survey): readonly PdfRef[] {
  // Most pages are known by their type already and need not be built.
  const isSurveyed = (ref: PdfRef): boolean =>
    survey.pages.has(ref.number) && isCurrent(document, ref);
  const { pages, visited } = listPages(document, isSurveyed);
  const repeats =
    survey.repeating.some((number) => visited.has(number)) ||
    pages.some((ref) => !isSurveyed(ref) && document.dict(ref)?.hasDuplicateKeys === true);
  if (repeats) refuse('SIGNER_PDF_BROKEN', 'a page repeats a key');
  return pages;
}

/** True when the reference names the generation that the object has. */
function isCurrent(document: PdfDocument, { number, generation }: PdfRef): boolean {
  const entry = document.entry(number);
  if (entry === undefined) return false;
  return (entry.kind === IN_FILE ? entry.generation : 0) === generation;
}

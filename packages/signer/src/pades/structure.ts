import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import type { TakenNumbers } from '../pdf/increment.ts';
import { type PdfDict, PdfRef, type PdfValue } from '../pdf/values.ts';
import { type FormField, collectFields } from './form.ts';
import { surveyReferences } from './references.ts';

/** A page with the reference under which it stands. */
export interface PageObject {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
}

/** What must be known of a document to append to it. */
export interface DocumentStructure {
  readonly firstPage: PageObject;
  /** In the order of the document. */
  readonly pages: readonly PageObject[];
  readonly fields: readonly FormField[];
  /** Object numbers that something refers to, whether an object stands there or not. */
  readonly references: TakenNumbers;
}

function refuse(
  code: 'SIGNER_PDF_ENCRYPTED' | 'SIGNER_PDF_BROKEN' | 'SIGNER_PDF_NO_PAGES',
  message: string,
): never {
  throw new SignerError(code, message);
}

/**
 * Reads every object of a document, so that a revision can be appended to it safely.
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
  const pages = collectPages(document, catalog);
  const [firstPage] = pages;
  if (firstPage === undefined) refuse('SIGNER_PDF_NO_PAGES', 'the PDF has no pages');
  const { counts, unreadable } = surveyReferences(document);
  const [number] = unreadable;
  if (number !== undefined) {
    refuse('SIGNER_PDF_BROKEN', `object ${number} cannot be read; repair the PDF before signing`);
  }
  return { firstPage, pages, fields, references: counts };
}

function collectPages(document: PdfDocument, catalog: PdfDict): PageObject[] {
  const { maxItems } = document.source.limits;
  const seen = new Set<number>();
  const waiting: PdfValue[] = [catalog.get('Pages') ?? null];
  const pages: PageObject[] = [];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (!(item instanceof PdfRef) || seen.has(item.number)) continue;
    seen.add(item.number);
    if (seen.size + waiting.length > 2 * maxItems) {
      throw new SignerError('SIGNER_PDF_TOO_COMPLEX', `more than ${maxItems} pages`, {
        details: { maxItems },
      });
    }
    const node = document.dict(item);
    if (node === undefined) continue;
    const kids = document.array(node.get('Kids'));
    if (kids !== undefined) {
      for (const kid of kids.toReversed()) waiting.push(kid);
      continue;
    }
    if (node.hasDuplicateKeys) refuse('SIGNER_PDF_BROKEN', 'a page repeats a key');
    pages.push({ ref: item, dict: node });
  }
  return pages;
}

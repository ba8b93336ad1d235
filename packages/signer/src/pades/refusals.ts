import { SignerError, type SignerErrorCode } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { PdfDict, PdfRef, type PdfValue, isPdfArray, nameText } from '../pdf/values.ts';
import { type FormField, collectFields } from './form.ts';
import { surveyReferences } from './references.ts';

/** Actions that only move the view or open a web page when the reader clicks. */
const HARMLESS_ACTIONS = new Set([
  'GoTo',
  'GoToR',
  'Named',
  'URI',
  'Thread',
  'GoToDp',
  'GoTo3DView',
]);
/** Actions that may run when the document opens: those that stay inside it. */
const HARMLESS_ON_OPEN = new Set(['GoTo', 'Named']);

function refuse(code: SignerErrorCode, message: string): never {
  throw new SignerError(code, message, { details: {} });
}

/** A page with the reference under which it stands. */
export interface PageObject {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
}

export interface SignableDocument {
  readonly firstPage: PageObject;
  readonly fields: readonly FormField[];
  /** How often each object number is referred to, whether an object stands there or not. */
  readonly references: ReadonlyMap<number, number>;
}

/**
 * Refuses what must not be signed: a document that can show something else tomorrow, or whose
 * earlier certification forbids another signature.
 *
 * @throws {@link SignerError} `SIGNER_PDF_ENCRYPTED`, `SIGNER_PDF_XFA`, `SIGNER_PDF_LOCKED`,
 *   `SIGNER_PDF_ACTIVE_CONTENT`, `SIGNER_PDF_NO_PAGES`, `SIGNER_PDF_BROKEN`.
 */
export function checkSignable(document: PdfDocument): SignableDocument {
  if (document.sections.some((section) => section.trailer.entries.has('Encrypt'))) {
    refuse('SIGNER_PDF_ENCRYPTED', 'the PDF is encrypted; save it without a password first');
  }
  const catalog = document.catalog();
  checkForm(document, catalog);
  checkCertification(document, catalog);
  checkOpenActions(document, catalog);
  const fields = collectFields(document);
  for (const field of fields) checkField(document, field);
  const firstPage = checkPages(document, catalog);
  if (firstPage === undefined) refuse('SIGNER_PDF_NO_PAGES', 'the PDF has no pages');
  const { counts, unreadable } = surveyReferences(document);
  const [number] = unreadable;
  if (number !== undefined) {
    refuse('SIGNER_PDF_BROKEN', `object ${number} cannot be read; repair the PDF before signing`);
  }
  return { firstPage, fields, references: counts };
}

function checkForm(document: PdfDocument, catalog: PdfDict): void {
  if (catalog.hasDuplicateKeys) refuse('SIGNER_PDF_BROKEN', 'the catalog repeats a key');
  const acroForm = document.dict(catalog.get('AcroForm'));
  if (acroForm === undefined) return;
  if (acroForm.hasDuplicateKeys) refuse('SIGNER_PDF_BROKEN', 'the form repeats a key');
  if (acroForm.entries.has('XFA')) {
    refuse('SIGNER_PDF_XFA', 'the PDF holds an XFA form; print it to a plain PDF first');
  }
}

function checkCertification(document: PdfDocument, catalog: PdfDict): void {
  const permissions = document.dict(catalog.get('Perms'));
  const certification = document.dict(permissions?.get('DocMDP'));
  if (certification !== undefined) checkDocMdp(document, certification);
}

function checkField(document: PdfDocument, field: FormField): void {
  if (field.dict.entries.has('AA')) {
    refuse('SIGNER_PDF_ACTIVE_CONTENT', `field ${field.name} runs actions by itself (/AA)`);
  }
  const signature = field.fieldType === 'Sig' ? document.dict(field.value) : undefined;
  if (signature !== undefined) checkDocMdp(document, signature);
}

function checkDocMdp(document: PdfDocument, signature: PdfDict): void {
  if (docMdpLevel(document, signature) === 1) {
    refuse('SIGNER_PDF_LOCKED', 'the PDF is certified with "no changes allowed" (DocMDP P=1)');
  }
}

/** `/P` of a certification signature: 1 no changes, 2 forms, 3 also annotations (§12.8.2.2). */
export function docMdpLevel(document: PdfDocument, signature: PdfDict): number | undefined {
  for (const item of document.array(signature.get('Reference')) ?? []) {
    const reference = document.dict(item);
    if (nameText(document.resolve(reference?.get('TransformMethod'))) !== 'DocMDP') continue;
    const level = document.resolve(document.dict(reference?.get('TransformParams'))?.get('P'));
    return typeof level === 'number' ? level : 2;
  }
  return undefined;
}

function checkOpenActions(document: PdfDocument, catalog: PdfDict): void {
  if (document.dict(catalog.get('Names'))?.entries.has('JavaScript') === true) {
    refuse('SIGNER_PDF_ACTIVE_CONTENT', 'the PDF contains JavaScript (/Names)');
  }
  if (catalog.entries.has('AA')) {
    refuse('SIGNER_PDF_ACTIVE_CONTENT', 'the PDF runs actions by itself (/AA of the catalog)');
  }
  const open = document.resolve(catalog.get('OpenAction'));
  // An array is a destination: "show page 1 at this zoom", which office programs write.
  if (open instanceof PdfDict) checkAction(document, open, HARMLESS_ON_OPEN, '/OpenAction');
}

function checkAction(
  document: PdfDocument,
  action: PdfDict,
  allowed: ReadonlySet<string>,
  where: string,
): void {
  const type = nameText(document.resolve(action.get('S'))) ?? 'unknown';
  if (!allowed.has(type)) {
    refuse('SIGNER_PDF_ACTIVE_CONTENT', `the PDF contains an action of type ${type} (${where})`);
  }
  const next = document.resolve(action.get('Next'));
  if (next !== undefined && next !== null) {
    refuse('SIGNER_PDF_ACTIVE_CONTENT', `the PDF contains a chain of actions (${where})`);
  }
}

/** Walks all pages; returns the first. */
function checkPages(document: PdfDocument, catalog: PdfDict): PageObject | undefined {
  const { maxItems } = document.source.limits;
  const seen = new Set<number>();
  const waiting: PdfValue[] = [catalog.get('Pages') ?? null];
  let first: PageObject | undefined;
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
    } else {
      checkPage(document, node);
      first ??= { ref: item, dict: node };
    }
  }
  return first;
}

function checkPage(document: PdfDocument, page: PdfDict): void {
  if (page.hasDuplicateKeys) refuse('SIGNER_PDF_BROKEN', 'a page repeats a key');
  if (page.entries.has('AA')) {
    refuse('SIGNER_PDF_ACTIVE_CONTENT', 'the PDF runs actions by itself (/AA of a page)');
  }
  const annotations = document.resolve(page.get('Annots'));
  if (!isPdfArray(annotations)) return;
  for (const item of annotations) {
    const annotation = document.dict(item);
    if (annotation === undefined) continue;
    if (annotation.entries.has('AA')) {
      refuse('SIGNER_PDF_ACTIVE_CONTENT', 'the PDF runs actions by itself (/AA of an annotation)');
    }
    const action = document.dict(annotation.get('A'));
    if (action !== undefined) checkAction(document, action, HARMLESS_ACTIONS, 'annotation');
  }
}

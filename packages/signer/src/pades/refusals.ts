import { SignerError, type SignerErrorCode } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { PdfDict, isPdfArray, nameText } from '../pdf/values.ts';
import type { FormField } from './form.ts';
import { type FieldLock, docMdpLevel, fieldLock } from './mdp.ts';
import { type DocumentStructure, readStructure } from './structure.ts';

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

/** A document that may be signed. */
export interface SignableDocument extends DocumentStructure {
  /** Form fields that earlier signatures lock. */
  readonly locks: readonly FieldLock[];
}

/**
 * Refuses what must not be signed: a document that can show something else tomorrow, or whose
 * earlier certification forbids another signature.
 *
 * @throws {@link SignerError} `SIGNER_PDF_ENCRYPTED`, `SIGNER_PDF_XFA`, `SIGNER_PDF_LOCKED`,
 *   `SIGNER_PDF_ACTIVE_CONTENT`, `SIGNER_PDF_NO_PAGES`, `SIGNER_PDF_BROKEN`.
 */
export function checkSignable(document: PdfDocument): SignableDocument {
  const structure = readStructure(document);
  const catalog = document.catalog();
  if (document.dict(catalog.get('AcroForm'))?.entries.has('XFA') === true) {
    refuse('SIGNER_PDF_XFA', 'the PDF holds an XFA form; print it to a plain PDF first');
  }
  checkCertification(document, catalog);
  checkOpenActions(document, catalog);
  const locks = structure.fields.flatMap((field) => checkField(document, field) ?? []);
  for (const { dict } of structure.pages) checkPage(document, dict);
  return { ...structure, locks };
}

function checkCertification(document: PdfDocument, catalog: PdfDict): void {
  const permissions = document.dict(catalog.get('Perms'));
  const certification = document.dict(permissions?.get('DocMDP'));
  if (certification !== undefined) checkDocMdp(document, certification);
}

/** @returns what the signature in the field locks. */
function checkField(document: PdfDocument, field: FormField): FieldLock | undefined {
  if (field.dict.entries.has('AA')) {
    refuse('SIGNER_PDF_ACTIVE_CONTENT', `field ${field.name} runs actions by itself (/AA)`);
  }
  const signature = field.fieldType === 'Sig' ? document.dict(field.value) : undefined;
  if (signature === undefined) return undefined;
  checkDocMdp(document, signature);
  return fieldLock(document, signature);
}

function checkDocMdp(document: PdfDocument, signature: PdfDict): void {
  if (docMdpLevel(document, signature) === 1) {
    refuse('SIGNER_PDF_LOCKED', 'the PDF is certified with "no changes allowed" (DocMDP P=1)');
  }
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

function checkPage(document: PdfDocument, page: PdfDict): void {
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

import { SignerError, type SignerErrorCode } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { NOTABLE_NAMES } from '../pdf/facts.ts';
import type { Survey } from '../pdf/survey.ts';
import { PdfDict, PdfName, PdfStream, type PdfValue, isPdfArray, nameText } from '../pdf/values.ts';
import type { FormField } from './form.ts';
import { type FieldLock, docMdpLevel, fieldLock } from './mdp.ts';
import { type DocumentStructure, readStructure } from './structure.ts';

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
 *   `SIGNER_PDF_ACTIVE_CONTENT`, `SIGNER_PDF_HIDDEN_PAGE`, `SIGNER_PDF_NO_PAGES`,
 *   `SIGNER_PDF_BROKEN`, `SIGNER_PDF_TOO_COMPLEX`.
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
  checkActiveContent(document, structure.survey);
  checkLayers(document, catalog);
  if (!structure.fields.some((field) => isSigned(document, field))) checkHiddenPages(structure);
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
  if (!(open instanceof PdfDict)) return;
  const type = nameText(document.resolve(open.get('S'))) ?? 'unknown';
  if (!HARMLESS_ON_OPEN.has(type)) {
    const message = `the PDF contains an action of type ${type} (/OpenAction)`;
    refuse('SIGNER_PDF_ACTIVE_CONTENT', message);
  }
  const next = document.resolve(open.get('Next'));
  if (next !== undefined && next !== null) {
    refuse('SIGNER_PDF_ACTIVE_CONTENT', 'the PDF contains a chain of actions (/OpenAction)');
  }
}

function isSigned(document: PdfDocument, field: FormField): boolean {
  return field.fieldType === 'Sig' && document.dict(field.value) !== undefined;
}

/** Looks at the objects in which a name of an action stands, wherever they are used. */
function checkActiveContent(document: PdfDocument, survey: Survey): void {
  const [external] = survey.external;
  if (external !== undefined) {
    const message = `the PDF takes content from another file (stream ${external})`;
    refuse('SIGNER_PDF_ACTIVE_CONTENT', message);
  }
  for (const number of survey.notable) {
    const value = document.get(number);
    const found = value instanceof PdfName ? value.text : findAction(document, value);
    if (found === undefined) continue;
    refuse('SIGNER_PDF_ACTIVE_CONTENT', `the PDF contains ${found} (object ${number})`);
  }
}

/** The first action in a value that does more than move the view; references are not followed. */
function findAction(document: PdfDocument, value: PdfValue): string | undefined {
  if (isPdfArray(value)) {
    for (const item of value) {
      const found = findAction(document, item);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const dict = value instanceof PdfStream ? value.dict : value;
  if (!(dict instanceof PdfDict)) return undefined;
  const type = nameText(document.resolve(dict.get('S')));
  if (type !== undefined && NOTABLE_NAMES.has(type)) return `an action of type ${type}`;
  if (dict.entries.has('JavaScript')) return 'JavaScript';
  if (isActions(document, dict.get('AA'))) return 'actions that run by themselves (/AA)';
  for (const item of dict.entries.values()) {
    const found = findAction(document, item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `/AA` may also name a font or a picture in a dictionary of resources. */
function isActions(document: PdfDocument, value: PdfValue | undefined): boolean {
  const actions = document.resolve(value);
  return actions instanceof PdfDict && !actions.entries.has('Type');
}

/** Layers that are shown on the screen and not on paper, or the other way round (§8.11.4.5). */
function checkLayers(document: PdfDocument, catalog: PdfDict): void {
  const layers = document.dict(catalog.get('OCProperties'));
  const configuration = document.dict(layers?.get('D'));
  if ((document.array(configuration?.get('AS')) ?? []).length > 0) {
    const message = 'the PDF has layers that show and hide by themselves (/OCProperties /AS)';
    refuse('SIGNER_PDF_ACTIVE_CONTENT', message);
  }
}

/**
 * A page that the document holds but does not show can be exchanged for another later. Only for the
 * first signature: it is too late for those who signed already, and whoever checks them sees it.
 */
function checkHiddenPages({ survey, pages }: DocumentStructure): void {
  const shown = new Set(pages.map(({ number }) => number));
  for (const number of survey.pages) {
    if (shown.has(number)) continue;
    const message = `the PDF holds a page that it does not show (object ${number}); repair it first`;
    refuse('SIGNER_PDF_HIDDEN_PAGE', message);
  }
}

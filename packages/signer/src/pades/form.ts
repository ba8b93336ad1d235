import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { decodeTextString } from '../pdf/text.ts';
import { PdfDict, PdfRef, type PdfValue, nameText } from '../pdf/values.ts';

/** A terminal field of the interactive form (ISO 32000-1 §12.7.3). */
export interface FormField {
  /** Fully qualified: the partial names from the root, joined by dots. */
  readonly name: string;
  readonly fieldType: string | undefined;
  /** `/V` as it stands, own or inherited. */
  readonly value: PdfValue | undefined;
  readonly dict: PdfDict;
  /** Object number of the field; undefined when it is a direct value of `/Fields`. */
  readonly number: number | undefined;
  /** Object numbers of its widget annotations: the field itself, or its kids. */
  readonly widgets: readonly number[];
}

interface Inherited {
  readonly name: string;
  readonly fieldType: string | undefined;
  readonly value: PdfValue | undefined;
}

/** Collects the terminal fields of a form, in the order of the form. */
export function collectFields(document: PdfDocument): FormField[] {
  const acroForm = document.dict(document.catalog().get('AcroForm'));
  if (acroForm === undefined) return [];
  const walk: FieldWalk = { document, seen: new Set(), fields: [] };
  const top: Inherited = { name: '', fieldType: undefined, value: undefined };
  for (const item of document.array(acroForm.get('Fields')) ?? []) visitField(walk, item, top, 0);
  return walk.fields;
}

interface FieldWalk {
  readonly document: PdfDocument;
  readonly seen: Set<number>;
  readonly fields: FormField[];
}

function visitField(walk: FieldWalk, item: PdfValue, parent: Inherited, depth: number): void {
  const { document, seen, fields } = walk;
  const { maxDepth, maxItems } = document.source.limits;
  const number = item instanceof PdfRef ? item.number : undefined;
  if (number !== undefined) {
    if (seen.has(number)) return;
    seen.add(number);
  }
  if (depth > maxDepth || fields.length >= maxItems || seen.size > 2 * maxItems) {
    throw new SignerError('SIGNER_PDF_TOO_COMPLEX', 'form with too many or too deep fields', {
      details: { maxItems, maxDepth },
    });
  }
  const dict = document.dict(item);
  if (dict === undefined) return;
  const partial = decodeTextString(document.resolve(dict.get('T')));
  const own: Inherited = {
    name: [parent.name, partial ?? ''].filter((part) => part !== '').join('.'),
    fieldType: nameText(document.resolve(dict.get('FT'))) ?? parent.fieldType,
    value: dict.get('V') ?? parent.value,
  };
  const widgets: number[] = [];
  const childFields: PdfValue[] = [];
  for (const kid of document.array(dict.get('Kids')) ?? []) {
    // A kid with a name of its own is a field, one without is a widget of this field (§12.7.3.1).
    if (document.dict(kid)?.entries.has('T') === true) childFields.push(kid);
    else if (kid instanceof PdfRef) widgets.push(kid.number);
  }
  if (childFields.length > 0) {
    for (const kid of childFields) visitField(walk, kid, own, depth + 1);
    return;
  }
  if (number !== undefined && nameText(document.resolve(dict.get('Subtype'))) === 'Widget') {
    widgets.push(number);
  }
  fields.push({ ...own, dict, number, widgets });
}

/** The signature fields that hold a signature. */
export function signedFields(document: PdfDocument): FormField[] {
  return collectFields(document).filter(
    (field) => field.fieldType === 'Sig' && document.resolve(field.value) instanceof PdfDict,
  );
}

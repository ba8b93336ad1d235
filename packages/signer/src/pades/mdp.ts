import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { decodeTextString, encodeTextString } from '../pdf/text.ts';
import { PdfDict, PdfName, type PdfRef, type PdfValue, nameText } from '../pdf/values.ts';

/**
 * What a certification allows afterwards (ISO 32000-1 §12.8.2.2): 1 nothing, 2 filling in forms and
 * signing, 3 also annotations.
 */
export type CertificationLevel = 1 | 2 | 3;

/** Which form fields a signature locks (FieldMDP, §12.8.2.4). */
export type FieldLock =
  'all' | { readonly include: readonly string[] } | { readonly exclude: readonly string[] };

const MAX_LOCKED_FIELDS = 1_000;

/** `/P` of a certification signature; undefined when it is no certification. */
export function docMdpLevel(document: PdfDocument, signature: PdfDict): number | undefined {
  const parameters = transformParameters(document, signature, 'DocMDP');
  if (parameters === undefined) return undefined;
  const level = document.resolve(parameters.get('P'));
  return typeof level === 'number' ? level : 2;
}

/** What a signature locks; undefined when it locks nothing. */
export function fieldLock(document: PdfDocument, signature: PdfDict): FieldLock | undefined {
  const parameters = transformParameters(document, signature, 'FieldMDP');
  if (parameters === undefined) return undefined;
  const names = (document.array(parameters.get('Fields')) ?? []).map(
    (item) => decodeTextString(document.resolve(item)) ?? '',
  );
  const action = nameText(document.resolve(parameters.get('Action')));
  if (action === 'Include') return { include: names };
  return action === 'Exclude' ? { exclude: names } : 'all';
}

/** True when the lock holds for a field, by its own name or that of a field above it. */
export function isLocked(lock: FieldLock, fieldName: string): boolean {
  if (lock === 'all') return true;
  const name = fieldName.normalize('NFC');
  const names = 'include' in lock ? lock.include : lock.exclude;
  const isNamed = names.some((one) => {
    const other = one.normalize('NFC');
    return name === other || name.startsWith(`${other}.`);
  });
  return isNamed === 'include' in lock;
}

function transformParameters(
  document: PdfDocument,
  signature: PdfDict,
  method: 'DocMDP' | 'FieldMDP',
): PdfDict | undefined {
  for (const item of document.array(signature.get('Reference')) ?? []) {
    const reference = document.dict(item);
    if (nameText(document.resolve(reference?.get('TransformMethod'))) !== method) continue;
    return document.dict(reference?.get('TransformParams')) ?? new PdfDict(new Map());
  }
  return undefined;
}

/** `/Reference` of a signature that certifies the document, locks fields, or both. */
export function signatureReferences(
  root: PdfRef,
  certify: CertificationLevel | undefined,
  lock: FieldLock | undefined,
): readonly PdfValue[] {
  const references: PdfValue[] = [];
  if (certify !== undefined) {
    references.push(signatureReference('DocMDP', [['P', certify]], []));
  }
  if (lock !== undefined) {
    // The analysis of changes starts at the catalog (§12.8.1, table 253).
    references.push(signatureReference('FieldMDP', lockEntries(lock), [['Data', root]]));
  }
  return references;
}

function signatureReference(
  method: string,
  parameters: readonly (readonly [string, PdfValue])[],
  more: readonly (readonly [string, PdfValue])[],
): PdfDict {
  const transformParams = new Map<string, PdfValue>([
    ['Type', new PdfName('TransformParams')],
    ...parameters,
    ['V', new PdfName('1.2')],
  ]);
  return new PdfDict(
    new Map<string, PdfValue>([
      ['Type', new PdfName('SigRef')],
      ['TransformMethod', new PdfName(method)],
      ['TransformParams', new PdfDict(transformParams)],
      ...more,
    ]),
  );
}

/** `/Lock` of a signature field: says the same as the FieldMDP of its signature. */
export function lockDictionary(lock: FieldLock): PdfDict {
  const type: readonly [string, PdfValue] = ['Type', new PdfName('SigFieldLock')];
  return new PdfDict(new Map<string, PdfValue>([type, ...lockEntries(lock)]));
}

function lockEntries(lock: FieldLock): readonly (readonly [string, PdfValue])[] {
  if (lock === 'all') return [['Action', new PdfName('All')]];
  const isInclude = 'include' in lock;
  const names = isInclude ? lock.include : lock.exclude;
  if (names.length === 0 || names.length > MAX_LOCKED_FIELDS || names.includes('')) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `a lock names 1 to ${MAX_LOCKED_FIELDS} fields, not ${names.length}`,
      { details: { length: names.length, maxLength: MAX_LOCKED_FIELDS } },
    );
  }
  return [
    ['Action', new PdfName(isInclude ? 'Include' : 'Exclude')],
    ['Fields', names.map((name) => encodeTextString(name))],
  ];
}

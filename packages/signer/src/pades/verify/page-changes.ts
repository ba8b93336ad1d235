import {
  PdfDict,
  PdfStream,
  type PdfValue,
  isPdfArray,
  nameText,
  numberOf,
  valuesEqual,
} from '../../pdf/values.ts';
import { describeValue } from '../references.ts';
import type { Comparison } from './comparison.ts';
import { isEmptySignatureField } from './form-changes.ts';
import { changedKeys, sameThroughReferences } from './same-value.ts';

/** Dates, names and numbers; what is drawn is a stream and stands under no such key. */
const HARMLESS_IN_PAGE = new Set(['LastModified', 'Tabs']);
const UNSEEN_IN_PAGE = new Set(['StructParents', 'PieceInfo', 'Metadata']);

/** Takes as explained: arrays of annotations that got the widgets of later signatures. */
export function compareAnnotationArrays(c: Comparison): void {
  for (const number of c.survey.annotationArrays) {
    if (!c.unexplained.has(number)) continue;
    const before = c.signed.get(number);
    const after = c.final.get(number);
    if (!isPdfArray(before) || !isPdfArray(after)) continue;
    if (areAnnotationsKept(c, before, after)) c.explain(number, 1);
  }
}

/** A page may get the widgets of later signatures, and a note of when it was changed. */
export function comparePages(c: Comparison, before: PdfValue, after: PdfValue): boolean {
  if (!(before instanceof PdfDict) || !(after instanceof PdfDict)) return false;
  if (nameText(before.get('Type')) !== 'Page' || after.hasDuplicateKeys) return false;
  for (const key of changedKeys(before, after)) {
    if (key === 'Annots') continue;
    const values = [c.signed.resolve(before.get(key)), c.final.resolve(after.get(key))];
    const isPlain = !values.some((value) => value instanceof PdfStream || value instanceof PdfDict);
    if (HARMLESS_IN_PAGE.has(key) && isPlain) c.add('warning', `page /${key} was changed`);
    else if (UNSEEN_IN_PAGE.has(key)) c.add('undecided', `page /${key} was changed`);
    else {
      const isSame = sameThroughReferences(
        { document: c.signed, value: before.get(key) },
        { document: c.final, value: after.get(key) },
      );
      if (!isSame) return false;
    }
  }
  const annotations = listOf(c.signed.resolve(before.get('Annots')));
  const now = listOf(c.final.resolve(after.get('Annots')));
  if (annotations === undefined || now === undefined) return false;
  return areAnnotationsKept(c, annotations, now);
}

/** No value is an empty list; anything else than a list is none. */
function listOf(value: PdfValue | undefined): readonly PdfValue[] | undefined {
  if (value === undefined || value === null) return [];
  return isPdfArray(value) ? value : undefined;
}

/** All old annotations, in the order in which they are drawn; others only for signatures. */
function areAnnotationsKept(
  c: Comparison,
  before: readonly PdfValue[],
  after: readonly PdfValue[],
): boolean {
  let next = 0;
  for (const item of after) {
    if (next < before.length && valuesEqual(item, before[next])) next += 1;
    else if (!isSignatureWidget(c, item)) {
      c.add(
        'violation',
        `annotations: ${describeValue(c.final.resolve(item) ?? null)} was added or moved`,
      );
      return false;
    }
  }
  if (next === before.length) return true;
  c.add('violation', 'annotations were removed, replaced or reordered');
  return false;
}

function isSignatureWidget(c: Comparison, item: PdfValue): boolean {
  const number = numberOf(item);
  if (number === undefined) return false;
  if (c.laterWidget(number) !== undefined) return true;
  const isNew = c.signed.entry(number) === undefined;
  return isNew && isEmptySignatureField(c.final, number);
}

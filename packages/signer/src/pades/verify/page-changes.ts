import {
  PdfDict,
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

const HARMLESS_IN_PAGE = new Set(['LastModified', 'PieceInfo', 'Metadata', 'Tabs']);

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
    if (HARMLESS_IN_PAGE.has(key)) c.add('warning', `page /${key} was changed`);
    else if (key === 'StructParents') {
      c.add('undecided', 'page /StructParents was changed, which screen readers follow');
    } else {
      const isSame = sameThroughReferences(
        { document: c.signed, value: before.get(key) },
        { document: c.final, value: after.get(key) },
      );
      if (!isSame) return false;
    }
  }
  return areAnnotationsKept(
    c,
    c.signed.array(before.get('Annots')) ?? [],
    c.final.array(after.get('Annots')) ?? [],
  );
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

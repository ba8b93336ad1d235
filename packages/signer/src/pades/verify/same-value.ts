import type { PdfDocument } from '../../pdf/document.ts';
import { PdfDict, PdfRef, type PdfValue, isPdfArray, valuesEqual } from '../../pdf/values.ts';

/** Deeper or wider values than these are taken as different. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 2_000;

/**
 * Same value, whether it stands in place or behind a reference. Programs move resources of a form
 * into objects of their own. References with the same number count as the same here: a change of
 * the object they lead to is found elsewhere.
 */
export function sameThroughReferences(
  before: { readonly document: PdfDocument; readonly value: PdfValue | undefined },
  after: { readonly document: PdfDocument; readonly value: PdfValue | undefined },
): boolean {
  let items = 0;
  const same = (a: PdfValue | undefined, b: PdfValue | undefined, depth: number): boolean => {
    if (valuesEqual(a, b)) return true;
    items += 1;
    if (depth > MAX_DEPTH || items > MAX_ITEMS) return false;
    if (a instanceof PdfRef || b instanceof PdfRef) {
      return same(before.document.resolve(a), after.document.resolve(b), depth + 1);
    }
    if (a instanceof PdfDict && b instanceof PdfDict) {
      if (a.hasDuplicateKeys || b.hasDuplicateKeys) return false;
      const keys = new Set([...a.entries.keys(), ...b.entries.keys()]);
      return [...keys].every((key) => same(a.get(key), b.get(key), depth + 1));
    }
    if (isPdfArray(a) && isPdfArray(b)) {
      return a.length === b.length && a.every((item, i) => same(item, b[i], depth + 1));
    }
    return false;
  };
  return same(before.value, after.value, 0);
}

/** Keys in which two dictionaries differ. */
export function changedKeys(before: PdfDict, after: PdfDict): string[] {
  const keys = new Set([...before.entries.keys(), ...after.entries.keys()]);
  return [...keys].filter((key) => !valuesEqual(before.get(key), after.get(key)));
}

/** True when everything that was there is still there, in the same order; counters may differ. */
export function growsOnly(before: PdfValue | undefined, after: PdfValue | undefined): boolean {
  if (before === undefined || valuesEqual(before, after)) return true;
  if (before instanceof PdfDict && after instanceof PdfDict) {
    if (after.hasDuplicateKeys) return false;
    return [...before.entries].every(
      ([key, value]) =>
        key === 'ParentTreeNextKey' || (after.entries.has(key) && growsOnly(value, after.get(key))),
    );
  }
  const items = isPdfArray(before) ? before : [before];
  if (!isPdfArray(after)) return false;
  let next = 0;
  for (const item of after) {
    if (next < items.length && valuesEqual(items[next], item)) next += 1;
  }
  return next === items.length;
}

import type { PdfDocument } from '../../pdf/document.ts';
import {
  PdfDict,
  PdfRef,
  type PdfValue,
  isPdfArray,
  nameText,
  numberOf,
  valuesEqual,
} from '../../pdf/values.ts';
import { MAX_WIDGET_SHARE, visibleWidgets } from '../widget.ts';
import type { Comparison } from './comparison.ts';
import { changedKeys, sameThroughReferences } from './same-value.ts';

const EMPTY = new PdfDict(new Map());

/** Compares the forms: only signature fields may be added, and what they are drawn with. */
export function compareForms(
  c: Comparison,
  beforeValue: PdfValue | undefined,
  afterValue: PdfValue | undefined,
): void {
  const before = c.signed.dict(beforeValue) ?? EMPTY;
  const after = c.final.dict(afterValue) ?? EMPTY;
  c.explain(numberOf(beforeValue), 1);
  if (after.hasDuplicateKeys) c.add('violation', 'the form repeats a key');
  for (const key of changedKeys(before, after)) {
    if (key !== 'Fields' && key !== 'SigFlags') compareFormKey(c, key, before, after);
  }
  compareFieldArrays(c, before.get('Fields'), after.get('Fields'));
}

function compareFormKey(c: Comparison, key: string, before: PdfDict, after: PdfDict): void {
  const isResource = key === 'DA' || key === 'DR';
  const what = before.entries.has(key) ? 'changed' : 'added';
  // Signatures bring their appearance along; only other fields are drawn with what stands here.
  if (isResource && c.signedFields().every(({ fieldType }) => fieldType === 'Sig')) {
    c.add('warning', `form /${key} was ${what}`);
    return;
  }
  const isSame = sameThroughReferences(
    { document: c.signed, value: before.get(key) },
    { document: c.final, value: after.get(key) },
  );
  if (isSame) return;
  // A field without an appearance of its own is drawn with these fonts.
  if (isResource) {
    c.add('undecided', `form /${key} was ${what}, which may change how fields look`);
  } else if (key === 'NeedAppearances' && c.final.resolve(after.get(key)) !== true) {
    c.add('warning', 'form /NeedAppearances was switched off');
  } else c.add('violation', `form /${key} was changed`);
}

/** `/Fields`: nothing may be lost. The order has no meaning, and Acrobat changes it. */
function compareFieldArrays(
  c: Comparison,
  beforeValue: PdfValue | undefined,
  afterValue: PdfValue | undefined,
): void {
  const before = c.signed.array(beforeValue) ?? [];
  const after = c.final.array(afterValue) ?? [];
  const added = without(after, before);
  const removed = without(before, after);
  if (removed.length > 0) c.add('violation', 'form fields: entries were removed or replaced');
  let isFine = removed.length === 0;
  for (const item of added) isFine = judgeAddedField(c, item) && isFine;
  if (!isFine) return;
  const kept = without(after, added);
  if (!kept.every((item, i) => valuesEqual(item, before[i]))) {
    c.add('warning', 'form fields stand in another order');
  }
  c.explain(numberOf(beforeValue), 1);
}

/** Members of `items` that `others` does not have, each counted as often as it stands there. */
function without(items: readonly PdfValue[], others: readonly PdfValue[]): PdfValue[] {
  const counts = new Map<string, number>();
  const direct: PdfValue[] = [];
  for (const other of others) {
    if (other instanceof PdfRef) counts.set(keyOf(other), (counts.get(keyOf(other)) ?? 0) + 1);
    else direct.push(other);
  }
  return items.filter((item) => {
    if (item instanceof PdfRef) {
      const count = counts.get(keyOf(item)) ?? 0;
      counts.set(keyOf(item), count - 1);
      return count <= 0;
    }
    const at = direct.findIndex((other) => valuesEqual(item, other));
    if (at >= 0) direct.splice(at, 1);
    return at < 0;
  });
}

function keyOf(ref: PdfRef): string {
  return `${ref.number} ${ref.generation}`;
}

/** Says what kind of field was added; false when it must not be there. */
function judgeAddedField(c: Comparison, item: PdfValue, depth = 0): boolean {
  const number = numberOf(item);
  const later = number === undefined ? undefined : c.laterField(number);
  if (later?.state === 'intact') return true;
  const dict = c.final.dict(item);
  if (later !== undefined) {
    c.add(
      'undecided',
      `form fields: signature "${later.fieldName}" was added and cannot be checked`,
    );
    return true;
  }
  if (dict !== undefined && depth < c.final.source.limits.maxDepth) {
    const kids = c.final.array(dict.get('Kids')) ?? [];
    // A field that only groups others (form1.page1.signature): each of them must be a signature.
    const isGroup = kids.length > 0 && kids.every((kid) => c.final.dict(kid)?.entries.has('T'));
    if (isGroup && !dict.hasDuplicateKeys) {
      return kids.map((kid) => judgeAddedField(c, kid, depth + 1)).every(Boolean);
    }
    if (number !== undefined && isEmptySignatureField(c.final, number)) {
      c.add('undecided', 'form fields: an empty signature field was added');
      return true;
    }
  }
  c.add('violation', 'form fields: something other than a valid signature was added');
  return false;
}

/** A place for a further signature, which may show a frame of its own but not cover its page. */
export function isEmptySignatureField(document: PdfDocument, number: number): boolean {
  const dict = document.get(number);
  if (!(dict instanceof PdfDict) || dict.hasDuplicateKeys) return false;
  const isSignature = nameText(document.resolve(dict.get('FT'))) === 'Sig';
  const isBare = ['V', 'DV', 'A', 'AA', 'Kids', 'Parent'].every((key) => !dict.entries.has(key));
  const shown = visibleWidgets(document, { fieldNumber: number, widgets: [] });
  return isSignature && isBare && shown.every(({ report }) => report.share <= MAX_WIDGET_SHARE);
}

/** A field that groups others may get further signature fields among its kids. */
export function isGrownGroup(c: Comparison, before: PdfValue, after: PdfValue): boolean {
  if (!(before instanceof PdfDict) || !(after instanceof PdfDict)) return false;
  const keys = changedKeys(before, after);
  if (keys.length !== 1 || keys[0] !== 'Kids' || after.hasDuplicateKeys) return false;
  const old = before.get('Kids');
  const grown = after.get('Kids');
  if (!isPdfArray(old) || !isPdfArray(grown)) return false;
  const isGroup = old.every((kid) => c.signed.dict(kid)?.entries.has('T'));
  if (!isGroup || without(old, grown).length > 0) return false;
  return without(grown, old)
    .map((kid) => judgeAddedField(c, kid))
    .every(Boolean);
}

import { PdfDict, PdfStream, type PdfValue } from '../../pdf/values.ts';
import type { Comparison } from './comparison.ts';
import { isGrownGroup } from './form-changes.ts';
import { changedKeys } from './same-value.ts';

/** What programs write into an empty signature field when it is signed. */
const SIGNING_KEYS = new Set(['V', 'AP', 'M', 'MK', 'DA', 'F', 'Type', 'Subtype', 'P', 'AS']);
/** First bit of `/Ff`: the field can no longer be filled in (ISO 32000-1 §12.7.3.1). */
const READ_ONLY = 1;

/** Takes as explained: empty signature fields that are signed now, and fields that were locked. */
export function compareFieldObjects(c: Comparison): void {
  if (c.unexplained.size === 0) return;
  for (const field of c.signedFields()) {
    const numbers = new Set([
      ...(field.number === undefined ? [] : [field.number]),
      ...field.widgets,
    ]);
    if (![...numbers].some((number) => c.unexplained.has(number))) continue;
    const later = field.number === undefined ? undefined : c.laterField(field.number);
    const wasEmpty = field.fieldType === 'Sig' && c.signed.dict(field.value) === undefined;
    const isSigned = wasEmpty && later !== undefined;
    if (isSigned && later.state === 'unproven') {
      c.add('undecided', `signature "${later.fieldName}" was added and cannot be checked`);
    }
    for (const number of numbers) {
      if (!c.unexplained.has(number)) continue;
      const before = c.signed.get(number);
      const after = c.final.get(number);
      const isExplained = (isSigned && isSigning(c, before, after)) || isLocking(before, after);
      if (!isExplained) continue;
      c.unexplained.delete(number);
      if (!isSigned) c.add('warning', `field "${field.name}" was locked (read-only)`);
    }
  }
  for (const number of c.unexplained) {
    if (isGrownGroup(c, c.signed.get(number), c.final.get(number))) c.unexplained.delete(number);
  }
}

/** Nothing that can be drawn by itself stands under these keys, or the field is something else too. */
function isSigning(c: Comparison, before: PdfValue, after: PdfValue): boolean {
  if (!(before instanceof PdfDict) || !(after instanceof PdfDict)) return false;
  if (after.hasDuplicateKeys) return false;
  return changedKeys(before, after).every((key) => {
    const values = [c.signed.resolve(before.get(key)), c.final.resolve(after.get(key))];
    return SIGNING_KEYS.has(key) && !values.some((value) => value instanceof PdfStream);
  });
}

/** Acrobat marks the fields that a signature locks as read-only. */
function isLocking(before: PdfValue, after: PdfValue): boolean {
  if (!(before instanceof PdfDict) || !(after instanceof PdfDict)) return false;
  const keys = changedKeys(before, after);
  if (keys.length !== 1 || keys[0] !== 'Ff' || after.hasDuplicateKeys) return false;
  const old = before.get('Ff') ?? 0;
  const now = after.get('Ff');
  return typeof old === 'number' && typeof now === 'number' && now === (old | READ_ONLY);
}

const names = new WeakMap<Comparison, ReadonlyMap<number, string>>();

/** Names of the fields of the signed revision by the object numbers of field and widgets. */
export function fieldNames(c: Comparison): ReadonlyMap<number, string> {
  let known = names.get(c);
  if (known === undefined) {
    const map = new Map<number, string>();
    for (const { name, number, widgets } of c.signedFields()) {
      for (const one of [...widgets, ...(number === undefined ? [] : [number])]) map.set(one, name);
    }
    known = map;
    names.set(c, known);
  }
  return known;
}

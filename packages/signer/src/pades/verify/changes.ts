import { SignerError } from '../../errors.ts';
import type { PdfDocument } from '../../pdf/document.ts';
import { PdfDict, type PdfValue, nameText, valuesEqual } from '../../pdf/values.ts';
import { type ReferenceSurvey, describeValue, surveyReferences } from '../references.ts';
import { compareCatalogs } from './catalog-changes.ts';
import { Comparison, type LaterChange, type LaterSignature } from './comparison.ts';
import { compareFieldObjects, fieldNames } from './field-changes.ts';
import { compareAnnotationArrays, comparePages } from './page-changes.ts';
import { changedKeys, growsOnly } from './same-value.ts';
import { checkNewSections } from './section-changes.ts';
import { describeLaterSignatures } from '../widget.ts';

/**
 * Compares the signed revision with the whole file, by cross-reference and object. Expected are new
 * signatures that hold, and validation data (DSS); a short list of habits of other programs is
 * harmless. What can be seen, read or filled in must not change, since viewers show it.
 */
export function judgeLaterChanges(
  final: PdfDocument,
  signed: PdfDocument,
  later: readonly LaterSignature[],
): readonly LaterChange[] {
  let survey: ReferenceSurvey;
  try {
    survey = surveyReferences(signed);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return [{ kind: 'undecided', text: error.message }];
  }
  const comparison = new Comparison(signed, final, survey, later);
  try {
    compare(comparison);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    comparison.add('violation', error.message);
  }
  return comparison.changes;
}

function compare(c: Comparison): void {
  for (const number of c.survey.unreadable) {
    c.add('undecided', `object ${number} of the signed revision is unreadable`);
  }
  checkNewSections(c);
  compareCatalogs(c);
  compareFieldObjects(c);
  compareAnnotationArrays(c);
  for (const number of c.unexplained) judgeChangedObject(c, number);
  for (const number of c.deleted) judgeDeletedObject(c, number);
  for (const number of c.filled) judgeFilledReference(c, number);
  describeLaterSignatures(c);
}

function judgeChangedObject(c: Comparison, number: number): void {
  const before = c.signed.get(number);
  const after = c.final.get(number);
  if (valuesEqual(before, after) || comparePages(c, before, after)) return;
  const type = describeValue(before);
  const what = `object ${number} (${type}) was changed`;
  switch (c.roleOf(number)) {
    case 'content': {
      if (isNamedAnnotation(before, after)) {
        c.add('warning', `object ${number} was given the type it has (/Type /Annot)`);
        break;
      }
      const field = fieldNames(c).get(number);
      const text =
        field === undefined
          ? what
          : `object ${number} (field "${field}") was filled in or changed; after a signature no form filling is allowed`;
      c.add('violation', text);
      break;
    }
    case 'structure': {
      const isGrowth = growsOnly(before, after);
      const text = `${what} in the structure tree, which screen readers follow`;
      c.add(isGrowth ? 'undecided' : 'violation', text);
      break;
    }
    case 'form':
      c.add('undecided', `${what} among the fonts and resources of the form`);
      break;
    case 'validation':
      c.add('violation', `${what} among the validation data (DSS)`);
      break;
    case 'metadata':
      c.add('warning', `${what} among the metadata`);
      break;
    case 'unused':
      // The newest cross-reference stream may have the number of an older one.
      if (type === 'XRef' && describeValue(after) === 'XRef') break;
      c.add('warning', `${what}, which nothing in the signed revision uses`);
      break;
  }
}

/** PDFBox writes the optional `/Type` into annotations that have none. */
function isNamedAnnotation(before: PdfValue, after: PdfValue): boolean {
  if (!(before instanceof PdfDict) || !(after instanceof PdfDict)) return false;
  const [key, ...more] = changedKeys(before, after);
  return (
    key === 'Type' &&
    more.length === 0 &&
    !after.hasDuplicateKeys &&
    !before.entries.has('Type') &&
    before.entries.has('Subtype') &&
    nameText(after.get('Type')) === 'Annot'
  );
}

function judgeDeletedObject(c: Comparison, number: number): void {
  const type = describeValue(c.signed.get(number));
  const text = `object ${number} was deleted (${type})`;
  switch (c.roleOf(number)) {
    case 'content':
    case 'structure':
      c.add('violation', text);
      break;
    case 'form':
    case 'validation':
      c.add('undecided', text);
      break;
    case 'metadata':
    case 'unused':
      if (type !== 'XRef') c.add('warning', text);
      break;
  }
}

/** The "shadow" trick: a reference that leads nowhere is signed, what it shows comes later. */
function judgeFilledReference(c: Comparison, number: number): void {
  const isSeen = c.roleOf(number) !== 'unused';
  const text = `new object ${number} fills a reference that led nowhere`;
  c.add(isSeen ? 'violation' : 'undecided', text);
}

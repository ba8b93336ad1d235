import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import {
  PdfDict,
  PdfRef,
  type PdfValue,
  integerOf,
  isPdfArray,
  nameText,
  valuesEqual,
} from '../pdf/values.ts';
import { IN_FILE, type XrefEntry, type XrefSection, numbersInSection } from '../pdf/xref.ts';
import { collectFields } from './form.ts';
import { type ReferenceSurvey, describeValue, surveyReferences } from './references.ts';
import { strayBytes } from './stray-bytes.ts';
import { widgetProblem } from './widget.ts';

/** A signature that later revisions may add: its own place and cryptography hold. */
export interface KnownSignature {
  readonly fieldName: string;
  readonly fieldNumber: number | undefined;
  readonly widgets: readonly number[];
  readonly end: number;
}

/** What happened to a file after one of its signatures. */
export interface LaterChanges {
  /** Each makes the signature `TOTAL-FAILED`. */
  readonly violations: readonly string[];
  /** Seen and harmless: further signatures, validation data, metadata of other programs. */
  readonly notes: readonly string[];
  /** Neither: a person should look at it. */
  readonly suspicions: readonly string[];
}

interface Comparison {
  readonly signed: PdfDocument;
  readonly final: PdfDocument;
  readonly survey: ReferenceSurvey;
  /** Later signatures by the object number of their field. */
  readonly laterFields: ReadonlyMap<number, KnownSignature>;
  readonly laterWidgets: ReadonlySet<number>;
  /** Changed objects (present before and after) that no rule has explained yet. */
  readonly unexplained: Set<number>;
  readonly violations: string[];
  readonly notes: Set<string>;
  readonly suspicions: string[];
}

/**
 * Compares the signed revision with the whole file, by cross-reference and object. Allowed are new
 * signatures that hold, validation data (DSS) and a short list of harmless habits of other
 * programs; every other difference breaks the signature, since viewers may show it.
 */
export function judgeLaterChanges(
  final: PdfDocument,
  signed: PdfDocument,
  laterSignatures: readonly KnownSignature[],
): LaterChanges {
  const comparison: Comparison = {
    signed,
    final,
    survey: surveyReferences(signed),
    laterFields: new Map(
      laterSignatures.flatMap((later) =>
        later.fieldNumber === undefined ? [] : [[later.fieldNumber, later]],
      ),
    ),
    laterWidgets: new Set(laterSignatures.flatMap((later) => later.widgets)),
    unexplained: new Set(),
    violations: [],
    notes: new Set(),
    suspicions: [],
  };
  try {
    compare(comparison, laterSignatures);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    comparison.violations.push(error.message);
  }
  const { violations, notes, suspicions } = comparison;
  return { violations, notes: [...notes], suspicions };
}

function compare(c: Comparison, laterSignatures: readonly KnownSignature[]): void {
  for (const number of c.survey.unreadable) {
    c.violations.push(`object ${number} of the signed revision is unreadable`);
  }
  checkSections(c);
  classifyEntries(c);
  compareCatalogs(c);
  compareSignatureFields(c);
  for (const number of c.survey.annotationArrays) compareAnnotationArray(c, number);
  for (const number of c.unexplained) {
    const before = c.signed.get(number);
    const after = c.final.get(number);
    if (valuesEqual(before, after) || comparePages(c, before, after)) continue;
    c.violations.push(`object ${number} (${describeValue(before)}) was changed`);
  }
  for (const later of laterSignatures) {
    c.notes.add(`signature "${later.fieldName}" was added`);
    const problem = widgetProblem(c.final, later);
    if (problem?.isForbidden === true) c.violations.push(problem.text);
    else if (problem !== undefined) c.suspicions.push(problem.text);
  }
  c.violations.push(...strayBytes(c.final, newSections(c), c.signed.end));
}

function newSections(c: Comparison): PdfDocument['sections'] {
  return c.final.sections.slice(0, c.final.sections.length - c.signed.sections.length);
}

function checkSections(c: Comparison): void {
  for (const section of newSections(c)) {
    if (section.offset < c.signed.end) c.violations.push('a later revision lies in signed bytes');
    if (section.hidden !== undefined) c.violations.push('a later revision is a hybrid');
    if (section.trailer.entries.has('Encrypt')) c.violations.push('encryption was added');
    if (!valuesEqual(section.trailer.get('Root'), c.signed.trailer.get('Root'))) {
      c.violations.push('the document catalog was replaced (/Root)');
    }
    // Viewers ignore objects at or above /Size: a smaller one hides parts of the document.
    if (sizeOf(section) < sizeOf(c.signed.newestSection)) {
      c.violations.push('a later revision declares fewer objects (/Size)');
    }
    const seen = new Set<number>();
    for (const number of numbersInSection(section)) {
      if (seen.has(number)) c.violations.push(`object ${number} stands twice in one revision`);
      seen.add(number);
    }
  }
}

function sizeOf(section: XrefSection): number {
  return integerOf(section.trailer.get('Size')) ?? 0;
}

/** Sorts what later sections say into added, deleted and changed objects. */
function classifyEntries(c: Comparison): void {
  const seen = new Set<number>();
  for (const section of newSections(c)) {
    for (const number of numbersInSection(section)) {
      if (seen.has(number)) continue;
      seen.add(number);
      const before = c.signed.entry(number);
      const after = c.final.entry(number);
      if (sameEntry(before, after)) continue;
      if (after === undefined) {
        c.violations.push(`object ${number} was deleted`);
        continue;
      }
      if (!liesAfter(c, after)) {
        c.violations.push(`object ${number} was redirected into signed bytes`);
      } else if (before !== undefined) {
        c.unexplained.add(number);
      } else if (c.survey.counts.has(number)) {
        c.violations.push(`new object ${number} fills a reference that led nowhere`);
      }
    }
  }
}

function sameEntry(a: XrefEntry | undefined, b: XrefEntry | undefined): boolean {
  return a?.kind === b?.kind && a?.position === b?.position && a?.generation === b?.generation;
}

function liesAfter(c: Comparison, entry: XrefEntry): boolean {
  const container = entry.kind === IN_FILE ? entry : c.final.entry(entry.position);
  return container?.kind === IN_FILE && container.position >= c.signed.end;
}

/** Marks an object as explained; only if nothing else in the signed revision refers to it too. */
function explain(c: Comparison, value: PdfValue | undefined, expectedReferences: number): void {
  if (!(value instanceof PdfRef) || !c.unexplained.has(value.number)) return;
  if ((c.survey.counts.get(value.number) ?? 0) <= expectedReferences) {
    c.unexplained.delete(value.number);
  }
}

const ALLOWED_IN_CATALOG = new Set(['AcroForm', 'DSS', 'Extensions']);
const NOTED_IN_CATALOG = new Set(['Version', 'Metadata', 'PieceInfo']);

function compareCatalogs(c: Comparison): void {
  const before = c.signed.catalog();
  const after = c.final.catalog();
  explain(c, c.signed.trailer.get('Root'), Number.MAX_SAFE_INTEGER);
  if (after.hasDuplicateKeys) c.violations.push('the catalog repeats a key');
  for (const key of changedKeys(before, after)) {
    if (NOTED_IN_CATALOG.has(key)) c.notes.add(`catalog /${key} was changed`);
    else if (!ALLOWED_IN_CATALOG.has(key)) c.violations.push(`catalog /${key} was changed`);
  }
  const metadata = before.get('Metadata');
  if (metadata instanceof PdfRef && c.unexplained.has(metadata.number)) {
    explain(c, metadata, 1);
    c.notes.add('catalog /Metadata was changed');
  }
  const info = c.signed.trailer.get('Info');
  const isInfoChanged = info instanceof PdfRef && c.unexplained.has(info.number);
  if (isInfoChanged || !valuesEqual(info, c.final.trailer.get('Info'))) {
    explain(c, info, 0);
    c.notes.add('document information (/Info) was changed');
  }
  compareForms(c, before.get('AcroForm'), after.get('AcroForm'));
  compareValidationData(c, before.get('DSS'), after.get('DSS'));
}

function changedKeys(before: PdfDict, after: PdfDict): string[] {
  const keys = new Set([...before.entries.keys(), ...after.entries.keys()]);
  return [...keys].filter((key) => !valuesEqual(before.get(key), after.get(key)));
}

function compareForms(
  c: Comparison,
  beforeValue: PdfValue | undefined,
  afterValue: PdfValue | undefined,
): void {
  const before = c.signed.dict(beforeValue) ?? new PdfDict(new Map());
  const after = c.final.dict(afterValue) ?? new PdfDict(new Map());
  explain(c, beforeValue, 1);
  if (after.hasDuplicateKeys) c.violations.push('the form repeats a key');
  for (const key of changedKeys(before, after)) {
    if (key === 'Fields' || key === 'SigFlags') continue;
    const isDefault = !before.entries.has(key) && (key === 'DA' || key === 'DR');
    if (!isDefault) c.violations.push(`form /${key} was changed`);
    else if (hasOnlySignatureFields(c.signed)) c.notes.add(`form /${key} was added`);
    // A field without an appearance of its own is drawn with these fonts.
    else c.suspicions.push(`form /${key} was added, which may change how fields look`);
  }
  const problem = appendedProblem(
    c.signed.array(before.get('Fields')) ?? [],
    c.final.array(after.get('Fields')) ?? [],
    (number) => c.laterFields.has(number),
  );
  if (problem !== undefined) c.violations.push(`form fields: ${problem}`);
  else explain(c, before.get('Fields'), 1);
}

function hasOnlySignatureFields(document: PdfDocument): boolean {
  return collectFields(document).every(({ fieldType }) => fieldType === 'Sig');
}

/** Only appending references of an allowed kind leaves an array harmless. */
function appendedProblem(
  before: readonly PdfValue[],
  after: readonly PdfValue[],
  isAllowed: (number: number) => boolean,
): string | undefined {
  if (!before.every((item, i) => valuesEqual(item, after[i]))) {
    return 'entries were removed, replaced or reordered';
  }
  const isHarmless = after
    .slice(before.length)
    .every((item) => item instanceof PdfRef && isAllowed(item.number));
  return isHarmless ? undefined : 'something other than a valid signature was added';
}

/** The security store (ISO 32000-2 §12.8.4.3): its dictionaries and arrays may grow, not its streams. */
function compareValidationData(
  c: Comparison,
  before: PdfValue | undefined,
  after: PdfValue | undefined,
): void {
  const store = c.signed.dict(before);
  if (c.final.dict(after) === undefined) {
    if (store !== undefined) c.violations.push('validation data were removed (DSS)');
    return;
  }
  const parts: (PdfValue | undefined)[] = [before];
  for (const key of ['Certs', 'CRLs', 'OCSPs', 'VRI']) parts.push(store?.get(key));
  for (const entry of c.signed.dict(store?.get('VRI'))?.entries.values() ?? []) {
    parts.push(entry);
    for (const key of ['Cert', 'CRL', 'OCSP']) parts.push(c.signed.dict(entry)?.get(key));
  }
  const openBefore = c.unexplained.size;
  for (const part of parts) {
    const value = c.signed.resolve(part);
    if (value instanceof PdfDict || isPdfArray(value)) explain(c, part, 1);
  }
  if (!valuesEqual(before, after) || c.unexplained.size < openBefore) {
    c.notes.add('validation data (DSS) were added');
  }
}

/** Signature fields that were empty may be signed: they get a value and an appearance. */
function compareSignatureFields(c: Comparison): void {
  for (const field of collectFields(c.signed)) {
    if (field.fieldType !== 'Sig' || field.number === undefined) continue;
    if (c.signed.dict(field.value) !== undefined || !c.laterFields.has(field.number)) continue;
    for (const number of new Set([field.number, ...field.widgets])) {
      const before = c.signed.get(number);
      const after = c.final.get(number);
      if (!(before instanceof PdfDict) || !(after instanceof PdfDict)) continue;
      const keys = changedKeys(before, after);
      if (!after.hasDuplicateKeys && keys.every((key) => key === 'V' || key === 'AP')) {
        c.unexplained.delete(number);
      }
    }
  }
}

function compareAnnotationArray(c: Comparison, number: number): void {
  if (!c.unexplained.has(number)) return;
  const before = c.signed.get(number);
  const after = c.final.get(number);
  if (!isPdfArray(before) || !isPdfArray(after)) return;
  const problem = appendedProblem(before, after, (added) => c.laterWidgets.has(added));
  if (problem === undefined) explain(c, new PdfRef(number, 0), 1);
}

/** A page may get the widgets of later signatures, and a note of when it was changed. */
function comparePages(c: Comparison, before: PdfValue, after: PdfValue): boolean {
  if (!(before instanceof PdfDict) || !(after instanceof PdfDict)) return false;
  if (nameText(before.get('Type')) !== 'Page' || after.hasDuplicateKeys) return false;
  const keys = changedKeys(before, after);
  if (!keys.every((key) => key === 'Annots' || key === 'LastModified')) return false;
  if (keys.includes('LastModified')) c.notes.add('page /LastModified was changed');
  const problem = appendedProblem(
    c.signed.array(before.get('Annots')) ?? [],
    c.final.array(after.get('Annots')) ?? [],
    (number) => c.laterWidgets.has(number),
  );
  return problem === undefined;
}

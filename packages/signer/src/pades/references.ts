import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { PdfDict, PdfRef, PdfStream, type PdfValue, isPdfArray, nameText } from '../pdf/values.ts';
import { numbersInSection } from '../pdf/xref.ts';

/** What refers to what in one revision. */
export interface ReferenceSurvey {
  /** How often each object number is referred to, whether an object stands there or not. */
  readonly counts: ReadonlyMap<number, number>;
  /** Object numbers of the arrays that pages name as `/Annots`. */
  readonly annotationArrays: ReadonlySet<number>;
  /** Objects that cannot be read: what they refer to is not known. */
  readonly unreadable: readonly number[];
}

/** References of one value; kept, because revisions share most of their objects. */
const referencesOf = new WeakMap<object, readonly number[]>();

/** Reads every object of a revision and counts the references in them (trailers left out). */
export function surveyReferences(document: PdfDocument): ReferenceSurvey {
  const counts = new Map<number, number>();
  const annotationArrays = new Set<number>();
  const unreadable: number[] = [];
  const seen = new Set<number>();
  for (const section of document.sections) {
    for (const number of numbersInSection(section)) {
      if (seen.has(number)) continue;
      seen.add(number);
      const value = tryGet(document, number);
      if (value === undefined) unreadable.push(number);
      if (value === undefined || value === null || typeof value !== 'object') continue;
      const dict = value instanceof PdfStream ? value.dict : value;
      const type = dict instanceof PdfDict ? nameText(dict.get('Type')) : undefined;
      // A cross-reference stream is a trailer.
      if (type === 'XRef') continue;
      const annotations =
        type === 'Page' && dict instanceof PdfDict ? dict.get('Annots') : undefined;
      if (annotations instanceof PdfRef) annotationArrays.add(annotations.number);
      for (const target of listReferences(value)) counts.set(target, (counts.get(target) ?? 0) + 1);
    }
  }
  return { counts, annotationArrays, unreadable };
}

function tryGet(document: PdfDocument, number: number): PdfValue | undefined {
  try {
    return document.get(number);
  } catch (error) {
    if (error instanceof SignerError && error.code === 'SIGNER_PDF_BROKEN') return undefined;
    throw error;
  }
}

function listReferences(value: object): readonly number[] {
  const known = referencesOf.get(value);
  if (known !== undefined) return known;
  const numbers: number[] = [];
  collect(value, numbers);
  referencesOf.set(value, numbers);
  return numbers;
}

function collect(value: unknown, numbers: number[]): void {
  if (value instanceof PdfRef) numbers.push(value.number);
  else if (value instanceof PdfStream) collect(value.dict, numbers);
  else if (value instanceof PdfDict)
    for (const item of value.entries.values()) collect(item, numbers);
  else if (Array.isArray(value)) for (const item of value) collect(item, numbers);
}

/** Names an object for a report: `page`, `stream`, `annotation Link`, … */
export function describeValue(value: PdfValue): string {
  const dict = value instanceof PdfStream ? value.dict : value;
  if (dict instanceof PdfDict) {
    const type = nameText(dict.get('Type')) ?? nameText(dict.get('FT'));
    const subtype = nameText(dict.get('Subtype'));
    const words = [type, subtype].filter((word) => word !== undefined).join(' ');
    if (words !== '') return words;
    return value instanceof PdfStream ? 'stream' : 'dictionary';
  }
  return isPdfArray(value) ? 'array' : 'value';
}

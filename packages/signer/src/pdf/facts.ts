import { PdfDict, PdfName, PdfRef, PdfStream, type PdfValue, isPdfArray } from './values.ts';

/** Facts about one object, as bits of {@link Skimmed.flags}. */
export const FACT = {
  /** `/Type /Page` and not a node of the page tree. */
  PAGE: 1,
  /** A dictionary with `/Kids`. */
  KIDS: 4,
  /** The object repeats a key at its top level. */
  REPEATS: 8,
  /** One of {@link NOTABLE_NAMES} stands somewhere in it. */
  NOTABLE: 16,
  /** A stream whose data lie in another file (`/F`). */
  EXTERNAL: 32,
} as const;

/**
 * Names that bring something to life: the additional actions, and the types of those actions that do
 * more than move the view (ISO 32000-2 §12.6.4). An object that holds none of them needs no look.
 */
export const NOTABLE_NAMES: ReadonlySet<string> = new Set([
  'AA',
  'GoToE',
  'Hide',
  'ImportData',
  'JavaScript',
  'Launch',
  'Movie',
  'Rendition',
  'ResetForm',
  'RichMediaExecute',
  'SetOCGState',
  'Sound',
  'SubmitForm',
]);

/** What an object refers to, found without building its value. */
export interface Skimmed {
  /** Object numbers, with repetitions. */
  readonly references: readonly number[];
  readonly flags: number;
  /** Object number that a page names as its `/Annots`; 0 when there is none. */
  readonly annotations: number;
  /** Offset after the object. */
  readonly end: number;
}

/** The facts about a value that was built. */
export function factsOf(value: PdfValue, end: number): Skimmed {
  const references: number[] = [];
  const found = { flags: 0 };
  collect(value, references, found);
  const dict = value instanceof PdfStream ? value.dict : value;
  if (!(dict instanceof PdfDict)) return { references, flags: found.flags, annotations: 0, end };
  let { flags } = found;
  const type = dict.get('Type');
  const typeText = type instanceof PdfName ? type.text : '';
  if (dict.entries.has('Kids')) flags |= FACT.KIDS;
  if (dict.hasDuplicateKeys) flags |= FACT.REPEATS;
  if (value instanceof PdfStream && dict.entries.has('F')) flags |= FACT.EXTERNAL;
  const annotations = dict.get('Annots');
  const isPage = typeText === 'Page';
  if (isPage && (flags & FACT.KIDS) === 0) flags |= FACT.PAGE;
  const number = isPage && annotations instanceof PdfRef ? annotations.number : 0;
  return { references, flags, annotations: number, end };
}

function collect(value: PdfValue, numbers: number[], found: { flags: number }): void {
  if (value instanceof PdfRef) {
    numbers.push(value.number);
  } else if (value instanceof PdfName) {
    if (NOTABLE_NAMES.has(value.text)) found.flags |= FACT.NOTABLE;
  } else if (value instanceof PdfStream) {
    collect(value.dict, numbers, found);
  } else if (value instanceof PdfDict) {
    for (const [key, item] of value.entries) {
      if (NOTABLE_NAMES.has(key)) found.flags |= FACT.NOTABLE;
      collect(item, numbers, found);
    }
  } else if (isPdfArray(value)) {
    for (const item of value) collect(item, numbers, found);
  }
}

/**
 * PDF values as they stand in a file. Names and keys hold one character per byte (after `#xx`), so
 * that nothing is lost; text strings are decoded only where a person reads them (`text.ts`).
 */
export type PdfValue =
  | null
  | boolean
  | number
  | PdfName
  | PdfString
  | PdfRef
  | PdfDict
  | PdfStream
  | readonly PdfValue[];

export class PdfName {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A string with the place where it stands: a signature's gap must be exactly its `/Contents`. */
export class PdfString {
  readonly bytes: Uint8Array;
  readonly isHex: boolean;
  /** Offset of the opening `(` or `<` in the buffer it was read from. */
  readonly start: number;
  /** Offset after the closing `)` or `>`. */
  readonly end: number;

  constructor(bytes: Uint8Array, isHex: boolean, start: number, end: number) {
    this.bytes = bytes;
    this.isHex = isHex;
    this.start = start;
    this.end = end;
  }
}

export class PdfRef {
  readonly number: number;
  readonly generation: number;

  constructor(number: number, generation: number) {
    this.number = number;
    this.generation = generation;
  }
}

export class PdfDict {
  readonly entries: ReadonlyMap<string, PdfValue>;
  /** A key that stands twice is read differently by different viewers. */
  readonly hasDuplicateKeys: boolean;

  constructor(entries: ReadonlyMap<string, PdfValue>, hasDuplicateKeys = false) {
    this.entries = entries;
    this.hasDuplicateKeys = hasDuplicateKeys;
  }

  get(key: string): PdfValue | undefined {
    return this.entries.get(key);
  }
}

export class PdfStream {
  readonly dict: PdfDict;
  /** The data as stored, before any filter. */
  readonly raw: Uint8Array;

  constructor(dict: PdfDict, raw: Uint8Array) {
    this.dict = dict;
    this.raw = raw;
  }
}

export function isPdfArray(value: PdfValue | undefined): value is readonly PdfValue[] {
  return Array.isArray(value);
}

export function nameText(value: PdfValue | undefined): string | undefined {
  return value instanceof PdfName ? value.text : undefined;
}

export function integerOf(value: PdfValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** The object number of a reference. */
export function numberOf(value: PdfValue | undefined): number | undefined {
  return value instanceof PdfRef ? value.number : undefined;
}

function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Same value, references compared by number and not followed; spelling (`(a)` or `<61>`) does not count. */
export function valuesEqual(a: PdfValue | undefined, b: PdfValue | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a === null || b === null) return false;
  if (a instanceof PdfName) return b instanceof PdfName && a.text === b.text;
  if (a instanceof PdfRef) {
    return b instanceof PdfRef && a.number === b.number && a.generation === b.generation;
  }
  if (a instanceof PdfString) return b instanceof PdfString && bytesEqual(a.bytes, b.bytes);
  if (a instanceof PdfDict) return b instanceof PdfDict && dictsEqual(a, b);
  if (a instanceof PdfStream) {
    return b instanceof PdfStream && dictsEqual(a.dict, b.dict) && bytesEqual(a.raw, b.raw);
  }
  if (isPdfArray(a)) {
    return isPdfArray(b) && a.length === b.length && a.every((item, i) => valuesEqual(item, b[i]));
  }
  return false;
}

function dictsEqual(a: PdfDict, b: PdfDict): boolean {
  if (a.hasDuplicateKeys || b.hasDuplicateKeys || a.entries.size !== b.entries.size) return false;
  for (const [key, value] of a.entries) {
    if (!b.entries.has(key) || !valuesEqual(value, b.get(key))) return false;
  }
  return true;
}

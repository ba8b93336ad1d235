import { SignerError } from '../errors.ts';
import { isRegular } from './characters.ts';
import type { Lexer } from './lexer.ts';
import type { PdfSource } from './source.ts';
import { PdfDict, PdfStream, type PdfValue, integerOf, isPdfArray, nameText } from './values.ts';

export const FREE = 0;
export const IN_FILE = 1;
export const IN_OBJECT_STREAM = 2;

/** Where an object stands (ISO 32000-1 §7.5.4, §7.5.8). */
export interface XrefEntry {
  readonly kind: typeof FREE | typeof IN_FILE | typeof IN_OBJECT_STREAM;
  /** Offset in the file, or number of the object stream. */
  readonly position: number;
  /** Generation, or index in the object stream. */
  readonly generation: number;
}

/** A run of entries with consecutive object numbers, kept in arrays and not as objects. */
export interface XrefRun {
  readonly first: number;
  readonly count: number;
  readonly kinds: Uint8Array;
  readonly positions: Float64Array;
  readonly generations: Float64Array;
}

export interface XrefSection {
  readonly kind: 'table' | 'stream';
  /** Offset that `startxref` or `/Prev` names. */
  readonly offset: number;
  /** Offset after the trailer dictionary or after the stream's `endobj`. */
  readonly end: number;
  readonly trailer: PdfDict;
  readonly runs: readonly XrefRun[];
  /** The stream a hybrid-reference file hides from old readers (§7.5.8.4). */
  readonly hidden: XrefSection | undefined;
}

const NO_RESOLVE = (value: PdfValue | undefined): PdfValue | undefined => value;
/** Bytes at the end of the file in which `startxref` must stand. */
const TAIL_BYTES = 2048;
/** Subsections of one section. */
const MAX_RUNS = 65_536;

function fail(message: string, offset: number): never {
  throw new SignerError('SIGNER_PDF_BROKEN', message, { details: { offset } });
}

/**
 * Finds the last `startxref … %%EOF` before `end`.
 *
 * @returns the offset it names and the offset after `%%EOF`.
 */
export function findStartXref(bytes: Uint8Array, end: number): { offset: number; eofEnd: number } {
  const from = Math.max(0, end - TAIL_BYTES);
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from);
  const eof = tail.lastIndexOf('%%EOF');
  const start = eof < 0 ? -1 : tail.lastIndexOf('startxref', eof);
  if (eof < 0 || start < 0) fail('no startxref and %%EOF at the end of the file', from);
  const text = tail.subarray(start, eof).toString('latin1');
  const match = /^startxref[\0\t\n\f\r ]+([0-9]{1,15})[\0\t\n\f\r ]*$/.exec(text);
  if (match === null) fail('malformed startxref', from + start);
  return { offset: Number(match[1]), eofEnd: from + eof + '%%EOF'.length };
}

/**
 * Reads the chain of cross-reference sections: tables, streams and hybrids, newest first.
 *
 * @throws {@link SignerError} `SIGNER_PDF_BROKEN` for a chain that is damaged or runs in a circle,
 *   `SIGNER_PDF_TOO_COMPLEX` at a limit.
 */
export function readXrefChain(source: PdfSource, newest: number): XrefSection[] {
  const sections: XrefSection[] = [];
  const seen = new Set<number>();
  let next: number | undefined = newest;
  while (next !== undefined) {
    if (seen.has(next)) fail('cross-reference sections run in a circle', next);
    if (sections.length >= source.limits.maxSections) {
      throw new SignerError(
        'SIGNER_PDF_TOO_COMPLEX',
        `more than ${source.limits.maxSections} cross-reference sections`,
        { details: { maxSections: source.limits.maxSections } },
      );
    }
    seen.add(next);
    const section = readSection(source, next);
    sections.push(section);
    const previous = section.trailer.get('Prev');
    next = integerOf(previous);
    if (previous !== undefined && next === undefined) fail('/Prev is no integer', section.offset);
  }
  return sections;
}

function readSection(source: PdfSource, offset: number): XrefSection {
  if (offset < 0 || offset >= source.bytes.length)
    fail('cross-reference offset outside the file', offset);
  const lexer = source.lexerAt(offset);
  if (!lexer.takeKeyword('xref')) return readStreamSection(source, offset);
  try {
    const runs = readTableRuns(lexer, source.limits.maxObjects);
    const trailer = lexer.parseValue();
    if (!(trailer instanceof PdfDict)) fail('trailer without dictionary', offset);
    checkTrailer(trailer, offset);
    if (lexer.hasOddNumbers) refuseOddNumbers(offset);
    const hiddenOffset = trailer.get('XRefStm');
    let hidden: XrefSection | undefined;
    if (hiddenOffset !== undefined) {
      const at = integerOf(hiddenOffset) ?? fail('/XRefStm is no integer', offset);
      if (at < 0 || at >= source.bytes.length) fail('/XRefStm outside the file', offset);
      hidden = readStreamSection(source, at);
    }
    return { kind: 'table', offset, end: lexer.pos, trailer, runs, hidden };
  } finally {
    source.charge(lexer.pos - offset);
  }
}

function checkTrailer(trailer: PdfDict, offset: number): void {
  if (trailer.hasDuplicateKeys) fail('trailer with a repeated key', offset);
  if (integerOf(trailer.get('Size')) === undefined) fail('trailer without /Size', offset);
}

/** Some readers take `/Prev 17.0` for no address, rebuild the file, and may show something else. */
function refuseOddNumbers(offset: number): never {
  return fail('a cross-reference section with numbers that are not written as integers', offset);
}

function newRun(first: number, count: number): XrefRun {
  return {
    first,
    count,
    kinds: new Uint8Array(count),
    positions: new Float64Array(count),
    generations: new Float64Array(count),
  };
}

function checkRun(
  first: number,
  count: number,
  total: number,
  runCount: number,
  maxObjects: number,
): void {
  if (first + count > maxObjects || total + count > maxObjects || runCount >= MAX_RUNS) {
    throw new SignerError('SIGNER_PDF_TOO_COMPLEX', `more than ${maxObjects} objects`, {
      details: { maxObjects, maxRuns: MAX_RUNS },
    });
  }
}

function readTableRuns(lexer: Lexer, maxObjects: number): XrefRun[] {
  const runs: XrefRun[] = [];
  let total = 0;
  for (;;) {
    lexer.skipWhite();
    if (lexer.takeKeyword('trailer')) return runs;
    const first = lexer.expectUnsigned();
    const count = lexer.expectUnsigned();
    checkRun(first, count, total, runs.length, maxObjects);
    if (count * 18 > lexer.end - lexer.pos) lexer.fail('cross-reference table is cut off');
    total += count;
    const run = newRun(first, count);
    for (let i = 0; i < count; i++) readTableEntry(lexer, run, i);
    runs.push(run);
  }
}

/** `nnnnnnnnnn ggggg n`, then white space; writers differ in how much. */
function readTableEntry(lexer: Lexer, run: XrefRun, index: number): void {
  lexer.skipWhite();
  const { bytes, pos } = lexer;
  const position = fixedDigits(bytes, pos, 10);
  const generation = fixedDigits(bytes, pos + 11, 5);
  const type = bytes[pos + 17];
  const isEntry = bytes[pos + 10] === 0x20 && bytes[pos + 16] === 0x20;
  if (position < 0 || generation < 0 || !isEntry || (type !== 0x6e && type !== 0x66)) {
    lexer.fail('malformed cross-reference entry');
  }
  const next = bytes[pos + 18];
  if (next !== undefined && isRegular(next)) lexer.fail('cross-reference entries without a space');
  lexer.pos = pos + 18;
  // Some writers mark a free entry as `0000000000 00000 n`.
  run.kinds[index] = type === 0x6e && position > 0 ? IN_FILE : FREE;
  run.positions[index] = position;
  run.generations[index] = generation;
}

function fixedDigits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function readStreamSection(source: PdfSource, offset: number): XrefSection {
  const object = source.readObject(offset, NO_RESOLVE);
  const stream = object.value;
  if (!(stream instanceof PdfStream) || nameText(stream.dict.get('Type')) !== 'XRef') {
    fail('no cross-reference section', offset);
  }
  checkTrailer(stream.dict, offset);
  const lexer = source.lexerAt(offset);
  lexer.expectUnsigned();
  lexer.expectUnsigned();
  lexer.skipWhite();
  lexer.expectKeyword('obj');
  lexer.parseValue();
  if (lexer.hasOddNumbers) refuseOddNumbers(offset);
  const data = source.decode(stream, NO_RESOLVE);
  source.charge(data.length);
  const runs = readStreamRuns(stream.dict, data, source.limits.maxObjects, offset);
  return {
    kind: 'stream',
    offset,
    end: object.end,
    trailer: stream.dict,
    runs,
    hidden: undefined,
  };
}

function readStreamRuns(
  dict: PdfDict,
  data: Uint8Array,
  maxObjects: number,
  offset: number,
): XrefRun[] {
  const widths = integers(dict.get('W'));
  const [typeWidth = -1, positionWidth = -1, generationWidth = -1] = widths ?? [];
  if (widths?.length !== 3 || widths.some((width) => width < 0 || width > 8)) {
    fail('cross-reference stream without a usable /W', offset);
  }
  const index = dict.get('Index');
  const ranges = index === undefined ? [0, integerOf(dict.get('Size')) ?? 0] : integers(index);
  if (ranges === undefined || ranges.length % 2 !== 0) fail('malformed /Index', offset);
  const runs: XrefRun[] = [];
  let pos = 0;
  let total = 0;
  const take = (width: number): number => {
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + (data[pos++] ?? 0);
    return value;
  };
  for (let r = 0; r < ranges.length; r += 2) {
    const first = ranges[r] ?? -1;
    const count = ranges[r + 1] ?? -1;
    if (first < 0 || count < 0) fail('malformed /Index', offset);
    checkRun(first, count, total, runs.length, maxObjects);
    total += count;
    const rowBytes = typeWidth + positionWidth + generationWidth;
    if (rowBytes === 0 || pos + count * rowBytes > data.length) {
      fail('cross-reference stream is cut off', offset);
    }
    const run = newRun(first, count);
    for (let i = 0; i < count; i++) {
      const kind = typeWidth === 0 ? IN_FILE : take(typeWidth);
      // To be read as free (§7.5.8.3), but Poppler gives the whole section up for it.
      if (kind > IN_OBJECT_STREAM) fail(`cross-reference entry of type ${kind}`, offset);
      run.kinds[i] = kind;
      run.positions[i] = take(positionWidth);
      run.generations[i] = take(generationWidth);
    }
    runs.push(run);
  }
  return runs;
}

function integers(value: PdfValue | undefined): number[] | undefined {
  if (!isPdfArray(value)) return undefined;
  const numbers: number[] = [];
  for (const item of value) {
    const number = integerOf(item);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  return numbers;
}

function entryInRuns(runs: readonly XrefRun[], number: number): XrefEntry | undefined {
  for (const run of runs) {
    const i = number - run.first;
    if (i < 0 || i >= run.count) continue;
    const kind = run.kinds[i];
    return {
      kind: kind === IN_FILE || kind === IN_OBJECT_STREAM ? kind : FREE,
      position: run.positions[i] ?? 0,
      generation: run.generations[i] ?? 0,
    };
  }
  return undefined;
}

/** What one section says about an object; a hybrid's hidden entry counts where the table has none. */
export function entryInSection(section: XrefSection, number: number): XrefEntry | undefined {
  const entry = entryInRuns(section.runs, number);
  if (section.hidden === undefined || (entry !== undefined && entry.kind !== FREE)) return entry;
  return entryInRuns(section.hidden.runs, number) ?? entry;
}

/** Every object number a section speaks of. */
export function* numbersInSection(section: XrefSection): Generator<number> {
  for (const run of [...section.runs, ...(section.hidden?.runs ?? [])]) {
    for (let i = 0; i < run.count; i++) yield run.first + i;
  }
}

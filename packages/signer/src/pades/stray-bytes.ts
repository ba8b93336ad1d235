import { SignerError } from '../errors.ts';
import { skipWhite } from '../pdf/characters.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { Lexer } from '../pdf/lexer.ts';
import { IN_FILE, type XrefSection, entryInSection, numbersInSection } from '../pdf/xref.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Bytes that belong to no object and to no cross-reference section. */
export interface StrayBytes {
  /** They hold what a viewer that searches the file would take for an object or a trailer. */
  readonly isObject: boolean;
  readonly text: string;
}

/** More unexplained text between objects than this is taken for objects without a look. */
const MAX_GAP_BYTES = 4096;
const OBJECT_WORDS = ['obj', 'trailer', 'xref', '%PDF'];

/**
 * Finds bytes after a signed revision that belong to no object and no cross-reference section.
 * Viewers that rebuild a file by searching for objects would read them, others not.
 */
export function findStrayBytes(
  document: PdfDocument,
  newSections: readonly XrefSection[],
  from: number,
): StrayBytes[] {
  const { bytes } = document.source;
  const spans: Span[] = [];
  for (const section of newSections) {
    spans.push({ start: section.offset, end: section.end });
    const { hidden } = section;
    if (hidden !== undefined) spans.push({ start: hidden.offset, end: hidden.end });
    for (const number of numbersInSection(section)) {
      const entry = entryInSection(section, number);
      if (entry?.kind !== IN_FILE || entry.position < from) continue;
      const object =
        document.source.objects.get(entry.position) ??
        document.source.readObject(entry.position, (value) => document.resolve(value));
      spans.push({ start: object.start, end: object.end });
    }
  }
  spans.sort((a, b) => a.start - b.start);
  const stray: StrayBytes[] = [];
  let position = from;
  for (const span of [...spans, { start: bytes.length, end: bytes.length }]) {
    if (span.start > position) {
      const found = judgeGap(document, position, span.start);
      if (found !== undefined) stray.push(found);
    }
    position = Math.max(position, span.end);
  }
  return stray;
}

/** Harmless are white space, `startxref` with its number, and comments (of which `%%EOF` is one). */
function judgeGap(document: PdfDocument, from: number, end: number): StrayBytes | undefined {
  const { bytes, limits } = document.source;
  const start = skipWhite(bytes, from, end);
  if (start === end) return undefined;
  const text = `bytes at ${start} belong to no object of the file`;
  if (end - start > MAX_GAP_BYTES) return { isObject: true, text };
  const gap = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const words = gap.toString('latin1').replaceAll('startxref', '');
  if (OBJECT_WORDS.some((word) => words.includes(word))) return { isObject: true, text };
  const lexer = new Lexer(gap, 0, gap.length, limits.maxDepth);
  try {
    for (;;) {
      lexer.skipWhite();
      if (lexer.pos >= lexer.end) return undefined;
      lexer.expectKeyword('startxref');
      lexer.expectUnsigned();
    }
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return { isObject: false, text };
  }
}

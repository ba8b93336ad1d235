import type { PdfDocument } from '../pdf/document.ts';
import { Lexer } from '../pdf/lexer.ts';
import { IN_FILE, type XrefSection, entryInSection, numbersInSection } from '../pdf/xref.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** More unexplained text between objects than this is refused without a look. */
const MAX_GAP_BYTES = 1024;

/**
 * Finds bytes after a signed revision that belong to no object and no cross-reference section.
 * Viewers that rebuild a file by searching for objects would read them, others not.
 */
export function strayBytes(
  document: PdfDocument,
  newSections: readonly XrefSection[],
  from: number,
): string[] {
  const { bytes } = document.source;
  const spans: Span[] = [];
  for (const section of newSections) {
    spans.push({ start: section.offset, end: section.end });
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
  let position = from;
  for (const span of [...spans, { start: bytes.length, end: bytes.length }]) {
    if (span.start > position && !isHarmlessGap(document, position, span.start)) {
      return [`bytes at ${position} belong to no object of the file`];
    }
    position = Math.max(position, span.end);
  }
  return [];
}

/** White space, `startxref` with its number, and comments (of which `%%EOF` is one). */
function isHarmlessGap(document: PdfDocument, start: number, end: number): boolean {
  if (end - start > MAX_GAP_BYTES) return false;
  const { bytes, limits } = document.source;
  const gap = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  if (gap.includes('obj')) return false;
  const lexer = new Lexer(gap, 0, gap.length, limits.maxDepth);
  for (;;) {
    lexer.skipWhite();
    if (lexer.pos >= lexer.end) return true;
    if (!lexer.takeKeyword('startxref')) return false;
    lexer.expectUnsigned();
  }
}

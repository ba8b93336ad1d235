import { SignerError } from '../errors.ts';
import type { StampFont } from './font.ts';
import { hexCode } from './prepared-object.ts';
import type { Glyph } from './truetype.ts';

/** A line of text as the content stream shows it. */
export interface TextLine {
  /** Character codes of Identity-H in hexadecimal. */
  readonly hex: string;
  /** Points. */
  readonly size: number;
  readonly width: number;
}

/** The room for a text, in points. */
export interface TextRoom {
  readonly width: number;
  readonly maxLines: number;
  readonly maxSize: number;
  readonly minSize: number;
}

const SIZE_STEP = 0.5;
const MAX_LETTERS = 300;
const SPACE = 0x20;

/** NFC, and one space where any white space stood. */
export function normalizeText(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}

/**
 * The glyphs of a text. The writer places letter after letter, so a mark that has no composed letter
 * in Unicode, and anything invisible that turns text around, is refused like a letter without glyph.
 *
 * @param what - names the text for the error.
 * @throws {@link SignerError} `SIGNER_STAMP_GLYPH_MISSING` names the letter, `SIGNER_INPUT_INVALID`
 *   a text that is empty or too long.
 */
export function glyphsOf(font: StampFont, text: string, what: string): Glyph[] {
  const normal = normalizeText(text);
  if (normal === '') throw unusable(`${what} is empty`);
  if (normal.length > MAX_LETTERS) {
    throw unusable(`${what} of ${normal.length} characters, limit ${MAX_LETTERS}`);
  }
  const glyphs: Glyph[] = [];
  for (const letter of normal) {
    const codePoint = letter.codePointAt(0) ?? 0;
    const glyph = font.glyphs.get(codePoint);
    // oxlint-disable-next-line no-control-regex
    if (glyph === undefined || (codePoint > 0x7f && /[\p{M}\p{C}]/u.test(letter))) {
      const code = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
      throw new SignerError(
        'SIGNER_STAMP_GLYPH_MISSING',
        `the font of the stamp cannot show "${letter.toWellFormed()}" (${code}) in ${what}`,
        { details: { letter: letter.toWellFormed(), codePoint: code } },
      );
    }
    glyphs.push(glyph);
  }
  return glyphs;
}

function unusable(reason: string): SignerError {
  return new SignerError('SIGNER_INPUT_INVALID', reason, { details: {} });
}

/** One line at a size, however wide. */
export function lineOf(glyphs: readonly Glyph[], size: number): TextLine {
  let hex = '';
  let advance = 0;
  for (const glyph of glyphs) {
    hex += hexCode(glyph.id);
    advance += glyph.advance;
  }
  return { hex, size, width: (advance * size) / 1_000 };
}

/**
 * Breaks a text into lines at spaces, with the largest size at which it fits; words longer than a
 * line are broken only at the smallest size.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when it does not fit at the smallest size, and
 *   the errors of {@link glyphsOf}.
 */
export function fitText(font: StampFont, text: string, room: TextRoom, what: string): TextLine[] {
  const glyphs = glyphsOf(font, text, what);
  const space = font.glyphs.get(SPACE);
  const words: Glyph[][] = [[]];
  for (const glyph of glyphs) {
    if (glyph.id === space?.id) words.push([]);
    else words.at(-1)?.push(glyph);
  }
  for (let size = room.maxSize; size >= room.minSize; size -= SIZE_STEP) {
    const lines = wrap(words, space, (room.width * 1_000) / size, size <= room.minSize);
    if (lines !== undefined && lines.length <= room.maxLines) {
      return lines.map((line) => lineOf(line, size));
    }
  }
  const { maxLines, width, minSize } = room;
  throw unusable(
    `${what} does not fit ${maxLines} lines of ${Math.round(width)} pt at ${minSize} pt`,
  );
}

const sumOf = (glyphs: readonly Glyph[]): number =>
  glyphs.reduce((sum, { advance }) => sum + advance, 0);

/** Fills line after line; undefined when a word is wider than a line and must not be broken. */
function wrap(
  words: readonly Glyph[][],
  space: Glyph | undefined,
  maxAdvance: number,
  mayBreakWords: boolean,
): Glyph[][] | undefined {
  const lines: Glyph[][] = [];
  let line: Glyph[] = [];
  for (const word of words) {
    const joined = line.length === 0 || space === undefined ? word : [...line, space, ...word];
    if (sumOf(joined) <= maxAdvance) {
      line = joined;
      continue;
    }
    if (line.length > 0) lines.push(line);
    line = [];
    if (sumOf(word) > maxAdvance && !mayBreakWords) return undefined;
    for (const glyph of word) {
      if (line.length > 0 && sumOf(line) + glyph.advance > maxAdvance) {
        lines.push(line);
        line = [];
      }
      line.push(glyph);
    }
  }
  return line.length > 0 ? [...lines, line] : lines;
}

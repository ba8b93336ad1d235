import { measureText, type Typeface } from './typefaces.ts';

/** One line of text as it will be shown. */
export interface Line {
  readonly words: readonly string[];
  /** Distance from the left edge of the column in points. */
  readonly indent: number;
  /** Width of the words and of single spaces between them in points. */
  readonly naturalWidth: number;
}

export interface BreakOptions {
  readonly typeface: Typeface;
  readonly size: number;
  /** Width of the column in points. */
  readonly width: number;
  /** Indent of the first line in points. */
  readonly firstIndent?: number;
  /** Indent of all further lines in points. */
  readonly hangingIndent?: number;
}

/**
 * Breaks a paragraph into lines, first fit. A word that is wider than the column stands alone on a
 * line and sticks out: Vietnamese words are short, and hyphenation would change the text.
 */
export function breakLines(text: string, options: BreakOptions): Line[] {
  const { typeface, size, width } = options;
  const spaceWidth = measureText(typeface, ' ', size);
  const lines: Line[] = [];
  let words: string[] = [];
  let used = 0;
  let indent = options.firstIndent ?? 0;
  for (const word of text.normalize('NFC').split(/\s+/u).filter(Boolean)) {
    const wordWidth = measureText(typeface, word, size);
    const withWord = words.length === 0 ? wordWidth : used + spaceWidth + wordWidth;
    if (words.length > 0 && indent + withWord > width) {
      lines.push({ words, indent, naturalWidth: used });
      indent = options.hangingIndent ?? 0;
      words = [word];
      used = wordWidth;
    } else {
      words.push(word);
      used = withWord;
    }
  }
  if (words.length > 0) lines.push({ words, indent, naturalWidth: used });
  return lines;
}

/** Breaks centred text into as few lines as fit, of about equal width: no single word on the last. */
export function breakEvenly(text: string, options: BreakOptions): Line[] {
  let best = breakLines(text, options);
  if (best.length < 2) return best;
  for (let width = options.width * 0.95; width > options.width * 0.4; width *= 0.95) {
    const narrower = breakLines(text, { ...options, width });
    if (narrower.length > best.length) break;
    if (narrower.some((line) => line.naturalWidth > width)) break;
    best = narrower;
  }
  return best;
}

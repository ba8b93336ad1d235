import type { TableColumn } from './blocks.ts';
import { type BodyLook, CELL_PADDING } from './body.ts';
import { AREA } from './layout.ts';
import { measureText, type Typefaces } from './typefaces.ts';

/** A longer word is broken rather than given a column of its own width, in points. */
const MAX_WORD_WIDTH = 60;

/**
 * Widens columns whose words or numbers would not fit, at the cost of those that have room. Where there
 * is not enough room for all, the shares stay as they are and words are broken.
 */
export function fitColumns(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  typefaces: Typefaces,
  look: BodyLook,
): TableColumn[] {
  const widthOf = (text: string): number =>
    measureText(typefaces.bold, known(text, typefaces), look.tableCell.size);
  const widest = (words: readonly string[]): number => Math.max(0, ...words.map(widthOf));
  const fitted = columns.map(({ title, share, align }, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const words = cells.flatMap((cell) => cell.split(/\s+/u));
    const text = align === 'right' ? widest(cells) : Math.min(widest(words), MAX_WORD_WIDTH);
    const least = Math.max(widest(title.split(/\s+/u)), text) + 2 * CELL_PADDING + 1;
    return { least, width: Math.max(least, share * AREA.width) };
  });
  const excess = fitted.reduce((sum, { width }) => sum + width, 0) - AREA.width;
  const slack = fitted.reduce((sum, { width, least }) => sum + width - least, 0);
  if (excess <= 0 || slack < excess) return [...columns];
  return columns.map((column, index) => {
    const { width, least } = fitted[index] ?? { width: 0, least: 0 };
    return { ...column, share: (width - (excess * (width - least)) / slack) / AREA.width };
  });
}

function known(text: string, { bold }: Typefaces): string {
  return Array.from(text, (letter) => (bold.glyphs.has(letter) ? letter : '?')).join('');
}

import type { Block } from './blocks.ts';
import { type BodyLook, CELL_PADDING } from './body.ts';
import { AREA } from './layout.ts';
import type { TextStyle } from './page-writer.ts';
import { measureText, type Typeface, type Typefaces } from './typefaces.ts';

/**
 * Names and reasons are others' words: letters that the typeface lacks show as a question mark, and
 * words that are wider than their column are broken.
 */
export function drawableBlock(block: Block, typefaces: Typefaces, look: BodyLook): Block {
  if (block.kind === 'chart') return block;
  if (block.kind !== 'table') {
    const style = { paragraph: look.body, basis: look.basis, heading: look.heading }[block.kind];
    return { ...block, text: drawableText(block.text, typefaces, style, AREA.width) };
  }
  const widths = block.columns.map(({ share }) => share * AREA.width - 2 * CELL_PADDING);
  // The bold of a head or a sum is wider than the cells' own face.
  const style: TextStyle = { ...look.tableCell, face: 'bold' };
  const rows = block.rows.map((row) =>
    row.map((text, index) => drawableText(text, typefaces, style, widths[index] ?? AREA.width)),
  );
  const columns = block.columns.map((column, index) => {
    const width = widths[index] ?? AREA.width;
    return { ...column, title: drawableText(column.title, typefaces, look.tableHead, width) };
  });
  return { ...block, columns, rows };
}

/** @param width - of the column, in points. */
export function drawableText(
  text: string,
  typefaces: Typefaces,
  { face, size }: TextStyle,
  width: number,
): string {
  const typeface = typefaces[face];
  return text
    .normalize('NFC')
    .split(/\s+/u)
    .flatMap((word) => breakWord(word, typeface, size, width))
    .join(' ');
}

function breakWord(word: string, typeface: Typeface, size: number, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const letter of word) {
    const shown = typeface.glyphs.has(letter) ? letter : '?';
    const letterWidth = measureText(typeface, shown, size);
    if (piece !== '' && used + letterWidth > width) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += shown;
    used += letterWidth;
  }
  return [...pieces, piece];
}

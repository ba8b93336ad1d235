import type { Block } from './blocks.ts';
import type { BodyLook } from './body.ts';
import { AREA } from './layout.ts';
import type { Typefaces } from './typefaces.ts';

/** Letters of this typeface are about half as wide as it is high; a longer word would stick out. */
const LETTER_WIDTH = 0.5;

/**
 * Names and reasons are others' words: letters that the typeface lacks show as a question mark, and
 * words that are wider than their column are broken.
 */
export function drawableBlock(block: Block, typefaces: Typefaces, look: BodyLook): Block {
  if (block.kind === 'chart') return block;
  if (block.kind !== 'table') {
    return { ...block, text: drawableText(block.text, typefaces, lettersIn(1, look.body)) };
  }
  const rooms = block.columns.map(({ share }) => lettersIn(share, look.tableCell));
  const rows = block.rows.map((row) =>
    row.map((text, index) => drawableText(text, typefaces, rooms[index] ?? 1)),
  );
  return { ...block, rows };
}

/** @param room - letters of the longest word. */
export function drawableText(text: string, { regular }: Typefaces, room: number): string {
  return text
    .normalize('NFC')
    .split(/\s+/u)
    .map((word) => Array.from(word, (letter) => (regular.glyphs.has(letter) ? letter : '?')))
    .flatMap((letters) =>
      Array.from({ length: Math.ceil(letters.length / room) }, (_, index) =>
        letters.slice(index * room, (index + 1) * room).join(''),
      ),
    )
    .join(' ');
}

function lettersIn(share: number, { size }: { readonly size: number }): number {
  return Math.max(1, Math.floor((share * AREA.width) / (size * LETTER_WIDTH)));
}

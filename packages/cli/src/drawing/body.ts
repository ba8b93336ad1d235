import { layOutChart } from './chart.ts';
import { AREA, type DrawingContext, lineMetrics, STYLE } from './layout.ts';
import { breakLines } from './line-breaking.ts';
import type { Block, TableColumn } from './blocks.ts';
import type { TextStyle } from './page-writer.ts';
import type { FlowItem } from './pagination.ts';
import { measureText, type Typefaces } from './typefaces.ts';

type Item = FlowItem<DrawingContext>;

const FIRST_INDENT = 36;
const PARAGRAPH_GAP = 6;
/** Between the border of a cell and its text. */
export const CELL_PADDING = 4;

/** How the parts of a text are set. */
export interface BodyLook {
  readonly body: TextStyle;
  readonly basis: TextStyle;
  readonly heading: TextStyle;
  readonly tableHead: TextStyle;
  readonly tableCell: TextStyle;
  /** Indent of the first line of a paragraph, in points. */
  readonly firstIndent: number;
}

/** As Decree 30/2020, appendix I, has it. */
const OFFICIAL_LOOK: BodyLook = { ...STYLE, firstIndent: FIRST_INDENT };

/** Blocks of text as lines and rows, ready to be distributed over pages. */
export function layOutBody(
  blocks: readonly Block[],
  typefaces: Typefaces,
  look: BodyLook = OFFICIAL_LOOK,
): Item[] {
  return blocks.flatMap((block) => {
    if (block.kind === 'table') return layOutTable(block, typefaces, look);
    if (block.kind === 'chart') return [layOutChart(block.bars, typefaces, look.tableCell)];
    const isHeading = block.kind === 'heading';
    const style = { paragraph: look.body, basis: look.basis, heading: look.heading }[block.kind];
    const indent = look.firstIndent;
    return layOutParagraph(block.text, { style, indent }, typefaces, isHeading);
  });
}

function layOutParagraph(
  text: string,
  { style, indent: firstIndent }: { readonly style: TextStyle; readonly indent: number },
  typefaces: Typefaces,
  keepWithNext: boolean,
): Item[] {
  const lines = breakLines(text, {
    typeface: typefaces[style.face],
    size: style.size,
    width: AREA.width,
    firstIndent,
  });
  const { height, baseline } = lineMetrics(style);
  return lines.map((line, index) => {
    const isLast = index === lines.length - 1;
    return {
      before: index === 0 ? PARAGRAPH_GAP : 0,
      height,
      // At least two lines of a paragraph stay together on either side of a page break.
      keepWithNext: isLast ? keepWithNext : index === 0 || index === lines.length - 2,
      draw({ writer }, top) {
        writer.text(line, AREA.left, top - baseline, style, isLast ? undefined : AREA.width);
      },
    };
  });
}

function layOutTable(
  { columns, rows, hasTotal = false }: Extract<Block, { readonly kind: 'table' }>,
  typefaces: Typefaces,
  look: BodyLook,
): Item[] {
  const titles = columns.map((column) => column.title);
  const centred = columns.map((column): TableColumn => ({ ...column, align: 'centre' }));
  const head = layOutRow(centred, titles, { style: look.tableHead, isHead: true }, typefaces);
  const body = rows.map((row, index) => {
    const isTotal = hasTotal && index === rows.length - 1;
    const style = isTotal ? look.tableHead : look.tableCell;
    return layOutRow(columns, row, { style, isHead: false }, typefaces);
  });
  const rowsWithHead = body.map((row) => ({ ...row, head }));
  return [{ ...head, before: PARAGRAPH_GAP + 2, keepWithNext: true }, ...rowsWithHead];
}

function layOutRow(
  columns: readonly TableColumn[],
  texts: readonly string[],
  { style, isHead }: { readonly style: TextStyle; readonly isHead: boolean },
  typefaces: Typefaces,
): Item {
  const typeface = typefaces[style.face];
  const { height: lineHeight, baseline } = lineMetrics(style);
  let x = AREA.left;
  const cells = columns.map((column, index) => {
    const width = column.share * AREA.width;
    const lines = breakLines(texts[index] ?? '', {
      typeface,
      size: style.size,
      width: width - 2 * CELL_PADDING,
    });
    const cell = { x, width, align: column.align, lines };
    x += width;
    return cell;
  });
  const lineCount = Math.max(1, ...cells.map((cell) => cell.lines.length));
  const height = lineCount * lineHeight + CELL_PADDING;
  return {
    before: 0,
    height,
    keepWithNext: false,
    draw({ writer }, top) {
      for (const cell of cells) {
        writer.box(cell.x, top - height, cell.width, height);
        const offset = isHead ? ((lineCount - cell.lines.length) * lineHeight) / 2 : 0;
        cell.lines.forEach((line, index) => {
          const y = top - offset - index * lineHeight - baseline - 1;
          const text = line.words.join(' ');
          const room = cell.width - CELL_PADDING;
          const width = measureText(typeface, text, style.size);
          if (cell.align === 'centre') writer.centred(text, cell.x + cell.width / 2, y, style);
          else if (cell.align === 'right') writer.text(text, cell.x + room - width, y, style);
          else writer.text(text, cell.x + CELL_PADDING, y, style);
        });
      }
    },
  };
}

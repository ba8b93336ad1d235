import {
  PDFArray,
  type PDFContext,
  type PDFDocument,
  PDFName,
  PDFNumber,
  PDFOperator,
  PDFOperatorNames,
  type PDFPage,
  type PDFRef,
  beginText,
  endText,
  fill,
  lineTo,
  moveText,
  moveTo,
  rectangle,
  setFillingGrayscaleColor,
  setFontAndSize,
  setLineWidth,
  stroke,
} from 'pdf-lib';

import type { Line } from './line-breaking.ts';
import { encodeText, FACES, type Face, measureText, type Typefaces } from './typefaces.ts';

/** A4 in points. */
export const PAGE = { width: 595.28, height: 841.89 } as const;

export interface TextStyle {
  readonly face: Face;
  /** Font size in points. */
  readonly size: number;
}

/** Writes lines and rules onto one page. All positions are in points from the lower left corner. */
export interface PageWriter {
  /** One line that starts at `x`. Words may be spread to fill `fillWidth`. */
  text(line: string | Line, x: number, y: number, style: TextStyle, fillWidth?: number): void;
  centred(line: string, centreX: number, y: number, style: TextStyle): void;
  rule(fromX: number, toX: number, y: number): void;
  box(x: number, y: number, width: number, height: number): void;
  /** A filled box, from black (0) to white (1). */
  area(x: number, y: number, width: number, height: number, grey: number): void;
}

const RULE_WIDTH = 0.75;

/** Adds a page and gives what writes onto it. */
export function addPage(
  pdf: PDFDocument,
  typefaces: Typefaces,
  fonts: Readonly<Record<Face, PDFRef>>,
): PageWriter {
  const page = pdf.addPage([PAGE.width, PAGE.height]);
  for (const face of FACES) page.node.setFontDictionary(fontKey(face), fonts[face]);

  function show(words: readonly string[], x: number, y: number, style: TextStyle, gap: number) {
    const typeface = typefaces[style.face];
    const shown = showWords(pdf.context, words, gap, (text) => encodeText(typeface, text));
    page.pushOperators(
      beginText(),
      setFontAndSize(fontKey(style.face), style.size),
      moveText(round(x), round(y)),
      shown,
      endText(),
    );
  }
  return {
    text(line, x, y, style, fillWidth) {
      const words = typeof line === 'string' ? [line.normalize('NFC')] : line.words;
      const indent = typeof line === 'string' ? 0 : line.indent;
      let gap = 0;
      if (fillWidth !== undefined && typeof line !== 'string' && words.length > 1) {
        const missing = fillWidth - indent - line.naturalWidth;
        gap = (Math.max(0, missing) * 1000) / style.size / (words.length - 1);
      }
      show(words, x + indent, y, style, gap);
    },
    centred(line, centreX, y, style) {
      const text = line.normalize('NFC');
      const width = measureText(typefaces[style.face], text, style.size);
      show([text], centreX - width / 2, y, style, 0);
    },
    rule(fromX, toX, y) {
      strokePath(page, moveTo(round(fromX), round(y)), lineTo(round(toX), round(y)));
    },
    box(x, y, width, height) {
      strokePath(page, rectangle(round(x), round(y), round(width), round(height)));
    },
    area(x, y, width, height, grey) {
      const shape = rectangle(round(x), round(y), round(width), round(height));
      page.pushOperators(setFillingGrayscaleColor(grey), shape, fill());
      page.pushOperators(setFillingGrayscaleColor(0));
    },
  };
}

function fontKey(face: Face): PDFName {
  return PDFName.of(`F${FACES.indexOf(face) + 1}`);
}

function strokePath(page: PDFPage, ...path: PDFOperator[]): void {
  page.pushOperators(setLineWidth(RULE_WIDTH), ...path, stroke());
}

/**
 * One `TJ` operator: the words with real spaces between them, each space widened by `gap`
 * (thousandths of the font size). `Tw` has no effect on two-byte codes (ISO 32000-1 §9.3.3).
 */
function showWords(
  context: PDFContext,
  words: readonly string[],
  gap: number,
  encode: (text: string) => ReturnType<typeof encodeText>,
): PDFOperator {
  const shown = PDFArray.withContext(context);
  if (gap === 0) {
    shown.push(encode(words.join(' ')));
  } else {
    words.forEach((word, index) => {
      if (index > 0) shown.push(PDFNumber.of(-round(gap)));
      shown.push(encode(index < words.length - 1 ? `${word} ` : word));
    });
  }
  return PDFOperator.of(PDFOperatorNames.ShowTextAdjusted, [shown]);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

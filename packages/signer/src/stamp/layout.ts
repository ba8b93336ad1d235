import { STAMP_COLOURS } from './image.ts';
import {
  type PageGeometry,
  type Rect,
  type Size,
  formatNumber,
  uprightMatrix,
} from './geometry.ts';
import type { PreparedObject } from './prepared-object.ts';
import type { TextLine } from './text.ts';

/** A stamp laid out in points, origin at its lower left. */
export interface Layout {
  readonly size: Size;
  readonly picture: Rect | undefined;
  /** Each with the start of its base line. */
  readonly lines: readonly { readonly line: TextLine; readonly x: number; readonly y: number }[];
}

const LINE_HEIGHT = 1.15;
/** Height of the letters over the base line, by font size: Tinos and Times New Roman. */
const ASCENT = 0.9;
const GAP_PT = 4;

/** The picture alone. */
export function layoutPicture(size: Size): Layout {
  return { size, picture: [0, 0, size.width, size.height], lines: [] };
}

/** The picture with centred lines under it. */
export function layoutBelow(picture: Size, lines: readonly TextLine[]): Layout {
  const textHeight = heightOf(lines);
  const width = Math.max(picture.width, ...lines.map((line) => line.width));
  const size = { width, height: textHeight + GAP_PT + picture.height };
  const left = (width - picture.width) / 2;
  return {
    size,
    picture: [left, size.height - picture.height, left + picture.width, size.height],
    lines: placeLines(lines, textHeight, (line) => (width - line.width) / 2),
  };
}

/** Lines one under the other, with the picture, if there is one, to their left. */
export function layoutBeside(picture: Size | undefined, lines: readonly TextLine[]): Layout {
  const textHeight = heightOf(lines);
  const textWidth = Math.max(...lines.map((line) => line.width));
  const textLeft = picture === undefined ? 0 : picture.width + GAP_PT;
  const height = Math.max(textHeight, picture?.height ?? 0);
  const pictureBottom = (height - (picture?.height ?? 0)) / 2;
  const size = { width: textLeft + textWidth, height };
  return {
    size,
    picture: picture && [0, pictureBottom, picture.width, pictureBottom + picture.height],
    lines: placeLines(lines, (height + textHeight) / 2, () => textLeft),
  };
}

function heightOf(lines: readonly TextLine[]): number {
  return lines.reduce((sum, line) => sum + line.size * LINE_HEIGHT, 0);
}

function placeLines(
  lines: readonly TextLine[],
  top: number,
  leftOf: (line: TextLine) => number,
): Layout['lines'] {
  let y = top;
  return lines.map((line) => {
    const baseLine = y - line.size * ASCENT;
    y -= line.size * LINE_HEIGHT;
    return { line, x: leftOf(line), y: baseLine };
  });
}

/** Where the objects of a stamp stand in its list. */
export interface StampPlaces {
  readonly font: number | undefined;
  readonly picture: number | undefined;
}

/** The form XObject of a stamp (ISO 32000-1 §8.10), upright on the page however that is turned. */
export function formOf(page: PageGeometry, layout: Layout, places: StampPlaces): PreparedObject {
  const { size } = layout;
  const content = contentOf(layout);
  const matrix = uprightMatrix(page, size);
  const box = `/BBox [0 0 ${formatNumber(size.width)} ${formatNumber(size.height)}]`;
  const parts: (string | number)[] = [
    `<< /Type /XObject /Subtype /Form ${box}${matrix === undefined ? '' : ` /Matrix ${matrix}`} /Resources << `,
  ];
  if (places.picture !== undefined) parts.push('/XObject << /P ', places.picture, ' >> ');
  if (places.font !== undefined) {
    parts.push(`/ColorSpace << /C ${STAMP_COLOURS} >> /Font << /F `, places.font, ' >> ');
  }
  parts.push(`>> /Length ${content.length} >>\nstream\n${content}\nendstream`);
  return parts;
}

function contentOf({ picture, lines }: Layout): string {
  let content = '';
  if (picture !== undefined) {
    const [left, bottom, right, top] = picture;
    const [w, h] = [formatNumber(right - left), formatNumber(top - bottom)];
    content += `q ${w} 0 0 ${h} ${formatNumber(left)} ${formatNumber(bottom)} cm /P Do Q\n`;
  }
  if (lines.length === 0) return content;
  content += 'BT /C cs 0 0 0 sc\n';
  for (const { line, x, y } of lines) {
    content += `/F ${line.size} Tf 1 0 0 1 ${formatNumber(x)} ${formatNumber(y)} Tm <${line.hex}> Tj\n`;
  }
  return `${content}ET`;
}

import type { PageWriter, TextStyle } from './page-writer.ts';
import type { Typefaces } from './typefaces.ts';
import { PAGE } from './page-writer.ts';

const MILLIMETRE = 72 / 25.4;

/** Margins of Decree 30/2020, appendix I: top and bottom 20–25 mm, left 30–35 mm, right 15–20 mm. */
export const AREA = {
  left: 30 * MILLIMETRE,
  right: PAGE.width - 20 * MILLIMETRE,
  top: PAGE.height - 20 * MILLIMETRE,
  bottom: 20 * MILLIMETRE,
  width: PAGE.width - 50 * MILLIMETRE,
} as const;

/** Sizes that the same appendix gives for each part. */
export const STYLE = {
  nation: { face: 'bold', size: 12 },
  motto: { face: 'bold', size: 13 },
  parentAgency: { face: 'regular', size: 12 },
  agency: { face: 'bold', size: 12 },
  number: { face: 'regular', size: 13 },
  placeAndDate: { face: 'italic', size: 13 },
  letterAbstract: { face: 'regular', size: 12 },
  typeName: { face: 'bold', size: 14 },
  abstract: { face: 'bold', size: 14 },
  urgency: { face: 'bold', size: 13 },
  addressee: { face: 'regular', size: 14 },
  body: { face: 'regular', size: 14 },
  basis: { face: 'italic', size: 14 },
  heading: { face: 'bold', size: 14 },
  tableHead: { face: 'bold', size: 12 },
  tableCell: { face: 'regular', size: 12 },
  recipientsTitle: { face: 'boldItalic', size: 12 },
  recipients: { face: 'regular', size: 11 },
  signatory: { face: 'bold', size: 13 },
  signatoryName: { face: 'bold', size: 14 },
  pageNumber: { face: 'regular', size: 13 },
} as const satisfies Record<string, TextStyle>;

/** Height of a line and place of its baseline below the line's upper edge, in points. */
export function lineMetrics(style: TextStyle): { height: number; baseline: number } {
  return { height: Math.ceil(style.size * 1.3), baseline: style.size };
}

/** What an item of the flow draws with. */
export interface DrawingContext {
  readonly writer: PageWriter;
  readonly typefaces: Typefaces;
}

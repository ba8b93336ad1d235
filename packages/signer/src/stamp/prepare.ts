import { SignerError } from '../errors.ts';
import type { Appearance, DrawContext, DrawnAppearance } from './appearance.ts';
import { type StampFont, loadStampFont } from './font.ts';
import {
  type PageGeometry,
  type Rect,
  type Size,
  type StampPlace,
  keepOnPage,
  orderedRect,
  placeStamp,
  rectToPage,
  rectToShown,
} from './geometry.ts';
import { imageObjects } from './image.ts';
import {
  type Layout,
  type StampPlaces,
  formOf,
  layoutBelow,
  layoutBeside,
  layoutPicture,
} from './layout.ts';
import { readPicture } from './picture.ts';
import type { PictureLimits } from './png.ts';
import type { PreparedObject } from './prepared-object.ts';
import { type TextLine, type TextRoom, fitText, glyphsOf, lineOf, normalizeText } from './text.ts';
import { formatStampTime } from './time.ts';

/** A picture in PNG, and how wide it is on paper. */
export interface StampPicture {
  readonly picture: Uint8Array;
  /** Millimetres; by default what the file states (pHYs). A seal is shown at its true size. */
  readonly widthMm?: number;
  readonly limits?: PictureLimits;
}

/** The signer's handwritten signature, alone. */
export type PersonalStamp = StampPicture & { readonly form: 'personal' };
/** The agency's red seal, with its name and the time under it. */
export type AgencyStamp = StampPicture & { readonly form: 'agency'; readonly agency: string };
/** Number and symbol of the document, agency and time; for appendices in files of their own. */
export interface AppendixStamp {
  readonly form: 'appendix';
  readonly agency: string;
}
/** The seal, and beside it the form of the copy (`SAO Y`, …), the agency and the time. */
export type CopyStamp = StampPicture & {
  readonly form: 'copy';
  readonly agency: string;
  readonly copyForm: string;
};
/** The four appearances of a digital signature in Decree 30/2020/NĐ-CP. */
export type StampTemplate = PersonalStamp | AgencyStamp | AppendixStamp | CopyStamp;

/** Where a stamp goes in one document. */
export interface StampUse {
  /** By default the first for appendices and copies, else the last, where documents are signed. */
  readonly page?: 'first' | 'last' | number;
  /** By default the top right corner for appendices and copies; the others need a place. */
  readonly place?: StampPlace;
  /**
   * Agency stamps only, instead of `page` and `place`: the field of the personal signature. The seal
   * covers a third of it, at its left.
   */
  readonly besideField?: string;
  /** Appendix stamps only: `{ codeNumber: '15', codeNotation: 'QĐ-UBND' }`. */
  readonly documentCode?: { readonly codeNumber: string; readonly codeNotation: string };
}

/** A stamp whose picture is read and whose font is cut: made once, used for any number of files. */
export interface PreparedStamp {
  readonly form: StampTemplate['form'];
  /**
   * The stamp for one document, as `signPdf` takes it.
   *
   * @throws {@link SignerError} `SIGNER_INPUT_INVALID`, `SIGNER_STAMP_GLYPH_MISSING`.
   */
  on(use: StampUse): Appearance;
}

const POINTS_PER_MM = 72 / 25.4;
const DEFAULT_PERSONAL_WIDTH_MM = 45;
const MIN_WIDTH_MM = 5;
const MAX_WIDTH_MM = 150;
/** Times New Roman 10 pt where it fits, as the Decree's appendix asks for copies and appendices. */
const TEXT_SIZES = { maxSize: 10, minSize: 6 };
const ROOM: Record<'below' | 'beside', TextRoom> = {
  below: { width: 126, maxLines: 4, ...TEXT_SIZES },
  beside: { width: 200, maxLines: 4, ...TEXT_SIZES },
};
const TIME_LABEL = 'Thời gian ký: ';
/** Every digit of the font is equally wide, so every time is as wide as this one. */
const SAMPLE_TIME = formatStampTime(new Date(0));
/** The part of the personal signature that the agency's seal covers. */
const COVERED_PART = 1 / 3;

/**
 * Prepares a stamp: reads its picture, cuts the font to the letters it may need, and lays out what
 * does not change. Fonts and decoder are loaded here and not before.
 *
 * @throws {@link SignerError} `SIGNER_STAMP_PICTURE_INVALID`, `SIGNER_STAMP_GLYPH_MISSING` naming a
 *   letter the font lacks, `SIGNER_INPUT_INVALID` for a text or size that cannot be used.
 */
export async function prepareStamp(template: StampTemplate): Promise<PreparedStamp> {
  const picture =
    template.form === 'appendix' ? undefined : await readPicture(template.picture, template.limits);
  const texts = template.form === 'personal' ? undefined : staticTexts(template);
  const font = texts && (await loadStampFont(normalizeText(Object.values(texts).join(''))));
  const fontObjects = font?.objects ?? [];
  const pictureObjects = picture ? imageObjects(picture, fontObjects.length) : [];
  const parts: StampParts = {
    objects: [...fontObjects, ...pictureObjects],
    places: { font: font && 0, picture: picture && fontObjects.length },
    picture: picture && pictureSize(template, picture),
    text: font && texts && fitTexts(font, template.form, texts),
  };
  return { form: template.form, on: (use) => appearanceOf(template.form, parts, use) };
}

interface StampParts {
  readonly objects: readonly PreparedObject[];
  readonly places: StampPlaces;
  /** Points on paper. */
  readonly picture: Size | undefined;
  readonly text: FittedTexts | undefined;
}

interface FittedTexts {
  readonly font: StampFont;
  readonly room: TextRoom;
  /** Above the agency: the form of the copy. */
  readonly title: readonly TextLine[];
  readonly agency: readonly TextLine[];
  readonly timeLabel: string;
  readonly timeSize: number;
}

interface StaticTexts {
  readonly agency: string;
  readonly title?: string;
}

function staticTexts(template: AgencyStamp | AppendixStamp | CopyStamp): StaticTexts {
  const { agency } = template;
  return template.form === 'copy' ? { agency, title: template.copyForm } : { agency };
}

function fitTexts(
  font: StampFont,
  form: StampTemplate['form'],
  { agency, title }: StaticTexts,
): FittedTexts {
  const room = form === 'agency' ? ROOM.below : ROOM.beside;
  const timeLabel = form === 'agency' ? '' : TIME_LABEL;
  const [time] = fitText(font, timeLabel + SAMPLE_TIME, { ...room, maxLines: 1 }, 'the time');
  return {
    font,
    room,
    title:
      title === undefined
        ? []
        : fitText(font, title, { ...room, maxLines: 2 }, 'the form of the copy'),
    agency: fitText(font, agency, room, 'the name of the agency'),
    timeLabel,
    timeSize: time?.size ?? TEXT_SIZES.minSize,
  };
}

function pictureSize(
  template: StampTemplate,
  { width, height, widthMm }: { width: number; height: number; widthMm: number | undefined },
): Size {
  const asked = template.form === 'appendix' ? undefined : template.widthMm;
  const standard = template.form === 'personal' ? DEFAULT_PERSONAL_WIDTH_MM : undefined;
  const paperMm = asked ?? widthMm ?? standard;
  if (paperMm === undefined) {
    const details = { missing: 'widthMm' };
    const reason = 'the picture of the seal states no resolution: give widthMm, its width on paper';
    throw new SignerError('SIGNER_INPUT_INVALID', reason, { details });
  }
  if (!(paperMm >= MIN_WIDTH_MM && paperMm <= MAX_WIDTH_MM)) {
    refuse(`picture of ${paperMm} mm, allowed are ${MIN_WIDTH_MM} to ${MAX_WIDTH_MM} mm`);
  }
  return { width: paperMm * POINTS_PER_MM, height: (paperMm * POINTS_PER_MM * height) / width };
}

function refuse(reason: string): never {
  throw new SignerError('SIGNER_INPUT_INVALID', reason, { details: {} });
}

const isInCorner = (form: StampTemplate['form']): boolean => form === 'appendix' || form === 'copy';

function appearanceOf(form: StampTemplate['form'], parts: StampParts, use: StampUse): Appearance {
  const { besideField } = use;
  const place = use.place ?? (isInCorner(form) ? { corner: 'top-right' as const } : undefined);
  if (besideField !== undefined && (form !== 'agency' || use.place !== undefined)) {
    refuse('besideField is for agency stamps without a place of their own');
  }
  if (besideField === undefined && place === undefined) refuse(`the ${form} stamp needs a place`);
  const code = codeLines(form, parts, use);
  return {
    page: use.page ?? (isInCorner(form) ? 'first' : 'last'),
    besideField,
    objects: parts.objects,
    draw: (page, context) => draw(page, context, place, layoutOf(parts, code, context), parts),
  };
}

function codeLines(form: StampTemplate['form'], parts: StampParts, use: StampUse): TextLine[] {
  const { documentCode } = use;
  if (form !== 'appendix') {
    if (documentCode !== undefined) refuse('documentCode is for appendix stamps');
    return [];
  }
  if (documentCode === undefined || parts.text === undefined) {
    refuse('an appendix stamp shows number and symbol of the document: give documentCode');
  }
  const text = `Số: ${documentCode.codeNumber}/${documentCode.codeNotation}`;
  const room = { ...parts.text.room, maxLines: 2 };
  return fitText(parts.text.font, text, room, 'number and symbol of the document');
}

function layoutOf(parts: StampParts, code: readonly TextLine[], context: DrawContext): Layout {
  const { picture, text } = parts;
  if (text === undefined)
    return layoutPicture(picture ?? refuse('a stamp without text and picture'));
  const { font, title, agency, timeLabel, timeSize } = text;
  const time = glyphsOf(font, timeLabel + formatStampTime(context.signedAt), 'the time');
  const lines = [...code, ...title, ...agency, lineOf(time, timeSize)];
  const isBelow = picture !== undefined && text.room === ROOM.below;
  return isBelow ? layoutBelow(picture, lines) : layoutBeside(picture, lines);
}

function draw(
  page: PageGeometry,
  context: DrawContext,
  place: StampPlace | undefined,
  natural: Layout,
  parts: StampParts,
): DrawnAppearance {
  let layout = natural;
  let shown: Rect;
  if (place !== undefined) {
    // Only the handwritten signature has no size of its own: it fills the place it is given.
    if (parts.text === undefined && 'rect' in place) {
      layout = layoutPicture(contained(natural.size, orderedRect(place.rect)));
    }
    shown = placeStamp(page, place, layout.size);
  } else {
    if (context.beside === undefined) refuse('the field beside which the stamp goes has no place');
    shown = besideSignature(page, rectToShown(page, context.beside), layout);
  }
  return { rect: rectToPage(page, shown), form: formOf(page, layout, parts.places) };
}

/** The largest size of the same shape that fits a rectangle. */
function contained(size: Size, [left, bottom, right, top]: Rect): Size {
  const factor = Math.min((right - left) / size.width, (top - bottom) / size.height);
  return { width: size.width * factor, height: size.height * factor };
}

/** The seal reaches over the left third of the personal signature, at the same height. */
function besideSignature(
  page: PageGeometry,
  [left, bottom, right, top]: Rect,
  layout: Layout,
): Rect {
  const { size, picture = [0, 0, size.width, size.height] } = layout;
  const x = left + (right - left) * COVERED_PART - picture[2];
  const y = (bottom + top) / 2 - (picture[1] + picture[3]) / 2;
  return keepOnPage(page, [x, y, x + size.width, y + size.height]);
}

import { SignerError } from '../errors.ts';
import { MAX_WIDGET_SHARE } from '../pades/widget.ts';

/** `[left, bottom, right, top]`. */
export type Rect = readonly [number, number, number, number];

/** A page as a signature field needs it. */
export interface PageGeometry {
  /** 1 for the first page. */
  readonly number: number;
  /** What is shown of the page: crop box within media box, in units of the page. */
  readonly box: Rect;
  /** Degrees clockwise by which it is turned when it is shown. */
  readonly rotate: 0 | 90 | 180 | 270;
  /** Points to a unit of the page. */
  readonly userUnit: number;
}

/** A size in points. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const isTurned = (page: PageGeometry): boolean => page.rotate === 90 || page.rotate === 270;

/** The page as a reader sees it, in points. */
function shownSize(page: PageGeometry): Size {
  const [left, bottom, right, top] = page.box;
  const across = (right - left) * page.userUnit;
  const up = (top - bottom) * page.userUnit;
  return isTurned(page) ? { width: up, height: across } : { width: across, height: up };
}

/** From points of the shown page (origin at its lower left) to the units of the page. */
function pointToPage(page: PageGeometry, x: number, y: number): [number, number] {
  const [left, bottom, right, top] = page.box;
  const [u, v] = [x / page.userUnit, y / page.userUnit];
  switch (page.rotate) {
    case 0:
      return [left + u, bottom + v];
    case 90:
      return [right - v, bottom + u];
    case 180:
      return [right - u, top - v];
    case 270:
      return [left + v, top - u];
  }
}

function pointToShown(page: PageGeometry, x: number, y: number): [number, number] {
  const [left, bottom, right, top] = page.box;
  const scaled = (a: number, b: number): [number, number] => [a * page.userUnit, b * page.userUnit];
  switch (page.rotate) {
    case 0:
      return scaled(x - left, y - bottom);
    case 90:
      return scaled(y - bottom, right - x);
    case 180:
      return scaled(right - x, top - y);
    case 270:
      return scaled(top - y, x - left);
  }
}

/** Corners in order, whichever two opposite ones were given. */
export function orderedRect([x1, y1, x2, y2]: Rect): Rect {
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
}

export function rectToPage(page: PageGeometry, [left, bottom, right, top]: Rect): Rect {
  return orderedRect([...pointToPage(page, left, bottom), ...pointToPage(page, right, top)]);
}

export function rectToShown(page: PageGeometry, [left, bottom, right, top]: Rect): Rect {
  return orderedRect([...pointToShown(page, left, bottom), ...pointToShown(page, right, top)]);
}

/**
 * `/Matrix` that turns a form upright on a turned page; the viewer then moves and scales what comes
 * out onto `/Rect` (ISO 32000-1 §12.5.5, algorithm 8.1).
 */
export function uprightMatrix(page: PageGeometry, { width, height }: Size): string | undefined {
  switch (page.rotate) {
    case 0:
      return undefined;
    case 90:
      return `[0 1 -1 0 ${formatNumber(height)} 0]`;
    case 180:
      return `[-1 0 0 -1 ${formatNumber(width)} ${formatNumber(height)}]`;
    case 270:
      return `[0 -1 1 0 0 ${formatNumber(width)}]`;
  }
}

/** At most three decimals: a thousandth of a point cannot be seen. */
export function formatNumber(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}

export function roundRect([left, bottom, right, top]: Rect): Rect {
  const round = (value: number): number => Math.round(value * 1_000) / 1_000;
  return [round(left), round(bottom), round(right), round(top)];
}

/** A corner of the shown page. */
export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';

/**
 * Where a stamp stands, in points of the page as a reader sees it (turned, cropped), from its lower
 * left corner: centred in a rectangle, or in a corner at a distance from both edges.
 */
export type StampPlace =
  { readonly rect: Rect } | { readonly corner: Corner; readonly marginPt?: number };

/** The distance of the copies' and appendices' stamp from the edges of the page: 10 mm. */
const DEFAULT_MARGIN_PT = 28;
const TOLERANCE_PT = 0.01;

function refuse(reason: string): never {
  throw new SignerError('SIGNER_INPUT_INVALID', reason, { details: {} });
}

const round = (value: number): string => value.toFixed(0);

/**
 * Where a stamp of this size comes to stand, in points of the shown page.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when the place reaches over the page, the stamp
 *   over its place, or either is more than a signature may cover.
 */
export function placeStamp(page: PageGeometry, place: StampPlace, size: Size): Rect {
  const shown = shownSize(page);
  if ('corner' in place) {
    const margin = place.marginPt ?? DEFAULT_MARGIN_PT;
    if (!Number.isFinite(margin) || margin < 0) refuse(`margin of ${margin} pt for the stamp`);
    const isRight = place.corner.endsWith('right');
    const isTop = place.corner.startsWith('top');
    const left = isRight ? shown.width - margin - size.width : margin;
    const bottom = isTop ? shown.height - margin - size.height : margin;
    return keepOnPage(page, [left, bottom, left + size.width, bottom + size.height]);
  }
  if (!place.rect.every((value) => Number.isFinite(value)))
    refuse('place of the stamp: no numbers');
  const [left, bottom, right, top] = orderedRect(place.rect);
  const outside =
    left < -TOLERANCE_PT ||
    bottom < -TOLERANCE_PT ||
    right > shown.width + TOLERANCE_PT ||
    top > shown.height + TOLERANCE_PT;
  if (outside) {
    refuse(
      `place of the stamp [${place.rect.join(' ')}] reaches over page ${page.number} of ${round(shown.width)} × ${round(shown.height)} pt`,
    );
  }
  if (size.width > right - left + TOLERANCE_PT || size.height > top - bottom + TOLERANCE_PT) {
    refuse(
      `stamp of ${round(size.width)} × ${round(size.height)} pt does not fit its place of ${round(right - left)} × ${round(top - bottom)} pt`,
    );
  }
  const x = (left + right - size.width) / 2;
  const y = (bottom + top - size.height) / 2;
  return keepOnPage(page, [x, y, x + size.width, y + size.height]);
}

/** Moves a stamp back onto the page; refuses one that is too large for it. */
export function keepOnPage(page: PageGeometry, [left, bottom, right, top]: Rect): Rect {
  const shown = shownSize(page);
  const [width, height] = [right - left, top - bottom];
  const share = (width * height) / (shown.width * shown.height);
  if (width > shown.width || height > shown.height || share > MAX_WIDGET_SHARE) {
    refuse(
      `stamp of ${round(width)} × ${round(height)} pt covers too much of page ${page.number} (${round(shown.width)} × ${round(shown.height)} pt), limit ${MAX_WIDGET_SHARE * 100} %`,
    );
  }
  const x = Math.min(Math.max(left, 0), shown.width - width);
  const y = Math.min(Math.max(bottom, 0), shown.height - height);
  return [x, y, x + width, y + height];
}

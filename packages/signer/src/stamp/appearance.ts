import type { PageGeometry, Rect } from './geometry.ts';
import type { PreparedObject } from './prepared-object.ts';

/** What is known when a signature is written. */
export interface DrawContext {
  /** The time that the signature claims. */
  readonly signedAt: Date;
  /** Rectangle of the field named by `besideField`, in units of the page. */
  readonly beside: Rect | undefined;
}

/** A stamp drawn for one page. */
export interface DrawnAppearance {
  /** `/Rect` of the widget, in units of the page. */
  readonly rect: Rect;
  /** The normal appearance, a form XObject; it refers to {@link Appearance.objects} by their places. */
  readonly form: PreparedObject;
}

/** What a signature field shows: the seam between stamps and `signPdf`. */
export interface Appearance {
  readonly page: 'first' | 'last' | number;
  /** Full name of the signature field on whose page, and beside which, it stands. */
  readonly besideField: string | undefined;
  /** Fonts and pictures, the same in every file. */
  readonly objects: readonly PreparedObject[];
  draw(page: PageGeometry, context: DrawContext): DrawnAppearance;
}

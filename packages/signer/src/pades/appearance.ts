import { SignerError } from '../errors.ts';
import type { PdfDocument } from '../pdf/document.ts';
import type { IncrementWriter } from '../pdf/increment.ts';
import { inheritedEntry } from '../pdf/pages.ts';
import { PdfDict, PdfRef, type PdfValue, isPdfArray } from '../pdf/values.ts';
import type { Appearance } from '../stamp/appearance.ts';
import { type PageGeometry, type Rect, orderedRect, roundRect } from '../stamp/geometry.ts';
import type { PreparedObject } from '../stamp/prepared-object.ts';
import type { WidgetPlace } from './field.ts';
import type { FormField } from './form.ts';
import type { PreparedPdf } from './prepare.ts';

/**
 * Draws a stamp for its page and writes the objects it needs.
 *
 * @returns the page, and `/Rect` and `/AP` for the widget.
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when the document has no such page or field, or
 *   the stamp does not fit; `SIGNER_PDF_BROKEN` for a page without a usable size.
 */
export function writeAppearance(
  writer: IncrementWriter,
  prepared: PreparedPdf,
  appearance: Appearance,
  signedAt: Date,
): WidgetPlace {
  const { document, signable } = prepared;
  const { pages } = signable;
  const { besideField } = appearance;
  const neighbour = besideField === undefined ? undefined : findField(prepared, besideField);
  const index = neighbour?.pageIndex ?? pageIndex(pages, appearance.page);
  const ref = pages[index];
  const dict = document.dict(ref);
  if (ref === undefined || dict === undefined) {
    throw invalid(`page ${appearance.page} for the stamp: the PDF has ${pages.length} pages`);
  }
  const geometry = geometryOf(document, dict, index + 1);
  const { rect, form } = appearance.draw(geometry, { signedAt, beside: neighbour?.rect });
  const refs = appearance.objects.map(() => writer.allocate());
  for (const [place, object] of appearance.objects.entries()) {
    const objectRef = refs[place];
    if (objectRef !== undefined) writer.writeBody(objectRef, bodyOf(object, refs));
  }
  const formRef = writer.allocate();
  writer.writeBody(formRef, bodyOf(form, refs));
  return {
    page: { ref, dict },
    entries: new Map<string, PdfValue>([
      ['Rect', roundRect(rect)],
      ['AP', new PdfDict(new Map([['N', formRef]]))],
    ]),
  };
}

function invalid(message: string): SignerError {
  return new SignerError('SIGNER_INPUT_INVALID', message, { details: {} });
}

function bodyOf(object: PreparedObject, refs: readonly PdfRef[]): (string | Uint8Array)[] {
  return object.map((part) => (typeof part === 'number' ? `${refs[part]?.number ?? 0} 0 R` : part));
}

function pageIndex(pages: readonly PdfRef[], wanted: Appearance['page']): number {
  if (wanted === 'first') return 0;
  return wanted === 'last' ? pages.length - 1 : wanted - 1;
}

interface Neighbour {
  readonly pageIndex: number;
  /** In units of its page. */
  readonly rect: Rect;
}

/** The first widget of a signature field that can be seen, and the page that shows it. */
function findField({ document, signable }: PreparedPdf, wanted: string): Neighbour {
  const name = wanted.normalize('NFC');
  const field = signable.fields.find((one) => one.name.normalize('NFC') === name);
  if (field?.fieldType !== 'Sig') throw invalid(`the PDF has no signature field "${name}"`);
  for (const { number, rect } of visibleWidgets(document, field)) {
    const index = signable.pages.findIndex((page) =>
      (document.array(document.dict(page)?.get('Annots')) ?? []).some(
        (item) => item instanceof PdfRef && item.number === number,
      ),
    );
    if (index >= 0) return { pageIndex: index, rect };
  }
  throw invalid(`the signature field "${name}" is shown on no page`);
}

function visibleWidgets(document: PdfDocument, field: FormField): { number: number; rect: Rect }[] {
  return field.widgets.flatMap((number) => {
    const rect = rectOf(document, document.dict(document.get(number))?.get('Rect'));
    return rect === undefined ? [] : [{ number, rect }];
  });
}

/** A rectangle with an area; undefined for anything else. */
function rectOf(document: PdfDocument, value: PdfValue | undefined): Rect | undefined {
  const items = document.resolve(value);
  if (!isPdfArray(items)) return undefined;
  const [left, bottom, right, top] = items.map((item) => document.resolve(item));
  if (typeof left !== 'number' || typeof bottom !== 'number') return undefined;
  if (typeof right !== 'number' || typeof top !== 'number') return undefined;
  const rect = orderedRect([left, bottom, right, top]);
  return rect[2] > rect[0] && rect[3] > rect[1] ? rect : undefined;
}

/** What is shown of a page: its crop box, as far as it lies in the media box (ISO 32000-1 §14.11.2). */
function geometryOf(document: PdfDocument, page: PdfDict, number: number): PageGeometry {
  const media = rectOf(document, inheritedEntry(document, page, 'MediaBox'));
  if (media === undefined) {
    throw new SignerError('SIGNER_PDF_BROKEN', `page ${number} has no usable /MediaBox`);
  }
  const crop = rectOf(document, inheritedEntry(document, page, 'CropBox')) ?? media;
  const common: Rect = [
    Math.max(media[0], crop[0]),
    Math.max(media[1], crop[1]),
    Math.min(media[2], crop[2]),
    Math.min(media[3], crop[3]),
  ];
  const box = common[2] > common[0] && common[3] > common[1] ? common : media;
  const userUnit = document.resolve(page.get('UserUnit'));
  return {
    number,
    box,
    rotate: rotationOf(inheritedEntry(document, page, 'Rotate')),
    userUnit: typeof userUnit === 'number' && userUnit > 0 ? userUnit : 1,
  };
}

/** A multiple of 90, also a negative one; anything else is not turned, as viewers do. */
function rotationOf(value: PdfValue | undefined): PageGeometry['rotate'] {
  const turned = typeof value === 'number' ? ((value % 360) + 360) % 360 : 0;
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0;
}

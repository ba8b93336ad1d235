import type { PdfDocument } from '../pdf/document.ts';
import { listPages } from '../pdf/pages.ts';
import { PdfDict, nameText, numberOf } from '../pdf/values.ts';
import type { Comparison, LaterSignature } from './verify/comparison.ts';

/** A visible signature that covers more of its page than this may hide what it is meant to sign. */
export const MAX_WIDGET_SHARE = 0.25;
/** Assumed when a widget does not say its page, in points squared: A4. */
const A4_AREA = 595 * 842;

/** Where a signature is shown. */
export interface WidgetReport {
  /** Counted from 1; null when no page of the document lists the widget. */
  readonly page: number | null;
  /** `[left, bottom, right, top]` in points from the lower left corner of the page. */
  readonly rect: readonly [number, number, number, number];
  /** Area of the rectangle as a share of the page's: 1 is the whole page. */
  readonly share: number;
}

/** Lists what the later signatures are and show, and judges their widgets. */
export function describeLaterSignatures(c: Comparison): void {
  const shares = new Map<number | undefined, number>();
  for (const later of c.later) {
    const what = later.kind === 'timestamp' ? 'document time-stamp' : 'signature';
    const shown = visibleWidgets(c.final, later);
    const places = shown.map(({ report }) => ` (${describePlace(report)})`).join('');
    c.add('expected', `${what} "${later.fieldName}" was added${places}`);
    if (later.isCertification) {
      c.add(
        'undecided',
        `signature "${later.fieldName}" certifies a document that was signed before`,
      );
    }
    if (later.kind === 'timestamp' && shown.length > 0) {
      c.add('undecided', `${what} "${later.fieldName}" shows something`);
    }
    const problem = widgetProblem(c.final, later);
    if (problem !== undefined) c.add('violation', problem);
    for (const { pageNumber, report } of shown) {
      const share = (shares.get(pageNumber) ?? 0) + report.share;
      shares.set(pageNumber, share);
      if (share <= MAX_WIDGET_SHARE) continue;
      const percent = Math.round(share * 100);
      const before = share > report.share ? ', with others,' : '';
      c.add('undecided', `${what} "${later.fieldName}"${before} covers ${percent} % of its page`);
    }
  }
}

function describePlace({ page, rect, share }: WidgetReport): string {
  const where = page === null ? 'on no page' : `page ${page}`;
  const corners = rect.map((number) => Math.round(number)).join(' ');
  return `${where}, rectangle [${corners}], ${Math.round(share * 100)} % of the page`;
}

/** Why the widgets of a later signature cannot be what a signature brings. */
function widgetProblem(document: PdfDocument, later: LaterSignature): string | undefined {
  const where = `signature "${later.fieldName}"`;
  for (const [, widget] of widgetsOf(document, later)) {
    if (widget.hasDuplicateKeys) return `${where} repeats a key`;
    if (widget.entries.has('A') || widget.entries.has('AA')) return `${where} brings an action`;
    const subtype = nameText(document.resolve(widget.get('Subtype')));
    if (subtype !== undefined && subtype !== 'Widget') return `${where} is shown as ${subtype}`;
    if (widget.entries.has('Rect') && rectOf(document, widget, 'Rect') === undefined) {
      return `${where} has no readable rectangle`;
    }
  }
  return undefined;
}

type Widgets = Pick<LaterSignature, 'fieldNumber' | 'widgets'>;

function widgetsOf(document: PdfDocument, { fieldNumber, widgets }: Widgets): [number, PdfDict][] {
  const numbers = new Set(widgets);
  if (fieldNumber !== undefined) numbers.add(fieldNumber);
  return [...numbers].flatMap((number) => {
    const widget = document.get(number);
    return widget instanceof PdfDict ? [[number, widget]] : [];
  });
}

/** The widgets of a signature that can be seen. */
export function visibleWidgets(
  document: PdfDocument,
  signature: Widgets,
): { pageNumber: number | undefined; report: WidgetReport }[] {
  const shown: { pageNumber: number | undefined; report: WidgetReport }[] = [];
  for (const [number, widget] of widgetsOf(document, signature)) {
    const rect = rectOf(document, widget, 'Rect');
    if (rect === undefined || areaOf(rect) === 0) continue;
    // Not by its own word (`/P`), which could name a page that is larger, or none of the document.
    const pages = pagesOfAnnotations(document).get(number) ?? [];
    for (const { index, dict } of pages) {
      const share = areaOf(rect) / pageArea(document, dict);
      shown.push({ pageNumber: index, report: { page: index, rect, share } });
    }
    if (pages.length === 0) {
      const share = areaOf(rect) / A4_AREA;
      shown.push({ pageNumber: undefined, report: { page: null, rect, share } });
    }
  }
  return shown;
}

/** What can be seen of a page: its crop box, else its media box; both are inherited (§7.7.3.4). */
function pageArea(document: PdfDocument, page: PdfDict): number {
  let node: PdfDict | undefined = page;
  let area = Infinity;
  for (let depth = 0; node !== undefined && depth < document.source.limits.maxDepth; depth++) {
    for (const key of ['CropBox', 'MediaBox']) {
      const box = rectOf(document, node, key);
      if (box !== undefined && areaOf(box) > 0) area = Math.min(area, areaOf(box));
    }
    if (node.entries.has('MediaBox')) break;
    node = document.dict(node.get('Parent'));
  }
  return area === Infinity ? A4_AREA : area;
}

type Rect = WidgetReport['rect'];

function rectOf(document: PdfDocument, dict: PdfDict, key: string): Rect | undefined {
  const numbers = (document.array(dict.get(key)) ?? []).map((item) => document.resolve(item));
  const [a, b, c, d, ...more] = numbers;
  if (more.length > 0 || typeof a !== 'number' || typeof b !== 'number') return undefined;
  if (typeof c !== 'number' || typeof d !== 'number') return undefined;
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}

function areaOf([left, bottom, right, top]: Rect): number {
  return (right - left) * (top - bottom);
}

interface ShownOn {
  /** Counted from 1. */
  readonly index: number;
  readonly dict: PdfDict;
}

const annotationPages = new WeakMap<PdfDocument, ReadonlyMap<number, readonly ShownOn[]>>();

/** The pages on which annotations stand, by the object numbers of the annotations. */
function pagesOfAnnotations(document: PdfDocument): ReadonlyMap<number, readonly ShownOn[]> {
  const known = annotationPages.get(document);
  if (known !== undefined) return known;
  const pages = new Map<number, ShownOn[]>();
  for (const [index, ref] of listPages(document).pages.entries()) {
    const dict = document.dict(ref);
    if (dict === undefined) continue;
    for (const item of document.array(dict.get('Annots')) ?? []) {
      const number = numberOf(item);
      if (number === undefined) continue;
      const on = pages.get(number) ?? [];
      on.push({ index: index + 1, dict });
      pages.set(number, on);
    }
  }
  annotationPages.set(document, pages);
  return pages;
}

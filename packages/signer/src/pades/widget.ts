import type { PdfDocument } from '../pdf/document.ts';
import { PdfDict, nameText } from '../pdf/values.ts';
import type { KnownSignature } from './changes.ts';

/** A visible signature that covers more of its page than this may hide what it is meant to sign. */
export const MAX_WIDGET_SHARE = 0.25;
/** Assumed when a widget does not say its page, in points squared: A4. */
const A4_AREA = 595 * 842;

/** Judges the widgets that a later signature brought: no actions, and no cover over the page. */
export function widgetProblem(
  document: PdfDocument,
  signature: KnownSignature,
): { text: string; isForbidden: boolean } | undefined {
  const numbers = new Set(signature.widgets);
  if (signature.fieldNumber !== undefined) numbers.add(signature.fieldNumber);
  for (const number of numbers) {
    const widget = document.get(number);
    if (!(widget instanceof PdfDict)) continue;
    const where = `signature "${signature.fieldName}"`;
    if (widget.hasDuplicateKeys) {
      return { text: `${where} repeats a key`, isForbidden: true };
    }
    if (widget.entries.has('A') || widget.entries.has('AA')) {
      return { text: `${where} brings an action`, isForbidden: true };
    }
    const subtype = nameText(document.resolve(widget.get('Subtype')));
    if (subtype !== undefined && subtype !== 'Widget') {
      return { text: `${where} is shown as ${subtype}`, isForbidden: true };
    }
    const share = coveredShare(document, widget);
    if (share > MAX_WIDGET_SHARE) {
      const percent = Math.round(share * 100);
      return { text: `${where} covers ${percent} % of its page`, isForbidden: false };
    }
  }
  return undefined;
}

/** True when nothing of the signature can be seen. */
export function isInvisible(document: PdfDocument, signature: KnownSignature): boolean {
  return signature.widgets.every((number) => {
    const widget = document.dict(document.get(number));
    return widget === undefined || areaOf(document, widget, 'Rect') === 0;
  });
}

function coveredShare(document: PdfDocument, widget: PdfDict): number {
  const area = areaOf(document, widget, 'Rect');
  if (area === 0) return 0;
  let node = document.dict(widget.get('P'));
  for (let depth = 0; node !== undefined && depth < document.source.limits.maxDepth; depth++) {
    if (node.entries.has('MediaBox')) return area / Math.max(1, areaOf(document, node, 'MediaBox'));
    node = document.dict(node.get('Parent'));
  }
  return area / A4_AREA;
}

function areaOf(document: PdfDocument, dict: PdfDict, key: string): number {
  const numbers = (document.array(dict.get(key)) ?? []).map((item) => document.resolve(item));
  const [left, bottom, right, top] = numbers;
  if (typeof left !== 'number' || typeof bottom !== 'number') return 0;
  if (typeof right !== 'number' || typeof top !== 'number') return 0;
  return Math.abs((right - left) * (top - bottom));
}

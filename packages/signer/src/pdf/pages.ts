import { SignerError } from '../errors.ts';
import type { PdfDocument } from './document.ts';
import { type PdfDict, PdfRef, type PdfValue } from './values.ts';

/** A page with the reference under which it stands. */
export interface PdfPage {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
}

/**
 * The pages in the order of the page tree (ISO 32000-1 §7.7.3). A node that comes twice counts once.
 *
 * @throws {@link SignerError} `SIGNER_PDF_TOO_COMPLEX` with more nodes than the limits allow.
 */
export function listPages(document: PdfDocument): PdfPage[] {
  const { maxItems } = document.source.limits;
  const seen = new Set<number>();
  const waiting: PdfValue[] = [document.catalog().get('Pages') ?? null];
  const pages: PdfPage[] = [];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (!(item instanceof PdfRef) || seen.has(item.number)) continue;
    seen.add(item.number);
    if (seen.size + waiting.length > 2 * maxItems) {
      throw new SignerError('SIGNER_PDF_TOO_COMPLEX', `more than ${maxItems} pages`, {
        details: { maxItems },
      });
    }
    const dict = document.dict(item);
    const kids = document.array(dict?.get('Kids'));
    if (kids !== undefined) for (const kid of kids.toReversed()) waiting.push(kid);
    else if (dict !== undefined) pages.push({ ref: item, dict });
  }
  return pages;
}

/** An entry that a page may take from its parents (§7.7.3.4), its reference followed. */
export function inheritedEntry(
  document: PdfDocument,
  page: PdfDict,
  key: string,
): PdfValue | undefined {
  let node: PdfDict | undefined = page;
  for (let depth = 0; node !== undefined && depth < document.source.limits.maxDepth; depth++) {
    const value = document.resolve(node.get(key));
    if (value !== undefined && value !== null) return value;
    node = document.dict(node.get('Parent'));
  }
  return undefined;
}

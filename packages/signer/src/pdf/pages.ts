import { SignerError } from '../errors.ts';
import type { PdfDocument } from './document.ts';
import { type PdfDict, PdfRef, type PdfValue } from './values.ts';

/** What {@link listPages} found. */
export interface PageTree {
  /** In the order of the document. */
  readonly pages: readonly PdfRef[];
  /** Numbers of all references that were followed, to inner nodes too. */
  readonly visited: ReadonlySet<number>;
}

/**
 * The pages in the order of the page tree (ISO 32000-1 §7.7.3). A node that comes twice counts once.
 *
 * @param isLeaf - true for a reference that is known to be a page: its object is not read.
 * @throws {@link SignerError} `SIGNER_PDF_TOO_COMPLEX` with more nodes than the limits allow.
 */
export function listPages(
  document: PdfDocument,
  isLeaf: (ref: PdfRef) => boolean = () => false,
): PageTree {
  const { maxItems } = document.source.limits;
  const visited = new Set<number>();
  const waiting: PdfValue[] = [document.catalog().get('Pages') ?? null];
  const pages: PdfRef[] = [];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (!(item instanceof PdfRef) || visited.has(item.number)) continue;
    visited.add(item.number);
    if (visited.size + waiting.length > 2 * maxItems) {
      throw new SignerError('SIGNER_PDF_TOO_COMPLEX', `more than ${maxItems} pages`, {
        details: { maxItems },
      });
    }
    if (isLeaf(item)) {
      pages.push(item);
      continue;
    }
    const node = document.dict(item);
    const kids = document.array(node?.get('Kids'));
    if (kids !== undefined) {
      for (let i = kids.length - 1; i >= 0; i--) waiting.push(kids[i] ?? null);
    } else if (node !== undefined) pages.push(item);
  }
  return { pages, visited };
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

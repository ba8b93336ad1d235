import { malformedXml, overLimit, quote } from './fault.ts';
import type { EdxmlLimits } from './limits.ts';
import { findForbidden, isXmlChar } from './xml-text.ts';

/** base64 content may be as long as the message. */
const CONTENT_ELEMENT = 'ContentTransferEncoded';
const REFERENCE = /&(?:amp|lt|gt|quot|apos|#x([0-9A-Fa-f]{1,6})|#([0-9]{1,7}));/y;
const TAG_NAME = /[^\s/>=<"'&!?]+/y;
const ATTRIBUTE = /\s+([^\s/>=<"'&]+)\s*=\s*("[^"<]*"|'[^'<]*')/y;
const TAG_END = /\s*\/?>/y;
const ENCODING = /\sencoding\s*=\s*["']([^"']*)["']/;

type ScanLimits = Pick<
  EdxmlLimits,
  'maxDepth' | 'maxElementCount' | 'maxAttributeCount' | 'maxTextLength'
>;

/**
 * Walks over the markup before the parser builds a tree from it.
 *
 * The parser below xml-js has no limits and lets pass what XML 1.0 does not: HTML entities,
 * declarations such as `<!ENTITY`, `<` in attributes, repeated attributes, forbidden characters.
 * Those, and any DOCTYPE, are refused here with the byte offset.
 *
 * @throws `BUS_EDXML_MALFORMED` or `BUS_EDXML_LIMIT`.
 */
export function scanXml(text: string, limits: ScanLimits): void {
  new Scanner(text, limits).run();
}

class Scanner {
  private readonly text: string;
  private readonly limits: ScanLimits;
  private position = 0;
  private depth = 0;
  private elementCount = 0;
  private inContent = false;
  /** Position of the next `&` not yet passed; looked up once, so that a scan stays linear. */
  private nextReference: number;

  constructor(text: string, limits: ScanLimits) {
    this.text = text;
    this.limits = limits;
    this.nextReference = text.indexOf('&');
  }

  run(): void {
    const { text } = this;
    const forbidden = findForbidden(text);
    if (forbidden !== -1) throw this.malformed('it has a character that XML forbids', forbidden);
    this.checkStart();
    while (this.position < text.length) {
      const open = text.indexOf('<', this.position);
      this.checkText(this.position, open === -1 ? text.length : open);
      if (open === -1) break;
      this.position = this.readMarkup(open);
    }
  }

  private checkStart(): void {
    const start = this.text.search(/\S/);
    if (start === -1) throw this.malformed('it is empty', 0);
    if (this.text[start] !== '<') {
      throw this.malformed(
        `${quote(this.text.slice(start, start + 8))} stands before the XML`,
        start,
      );
    }
    this.position = start;
    if (!/^<\?xml\s/.test(this.text.slice(start, start + 6))) return;
    const end = this.endOf('?>', start, 'the XML declaration');
    const encoding = ENCODING.exec(this.text.slice(start, end))?.[1];
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
      throw this.malformed(`its encoding is ${quote(encoding)}, not UTF-8`, start);
    }
    this.position = end;
  }

  /** @returns the position after the markup that starts at `open`. */
  private readMarkup(open: number): number {
    const { text } = this;
    const next = text[open + 1];
    if (next === '/') {
      this.depth -= 1;
      this.inContent = false;
      return this.endOf('>', open, 'an end tag');
    }
    if (next === '?') {
      if (/^xml[\s?]/i.test(text.slice(open + 2, open + 6))) {
        throw this.malformed('an XML declaration stands inside the message', open);
      }
      return this.endOf('?>', open, 'a processing instruction');
    }
    if (next !== '!') return this.readStartTag(open);
    if (text.startsWith('<!--', open)) return this.endOf('-->', open + 4, 'a comment');
    if (text.startsWith('<![CDATA[', open)) {
      const end = this.endOf(']]>', open, 'a CDATA section');
      this.checkLength(end - open);
      return end;
    }
    throw this.malformed('a DOCTYPE or other declaration is not allowed', open);
  }

  private readStartTag(open: number): number {
    const name = this.match(TAG_NAME, open + 1);
    if (name === null) throw this.malformed('"<" starts no tag', open);
    this.elementCount += 1;
    const { maxElementCount, maxDepth } = this.limits;
    if (this.elementCount > maxElementCount) {
      throw overLimit('elements: more than', maxElementCount, maxElementCount);
    }
    const afterAttributes = this.readAttributes(open + 1 + name[0].length);
    const end = this.match(TAG_END, afterAttributes);
    if (end === null) throw this.malformed(`the tag ${quote(name[0])} is broken`, open);
    if (!end[0].endsWith('/>')) {
      this.depth += 1;
      if (this.depth > maxDepth) throw overLimit('levels of elements:', this.depth, maxDepth);
      this.inContent = name[0] === CONTENT_ELEMENT || name[0].endsWith(`:${CONTENT_ELEMENT}`);
    }
    return afterAttributes + end[0].length;
  }

  private readAttributes(start: number): number {
    let position = start;
    const seen = new Set<string>();
    for (;;) {
      const attribute = this.match(ATTRIBUTE, position);
      if (attribute === null) return position;
      const name = attribute[1] ?? '';
      if (seen.has(name)) throw this.malformed(`attribute ${quote(name)} stands twice`, position);
      seen.add(name);
      if (seen.size > this.limits.maxAttributeCount) {
        throw overLimit('attributes of an element:', seen.size, this.limits.maxAttributeCount);
      }
      const end = position + attribute[0].length;
      this.inContent = false;
      this.checkText(position, end);
      position = end;
    }
  }

  private checkText(start: number, end: number): void {
    if (!this.inContent) this.checkLength(end - start);
    while (this.nextReference !== -1 && this.nextReference < end) {
      const at = this.nextReference;
      if (at >= start) this.checkReference(at);
      this.nextReference = this.text.indexOf('&', at + 1);
    }
  }

  private checkReference(at: number): void {
    const reference = this.match(REFERENCE, at);
    if (reference !== null && isKnownReference(reference)) return;
    const shown = /^&[\w#]*;?/.exec(this.text.slice(at, at + 20))?.[0] ?? '&';
    throw this.malformed(`the reference ${quote(shown)} is not allowed`, at);
  }

  private checkLength(length: number): void {
    const { maxTextLength } = this.limits;
    if (length > maxTextLength) throw overLimit('characters of a text:', length, maxTextLength);
  }

  private endOf(mark: string, start: number, what: string): number {
    const index = this.text.indexOf(mark, start);
    if (index === -1) throw this.malformed(`${what} does not end`, start);
    return index + mark.length;
  }

  private match(pattern: RegExp, position: number): RegExpExecArray | null {
    pattern.lastIndex = position;
    return pattern.exec(this.text);
  }

  private malformed(fault: string, index: number): Error {
    return malformedXml(fault, Buffer.byteLength(this.text.slice(0, index)));
  }
}

function isKnownReference(reference: RegExpExecArray): boolean {
  const [, hex, decimal] = reference;
  if (hex !== undefined) return isXmlChar(Number.parseInt(hex, 16));
  return decimal === undefined || isXmlChar(Number.parseInt(decimal, 10));
}

import { SignerError } from '../errors.ts';

/** Encoding rules: strict DER, or BER as CMS producers send it (X.690 §8, indefinite length too). */
export type EncodingRules = 'DER' | 'BER';

/** Structures nested deeper than this are refused. */
export const MAX_DER_DEPTH = 32;
/** More members than this in one structure are refused (lists of a CRL are walked apart). */
export const MAX_DER_CHILDREN = 8_192;
/**
 * Values, nested ones included, that are passed over in search of the end of one of indefinite length.
 * Each level inside is searched again when it is read, so this is what bounds the whole.
 */
export const MAX_BER_SCAN = 262_144;
/** Default size limit of one encoding, in bytes. */
export const MAX_DER_BYTES = 16 * 1024 * 1024;

const CONSTRUCTED = 0x20;

function fail(message: string, offset: number): never {
  throw new SignerError('SIGNER_DER_INVALID', `${message} at byte ${offset}`, {
    details: { offset },
  });
}

/** One encoded value. Its members are read when they are asked for, not before. */
export class DerElement {
  readonly source: Uint8Array;
  /** The identifier octet; compare with `TAG`. */
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly end: number;
  readonly depth: number;
  readonly rules: EncodingRules;

  constructor(
    source: Uint8Array,
    tag: number,
    start: number,
    contentStart: number,
    contentEnd: number,
    end: number,
    depth: number,
    rules: EncodingRules,
  ) {
    this.source = source;
    this.tag = tag;
    this.start = start;
    this.contentStart = contentStart;
    this.contentEnd = contentEnd;
    this.end = end;
    this.depth = depth;
    this.rules = rules;
  }

  /** The whole encoding, identifier and length included; a view, not a copy. */
  get raw(): Uint8Array {
    return this.source.subarray(this.start, this.end);
  }

  /** The content octets; a view, not a copy. */
  get content(): Uint8Array {
    return this.source.subarray(this.contentStart, this.contentEnd);
  }

  get isConstructed(): boolean {
    return (this.tag & CONSTRUCTED) !== 0;
  }

  /** All members, in order. */
  children(): DerElement[] {
    const result: DerElement[] = [];
    for (let at = this.contentStart; at < this.contentEnd;) {
      const child = this.childAt(at);
      if (result.length >= MAX_DER_CHILDREN) fail('too many members', at);
      result.push(child);
      at = child.end;
    }
    return result;
  }

  /** Walks the members without keeping them: for lists that may be very long. */
  *members(): Generator<DerElement, void, undefined> {
    for (let at = this.contentStart; at < this.contentEnd;) {
      const child = this.childAt(at);
      yield child;
      at = child.end;
    }
  }

  private childAt(at: number): DerElement {
    if ((this.tag & CONSTRUCTED) === 0) fail('a primitive value has no members', this.start);
    return readElement(this.source, at, this.contentEnd, this.depth + 1, this.rules);
  }
}

/** Reads the element at `offset`; it must end at or before `limit`. */
function readElement(
  source: Uint8Array,
  offset: number,
  limit: number,
  depth: number,
  rules: EncodingRules,
  scan?: { left: number },
): DerElement {
  if (depth > MAX_DER_DEPTH) fail(`nesting deeper than ${MAX_DER_DEPTH}`, offset);
  if (offset + 2 > limit) fail('value is cut off', offset);
  const tag = source[offset] ?? 0;
  if ((tag & 0x1f) === 0x1f) fail('tag numbers above 30 are not used here', offset);
  if (tag === 0) fail('unexpected end-of-contents', offset);
  const first = source[offset + 1] ?? 0;
  let at = offset + 2;
  if (first === 0x80) {
    if (rules === 'DER' || (tag & CONSTRUCTED) === 0) fail('indefinite length', offset);
    const search = scan ?? { left: MAX_BER_SCAN };
    const contentEnd = findEndOfContents(source, at, limit, depth, search);
    return new DerElement(source, tag, offset, at, contentEnd, contentEnd + 2, depth, rules);
  }
  let length = first;
  if (first > 0x80) {
    const count = first & 0x7f;
    if (count > 4 && (rules === 'DER' || count > 8)) fail('length of more than 4 bytes', offset);
    if (at + count > limit) fail('length is cut off', offset);
    length = 0;
    for (let i = 0; i < count; i += 1) length = length * 256 + (source[at + i] ?? 0);
    if (rules === 'DER' && (length < 0x80 || (source[at] ?? 0) === 0)) {
      fail('length is not in its shortest form', offset);
    }
    at += count;
  }
  if (length > limit - at) fail('value is cut off', offset);
  return new DerElement(source, tag, offset, at, at + length, at + length, depth, rules);
}

function findEndOfContents(
  source: Uint8Array,
  from: number,
  limit: number,
  depth: number,
  scan: { left: number },
): number {
  for (let at = from; at + 2 <= limit;) {
    if (source[at] === 0 && source[at + 1] === 0) return at;
    scan.left -= 1;
    if (scan.left < 0) fail('too many values of indefinite length', from);
    at = readElement(source, at, limit, depth + 1, 'BER', scan).end;
  }
  return fail('end-of-contents is missing', from);
}

/**
 * Reads one value that must fill `bytes` completely.
 *
 * @throws {@link SignerError} `SIGNER_DER_INVALID` on trailing bytes, on a size above `maxBytes` and
 *   on anything that is not the encoding asked for.
 */
export function readDer(
  bytes: Uint8Array,
  options: { readonly rules?: EncodingRules; readonly maxBytes?: number } = {},
): DerElement {
  const maxBytes = options.maxBytes ?? MAX_DER_BYTES;
  if (bytes.length > maxBytes) {
    fail(`${bytes.length} bytes are more than the limit of ${maxBytes} bytes`, 0);
  }
  const element = readElement(bytes, 0, bytes.length, 0, options.rules ?? 'DER');
  if (element.end !== bytes.length) fail('trailing bytes after the value', element.end);
  return element;
}

import { SignerError } from '../errors.ts';
import { isWhite } from './characters.ts';
import { decodeStream } from './filters.ts';
import { Lexer } from './lexer.ts';
import type { PdfLimits } from './limits.ts';
import { PdfDict, PdfRef, PdfStream, type PdfValue, integerOf, nameText } from './values.ts';

/** What a file holds when its cross-reference is not believed. */
export interface ScannedPdf {
  /** Newest definition of each object, by number. */
  readonly objects: ReadonlyMap<number, PdfValue>;
  /** Trailer dictionaries and those of cross-reference streams, in the order of the file. */
  readonly trailers: readonly PdfDict[];
}

const MAX_NUMBER_DIGITS = 10;
/** A text in a trailer that never ends is not looked for further than this. */
const MAX_TRAILER_BYTES = 64 * 1024;

function fail(message: string): never {
  throw new SignerError('SIGNER_PDF_BROKEN', message);
}

/**
 * Finds the objects of a PDF by searching for them, one after the other, as viewers do with a damaged
 * cross-reference. Only for repair: a file that is read this way may be another document than the
 * one its cross-reference describes, so nothing that is signed may be read so.
 *
 * @throws {@link SignerError} `SIGNER_PDF_BROKEN` when an object itself is damaged,
 *   `SIGNER_PDF_TOO_COMPLEX` at a limit.
 */
export function scanPdf(bytes: Uint8Array, limits: PdfLimits): ScannedPdf {
  return new Scanner(bytes, limits).scan();
}

class Scanner {
  private readonly bytes: Buffer;
  private readonly limits: PdfLimits;
  private readonly objects = new Map<number, PdfValue>();
  private readonly trailers: PdfDict[] = [];
  private inflatedBytes = 0;
  private trailerCount = 0;

  constructor(bytes: Uint8Array, limits: PdfLimits) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.limits = limits;
  }

  scan(): ScannedPdf {
    const { bytes } = this;
    let from = 0;
    for (
      let at = bytes.indexOf('obj');
      at >= 0;
      at = bytes.indexOf('obj', Math.max(from, at + 1))
    ) {
      const head = headBefore(bytes, at, from);
      if (head === undefined) continue;
      this.scanTrailers(from, head.start);
      from = this.readObject(head.number, at + 'obj'.length);
    }
    this.scanTrailers(from, bytes.length);
    return { objects: this.objects, trailers: this.trailers };
  }

  /** @returns the offset after the object. */
  private readObject(number: number, offset: number): number {
    const lexer = new Lexer(this.bytes, offset, this.bytes.length, this.limits.maxDepth);
    let value = this.readValue(lexer, number);
    lexer.skipWhite();
    if (value instanceof PdfDict && lexer.takeKeyword('stream')) {
      value = this.readStream(lexer, value, number);
      lexer.skipWhite();
    }
    // A missing `endobj` is a common fault and hides nothing.
    lexer.takeKeyword('endobj');
    this.keep(number, value);
    return lexer.pos;
  }

  private readValue(lexer: Lexer, number: number): PdfValue {
    try {
      return lexer.parseValue();
    } catch (cause) {
      if (cause instanceof SignerError && cause.code === 'SIGNER_PDF_BROKEN') {
        const message = `object ${number} is damaged and cannot be repaired`;
        throw new SignerError('SIGNER_PDF_BROKEN', message, { cause });
      }
      throw cause;
    }
  }

  private keep(number: number, value: PdfValue): void {
    if (this.objects.size >= this.limits.maxObjects || number >= this.limits.maxObjects) {
      throw new SignerError('SIGNER_PDF_TOO_COMPLEX', 'too many objects', {
        details: { maxObjects: this.limits.maxObjects },
      });
    }
    const type = value instanceof PdfStream ? nameText(value.dict.get('Type')) : undefined;
    if (value instanceof PdfStream && type === 'XRef') this.trailers.push(value.dict);
    else if (value instanceof PdfStream && type === 'ObjStm') this.unpack(number, value);
    else this.objects.set(number, value);
  }

  /** Believes `/Length` when `endstream` stands there, else looks for it. */
  private readStream(lexer: Lexer, dict: PdfDict, number: number): PdfStream {
    if (lexer.peek() === 13) lexer.pos++;
    if (lexer.peek() === 10) lexer.pos++;
    const start = lexer.pos;
    const given = dict.get('Length');
    const known = given instanceof PdfRef ? this.objects.get(given.number) : given;
    const length = integerOf(known);
    if (length !== undefined && length >= 0 && start + length <= lexer.end) {
      lexer.pos = start + length;
      lexer.skipWhite();
      if (lexer.takeKeyword('endstream')) {
        return new PdfStream(dict, this.bytes.subarray(start, start + length));
      }
    }
    const end = this.bytes.indexOf('endstream', start);
    if (end < 0) fail(`stream ${number} is cut off and cannot be repaired`);
    lexer.pos = end + 'endstream'.length;
    return new PdfStream(dict, this.bytes.subarray(start, withoutLineEnd(this.bytes, start, end)));
  }

  private unpack(number: number, stream: PdfStream): void {
    const data = decodeStream(
      stream,
      (value) => (value instanceof PdfRef ? this.objects.get(value.number) : value),
      this.limits.maxInflatedBytes - this.inflatedBytes,
    );
    this.inflatedBytes += data.length;
    const count = integerOf(stream.dict.get('N')) ?? -1;
    const first = integerOf(stream.dict.get('First')) ?? -1;
    if (count < 0 || first < 0 || first > data.length || count * 3 > data.length) {
      fail(`object stream ${number} is malformed`);
    }
    const head = new Lexer(data, 0, first, this.limits.maxDepth);
    for (let i = 0; i < count; i++) {
      const member = head.expectUnsigned();
      const offset = first + head.expectUnsigned();
      const lexer = new Lexer(data, offset, data.length, this.limits.maxDepth);
      this.keep(member, this.readValue(lexer, member));
    }
  }

  /** Trailer dictionaries between two objects; what cannot be read is none. */
  private scanTrailers(from: number, to: number): void {
    const gap = this.bytes.subarray(from, to);
    for (let at = gap.indexOf('trailer'); at >= 0; at = gap.indexOf('trailer', at + 1)) {
      this.trailerCount++;
      if (this.trailerCount > this.limits.maxSections) {
        throw new SignerError('SIGNER_PDF_TOO_COMPLEX', 'too many trailers', {
          details: { maxSections: this.limits.maxSections },
        });
      }
      const end = Math.min(gap.length, at + MAX_TRAILER_BYTES);
      const lexer = new Lexer(gap, at + 'trailer'.length, end, this.limits.maxDepth);
      try {
        const value = lexer.parseValue();
        if (value instanceof PdfDict) this.trailers.push(value);
      } catch (error) {
        if (!(error instanceof SignerError) || error.code !== 'SIGNER_PDF_BROKEN') throw error;
      }
    }
  }
}

/** `n g` in front of an `obj` at this offset, not reaching back before `from`. */
function headBefore(
  bytes: Buffer,
  at: number,
  from: number,
): { number: number; start: number } | undefined {
  if (at === 0 || !isWhite(bytes[at - 1] ?? 0)) return undefined;
  const text = bytes.subarray(Math.max(from, at - 3 * MAX_NUMBER_DIGITS), at).toString('latin1');
  const match = /(?:^|[^0-9A-Za-z])([0-9]{1,10})[\0\t\n\f\r ]+([0-9]{1,5})[\0\t\n\f\r ]+$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [whole, number] = match;
  return { number: Number(number), start: at - whole.length };
}

function withoutLineEnd(bytes: Buffer, start: number, end: number): number {
  if (end > start && bytes[end - 1] === 10) {
    return end - 1 > start && bytes[end - 2] === 13 ? end - 2 : end - 1;
  }
  return end > start && bytes[end - 1] === 13 ? end - 1 : end;
}

/** Resolves within a scan. */
export function resolveScanned(
  scan: ScannedPdf,
  value: PdfValue | undefined,
): PdfValue | undefined {
  let current = value;
  for (let hops = 0; current instanceof PdfRef && hops < 16; hops++) {
    current = scan.objects.get(current.number) ?? null;
  }
  return current instanceof PdfRef ? null : current;
}

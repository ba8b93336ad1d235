import { SignerError } from '../errors.ts';
import type { Skimmed } from './facts.ts';
import { decodeStream } from './filters.ts';
import { Lexer } from './lexer.ts';
import type { PdfLimits } from './limits.ts';
import type { Skimmer } from './skim.ts';
import { PdfDict, PdfStream, type PdfValue, integerOf } from './values.ts';

/** An object with the place where it stands, from its number to after `endobj`. */
export interface IndirectObject {
  readonly number: number;
  readonly generation: number;
  readonly value: PdfValue;
  readonly start: number;
  readonly end: number;
}

export type Resolve = (value: PdfValue | undefined) => PdfValue | undefined;

/** A decoded object stream (ISO 32000-1 §7.5.7); its objects are parsed when they are asked for. */
export interface ObjectStream {
  readonly numbers: readonly number[];
  readonly offsets: readonly number[];
  readonly data: Uint8Array;
  readonly values: Map<number, PdfValue>;
  readonly skimmer: Skimmer;
  readonly skims: Map<number, Skimmed>;
}

/** How many bytes may be read in all, so that nothing a file says makes the work quadratic. */
const READ_FACTOR = 16;
const READ_ALLOWANCE = 16 * 1024 * 1024;

/** The bytes of a file, read within limits; all revisions of a document share one source. */
export class PdfSource {
  readonly bytes: Uint8Array;
  readonly limits: PdfLimits;
  /** Objects by their offset. */
  readonly objects = new Map<number, IndirectObject>();
  /** Decoded object streams by the offset of their object. */
  readonly objectStreams = new Map<number, ObjectStream>();
  /** What objects refer to, by their offset. */
  readonly skims = new Map<number, Skimmed>();
  private readBytes = 0;
  private inflatedBytes = 0;

  constructor(bytes: Uint8Array, limits: PdfLimits) {
    this.bytes = bytes;
    this.limits = limits;
  }

  lexerAt(pos: number): Lexer {
    return new Lexer(this.bytes, pos, this.bytes.length, this.limits.maxDepth);
  }

  /** Counts work done; throws when a file asks for far more than its size explains. */
  charge(count: number): void {
    this.readBytes += count;
    const maxBytes = READ_FACTOR * this.bytes.length + READ_ALLOWANCE;
    if (this.readBytes > maxBytes) {
      throw new SignerError('SIGNER_PDF_TOO_COMPLEX', 'the same bytes are read too often', {
        details: { maxBytes },
      });
    }
  }

  decode(stream: PdfStream, resolve: Resolve): Uint8Array {
    const data = decodeStream(stream, resolve, this.limits.maxInflatedBytes - this.inflatedBytes);
    this.inflatedBytes += data.length;
    return data;
  }

  /**
   * Reads `n g obj … endobj` at an offset.
   *
   * @throws {@link SignerError} `SIGNER_PDF_BROKEN` when no such object stands exactly there.
   */
  readObject(offset: number, resolve: Resolve): IndirectObject {
    const lexer = this.lexerAt(offset);
    try {
      lexer.skipWhite();
      const start = lexer.pos;
      const number = lexer.expectUnsigned();
      const generation = lexer.expectUnsigned();
      lexer.skipWhite();
      lexer.expectKeyword('obj');
      let value = lexer.parseValue();
      lexer.skipWhite();
      if (value instanceof PdfDict && lexer.takeKeyword('stream')) {
        value = readStream(lexer, value, resolve);
      }
      lexer.skipWhite();
      lexer.expectKeyword('endobj');
      return { number, generation, value, start, end: lexer.pos };
    } finally {
      this.charge(lexer.pos - offset);
    }
  }
}

function readStream(lexer: Lexer, dict: PdfDict, resolve: Resolve): PdfStream {
  // After `stream` stands CR LF or LF, never CR alone (§7.3.8.1).
  if (lexer.peek() === 13) lexer.pos++;
  if (lexer.peek() !== 10) lexer.fail('end of line expected after "stream"');
  lexer.pos++;
  const length = integerOf(resolve(dict.get('Length')));
  const start = lexer.pos;
  if (length === undefined || length < 0 || start + length > lexer.end) {
    lexer.fail('stream without a usable /Length');
  }
  lexer.pos = start + length;
  lexer.skipWhite();
  lexer.expectKeyword('endstream');
  return new PdfStream(dict, lexer.bytes.subarray(start, start + length));
}

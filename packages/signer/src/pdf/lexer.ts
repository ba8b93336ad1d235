import { SignerError } from '../errors.ts';
import { isRegular as isRegularCode, isWhite as isWhiteCode } from './characters.ts';
import { PdfDict, PdfName, PdfRef, PdfString, type PdfValue } from './values.ts';

const HEX_VALUE = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX_VALUE[digit.toString(16).charCodeAt(0)] = digit;
  HEX_VALUE[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

const ESCAPES = new Map<number, number>([
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
  [0x62, 8],
  [0x66, 12],
]);

const MAX_INTEGER_DIGITS = 15;
/** Names that were read before, each in the slot of its hash; a newer one takes the slot. */
const NAME_SLOTS: (PdfName | undefined)[] = Array.from({ length: 4096 });

/** The name in these bytes, which hold no `#`; usually without making a string of them. */
function internName(bytes: Uint8Array, start: number, end: number): PdfName {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
  const slot = Math.imul(hash, 0x9e3779b1) >>> 20;
  const known = NAME_SLOTS[slot];
  if (known !== undefined && isSameText(known.text, bytes, start, end)) return known;
  const name = new PdfName(
    Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'),
  );
  NAME_SLOTS[slot] = name;
  return name;
}

function isSameText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== bytes[start + i]) return false;
  }
  return true;
}

function isWhite(code: number | undefined): boolean {
  return code !== undefined && isWhiteCode(code);
}

function isRegular(code: number | undefined): boolean {
  return code !== undefined && isRegularCode(code);
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39;
}

/** Reads PDF syntax (ISO 32000-1 §7.2–7.3) from bytes, strictly: what is unclear is an error. */
export class Lexer {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** Set by a number like `17.0` or `+17`, which not all readers take for an integer. */
  hasOddNumbers = false;
  /** Set by a name like `/#50rev`. */
  hasEscapedNames = false;
  readonly maxDepth: number;
  pos: number;

  constructor(bytes: Uint8Array, pos: number, end: number, maxDepth: number) {
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
    this.maxDepth = maxDepth;
  }

  fail(what: string): never {
    throw new SignerError('SIGNER_PDF_BROKEN', `${what} at byte ${this.pos}`, {
      details: { offset: this.pos },
    });
  }

  /** The byte under the cursor, or -1 at the end. */
  peek(): number {
    return this.pos < this.end ? (this.bytes[this.pos] ?? -1) : -1;
  }

  skipWhite(): void {
    const { bytes, end } = this;
    while (this.pos < end) {
      const code = bytes[this.pos] ?? 0;
      if (code === 0x25) {
        while (this.pos < end && bytes[this.pos] !== 10 && bytes[this.pos] !== 13) this.pos++;
      } else if (isWhiteCode(code)) {
        this.pos++;
      } else {
        return;
      }
    }
  }

  /** Takes `word` when it stands here as a whole token. */
  takeKeyword(word: string): boolean {
    const after = this.pos + word.length;
    if (after > this.end) return false;
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.pos + i] !== word.charCodeAt(i)) return false;
    }
    if (after < this.end && isRegular(this.bytes[after])) return false;
    this.pos = after;
    return true;
  }

  expectKeyword(word: string): void {
    if (!this.takeKeyword(word)) this.fail(`"${word}" expected`);
  }

  /** An unsigned integer, white space before it skipped. */
  expectUnsigned(): number {
    this.skipWhite();
    const value = this.takeUnsigned();
    if (value === undefined) this.fail('unsigned integer expected');
    return value;
  }

  private takeUnsigned(): number | undefined {
    const start = this.pos;
    let value = 0;
    while (this.pos < this.end && isDigit(this.bytes[this.pos])) {
      value = value * 10 + (this.bytes[this.pos] ?? 0) - 0x30;
      this.pos++;
    }
    const digits = this.pos - start;
    if (digits > 0 && digits <= MAX_INTEGER_DIGITS && !isRegular(this.charAt(this.pos))) {
      return value;
    }
    this.pos = start;
    return undefined;
  }

  private charAt(pos: number): number | undefined {
    return pos < this.end ? this.bytes[pos] : undefined;
  }

  parseValue(depth = 0): PdfValue {
    if (depth > this.maxDepth) {
      throw new SignerError(
        'SIGNER_PDF_TOO_COMPLEX',
        `values nested deeper than ${this.maxDepth} levels`,
        { details: { offset: this.pos, maxDepth: this.maxDepth } },
      );
    }
    this.skipWhite();
    const code = this.peek();
    switch (code) {
      case 0x2f:
        return this.parseName();
      case 0x28:
        return this.parseLiteralString();
      case 0x5b:
        return this.parseArray(depth);
      case 0x3c:
        return this.charAt(this.pos + 1) === 0x3c ? this.parseDict(depth) : this.parseHexString();
      default:
        break;
    }
    if (isDigit(code)) return this.parseIntegerOrRef();
    if (code === 0x2b || code === 0x2d || code === 0x2e) return this.parseNumber();
    if (this.takeKeyword('true')) return true;
    if (this.takeKeyword('false')) return false;
    if (this.takeKeyword('null')) return null;
    return this.fail('no PDF value');
  }

  private parseIntegerOrRef(): PdfValue {
    const number = this.takeUnsigned();
    if (number === undefined) return this.parseNumber();
    const afterNumber = this.pos;
    if (isWhite(this.charAt(this.pos))) {
      this.skipWhite();
      const generation = this.takeUnsigned();
      if (generation !== undefined && isWhite(this.charAt(this.pos))) {
        this.skipWhite();
        if (this.takeKeyword('R')) return new PdfRef(number, generation);
      }
    }
    this.pos = afterNumber;
    return number;
  }

  private parseNumber(): number {
    const start = this.pos;
    while (this.pos < this.end && isRegular(this.bytes[this.pos])) this.pos++;
    const text = Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset + start,
      Math.min(this.pos - start, 64),
    ).toString('latin1');
    if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) || this.pos - start > 64) {
      this.pos = start;
      this.fail('malformed number');
    }
    this.hasOddNumbers ||= text.includes('.') || text.startsWith('+');
    return Number(text);
  }

  private parseName(): PdfName {
    const { bytes, end } = this;
    const start = this.pos + 1;
    let pos = start;
    let isEscaped = false;
    for (; pos < end; pos++) {
      const code = bytes[pos] ?? 0;
      if (!isRegularCode(code)) break;
      if (code === 0x23) isEscaped = true;
    }
    this.pos = pos;
    return isEscaped ? this.escapedName(start) : internName(bytes, start, pos);
  }

  /** A name with `#xx` in it; the cursor stands behind it. */
  private escapedName(start: number): PdfName {
    this.hasEscapedNames = true;
    let text = '';
    for (let i = start; i < this.pos; i++) {
      let code = this.bytes[i] ?? 0;
      if (code === 0x23) {
        const high = i + 2 < this.pos ? (HEX_VALUE[this.bytes[i + 1] ?? 0] ?? -1) : -1;
        const low = i + 2 < this.pos ? (HEX_VALUE[this.bytes[i + 2] ?? 0] ?? -1) : -1;
        if (high < 0 || low < 0) this.fail('malformed #-escape in a name');
        code = high * 16 + low;
        i += 2;
      }
      text += String.fromCharCode(code);
    }
    return new PdfName(text);
  }

  private parseArray(depth: number): PdfValue[] {
    this.pos++;
    const items: PdfValue[] = [];
    for (;;) {
      this.skipWhite();
      if (this.peek() === 0x5d) {
        this.pos++;
        return items;
      }
      items.push(this.parseValue(depth + 1));
    }
  }

  private parseDict(depth: number): PdfDict {
    this.pos += 2;
    const entries = new Map<string, PdfValue>();
    let hasDuplicateKeys = false;
    for (;;) {
      this.skipWhite();
      const code = this.peek();
      if (code === 0x3e && this.charAt(this.pos + 1) === 0x3e) {
        this.pos += 2;
        return new PdfDict(entries, hasDuplicateKeys);
      }
      if (code !== 0x2f) this.fail('dictionary key expected');
      const key = this.parseName().text;
      if (entries.has(key)) hasDuplicateKeys = true;
      entries.set(key, this.parseValue(depth + 1));
    }
  }

  private parseHexString(): PdfString {
    const start = this.pos;
    const { bytes, end } = this;
    let close = start + 1;
    while (close < end && bytes[close] !== 0x3e) close++;
    if (close >= end) this.fail('hex string without end');
    const digits = close - start - 1;
    const native = Buffer.from(bytes.buffer, bytes.byteOffset + start + 1, digits);
    // Buffer stops at the first character that is no digit: then the slow way is needed.
    let value: Uint8Array = Buffer.from(native.toString('latin1'), 'hex');
    if (digits % 2 !== 0 || value.length !== digits / 2) value = this.slowHex(start + 1, close);
    this.pos = close + 1;
    return new PdfString(value, true, start, close + 1);
  }

  private slowHex(from: number, to: number): Uint8Array {
    const out = new Uint8Array((to - from + 1) >> 1);
    let nibbles = 0;
    for (let i = from; i < to; i++) {
      const code = this.bytes[i] ?? 0;
      const value = HEX_VALUE[code] ?? -1;
      if (value < 0) {
        if (!isWhiteCode(code)) this.fail('hex string with other characters');
        continue;
      }
      const index = nibbles >> 1;
      out[index] = (out[index] ?? 0) | (nibbles % 2 === 0 ? value << 4 : value);
      nibbles++;
    }
    return out.subarray(0, (nibbles + 1) >> 1);
  }

  private parseLiteralString(): PdfString {
    const start = this.pos;
    const out = new Uint8Array(this.literalEnd() - start - 2);
    const end = start + 2 + out.length;
    let length = 0;
    this.pos = start + 1;
    while (this.pos < end - 1) {
      const code = this.bytes[this.pos++] ?? 0;
      if (code === 0x5c) {
        const escaped = this.takeEscape();
        if (escaped !== undefined) out[length++] = escaped;
        continue;
      }
      // An end of line in a string is always one LF (§7.3.4.2).
      if (code === 13 && this.bytes[this.pos] === 10) this.pos++;
      out[length++] = code === 13 ? 10 : code;
    }
    this.pos = end;
    return new PdfString(out.subarray(0, length), false, start, end);
  }

  private literalEnd(): number {
    let open = 0;
    for (let i = this.pos; i < this.end; i++) {
      const code = this.bytes[i];
      if (code === 0x5c) i++;
      else if (code === 0x28) open++;
      else if (code === 0x29 && --open === 0) return i + 1;
    }
    return this.fail('string without end');
  }

  /** The byte behind a backslash; undefined for an escaped end of line. */
  private takeEscape(): number | undefined {
    const code = this.bytes[this.pos++] ?? 0;
    if (code >= 0x30 && code <= 0x37) {
      let value = code - 0x30;
      for (let i = 0; i < 2; i++) {
        const next = this.bytes[this.pos] ?? 0;
        if (next < 0x30 || next > 0x37) break;
        value = value * 8 + next - 0x30;
        this.pos++;
      }
      return value & 0xff;
    }
    if (code === 13 && this.bytes[this.pos] === 10) this.pos++;
    if (code === 13 || code === 10) return undefined;
    return ESCAPES.get(code) ?? code;
  }
}

import { isRegular, isWhite } from './characters.ts';
import { FACT, NOTABLE_NAMES, type Skimmed } from './facts.ts';
import { PdfRef } from './values.ts';

const WHITE = 1;
const REGULAR = 0;
/** As in `characters.ts`; `#`, which may hide any letter of a name, stands apart. */
const CLASS = new Uint8Array(256);
for (let code = 0; code < 256; code++) {
  if (isWhite(code)) CLASS[code] = WHITE;
  else if (!isRegular(code) || code === 0x23) CLASS[code] = 2;
}

/** Notable names by their first letter. */
const NOTABLE_BY_LETTER: (readonly string[] | undefined)[] = [];
for (const name of NOTABLE_NAMES) {
  const first = name.charCodeAt(0);
  NOTABLE_BY_LETTER[first] = [...(NOTABLE_BY_LETTER[first] ?? []), name];
}

const TABLE_BITS = 10;

/** Fibonacci hashing: keys that differ in little (`CA` and `ca`) go far apart. */
function slotOf(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> (32 - TABLE_BITS);
}

const NONE: readonly number[] = [];
const KEY = { OTHER: 0, TYPE: 1, ANNOTS: 2, LENGTH: 3, KIDS: 4, FILE: 5 } as const;

/**
 * Reads an object for what it refers to, building nothing. It understands the plain part of the
 * syntax only: whatever is rare or wrong makes it give up, and the lexer decides. So it accepts
 * nothing that the lexer refuses (a property test holds the two together).
 */
export class Skimmer {
  private readonly bytes: Uint8Array;
  private readonly limit: number;
  private readonly maxDepth: number;
  /** Which object last had a top-level key in this slot: two in one slot may be one key twice. */
  private readonly slots = new Uint32Array(1 << TABLE_BITS);
  private object = 0;
  private references: number[] = [];
  /** First byte of the name that was read last; -1 for another value, or a name with `#`. */
  private nameStart = -1;
  private isEscaped = false;
  /** Number of the reference that was read last. */
  private target = 0;
  private targetGeneration = 0;
  private isReference = false;
  /** The unsigned integer that was read last; -1 for another number. */
  private integer = -1;
  pos = 0;
  flags = 0;
  annotations = 0;
  /** `/Length` of the dictionary: a number, a reference, or neither. */
  length: number | PdfRef | undefined;

  constructor(bytes: Uint8Array, limit: number, maxDepth: number) {
    this.bytes = bytes;
    this.limit = limit;
    this.maxDepth = maxDepth;
  }

  /** Skims the value at an offset; false when the lexer has to read it. */
  value(offset: number): boolean {
    this.pos = offset;
    this.object++;
    this.flags = 0;
    this.annotations = 0;
    this.length = undefined;
    this.references = [];
    return this.skimValue(0);
  }

  result(): Skimmed {
    const { references, flags, annotations, pos } = this;
    const isPage = (flags & FACT.PAGE) !== 0;
    return {
      references: references.length === 0 ? NONE : references,
      flags: isPage && (flags & FACT.KIDS) !== 0 ? flags & ~FACT.PAGE : flags,
      annotations: isPage ? annotations : 0,
      end: pos,
    };
  }

  /** Takes `n g obj`; false when another object, or none, stands at the offset. */
  objectHead(offset: number, number: number, generation: number): boolean {
    this.pos = offset;
    this.skipWhite();
    if (!this.unsigned() || this.integer !== number) return false;
    this.skipWhite();
    if (!this.unsigned() || this.integer !== generation) return false;
    this.skipWhite();
    return this.keyword('obj');
  }

  skipWhite(): void {
    const { bytes, limit } = this;
    let { pos } = this;
    if (CLASS[bytes[pos] ?? 0] !== WHITE) return;
    while (pos < limit && CLASS[bytes[pos] ?? 0] === WHITE) pos++;
    this.pos = pos;
  }

  /** Takes a word when it stands here as a whole token. */
  keyword(word: string): boolean {
    const after = this.pos + word.length;
    if (after > this.limit) return false;
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.pos + i] !== word.charCodeAt(i)) return false;
    }
    if (after < this.limit && isRegular(this.bytes[after] ?? 0)) return false;
    this.pos = after;
    return true;
  }

  /** Takes the data of a stream and `endstream`; false when they do not end there (§7.3.8.1). */
  streamData(length: number): boolean {
    if (this.bytes[this.pos] === 13) this.pos++;
    if (this.bytes[this.pos] !== 10 || !Number.isSafeInteger(length) || length < 0) return false;
    const end = this.pos + 1 + length;
    if (end > this.limit) return false;
    this.pos = end;
    this.skipWhite();
    return this.keyword('endstream');
  }

  private skimValue(depth: number): boolean {
    if (depth > this.maxDepth) return false;
    this.skipWhite();
    if (this.pos >= this.limit) return false;
    const { bytes } = this;
    const code = bytes[this.pos] ?? 0;
    if (code >= 0x30 && code <= 0x39) return this.integerOrReference();
    switch (code) {
      case 0x2f:
        return this.name();
      case 0x5b:
        return this.array(depth);
      case 0x3c:
        return bytes[this.pos + 1] === 0x3c ? this.dict(depth) : this.hexString();
      case 0x28:
        return this.literalString();
      case 0x2b:
      case 0x2d:
      case 0x2e:
        return this.number();
      default:
        return this.keyword('true') || this.keyword('false') || this.keyword('null');
    }
  }

  /** What stood inside a value is no value of the key before it. */
  private forget(): true {
    this.isReference = false;
    this.integer = -1;
    this.nameStart = -1;
    this.isEscaped = false;
    return true;
  }

  private array(depth: number): boolean {
    this.pos++;
    for (;;) {
      this.skipWhite();
      if (this.pos >= this.limit) return false;
      if (this.bytes[this.pos] === 0x5d) {
        this.pos++;
        return this.forget();
      }
      if (!this.skimValue(depth + 1)) return false;
    }
  }

  private dict(depth: number): boolean {
    this.pos += 2;
    for (;;) {
      this.skipWhite();
      const code = this.bytes[this.pos];
      if (code === 0x3e && this.bytes[this.pos + 1] === 0x3e && this.pos + 2 <= this.limit) {
        this.pos += 2;
        return this.forget();
      }
      if (code !== 0x2f || this.pos >= this.limit || !this.name()) return false;
      const key = depth === 0 ? this.topLevelKey() : KEY.OTHER;
      if (key === KEY.OTHER) {
        if (!this.skimValue(depth + 1)) return false;
      } else if (key < 0 || !this.keyOfInterest(key)) {
        return false;
      }
    }
  }

  private keyOfInterest(key: number): boolean {
    this.forget();
    if (!this.skimValue(1) || (key === KEY.TYPE && this.isEscaped)) return false;
    this.note(key);
    return true;
  }

  /** Which of the keys of interest the name is; -1 when the key may stand twice. */
  private topLevelKey(): number {
    const { bytes, nameStart, pos, slots } = this;
    if (this.isEscaped) return -1;
    let hash = 0;
    for (let i = nameStart; i < pos; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
    const slot = slotOf(hash);
    if (slots[slot] === this.object) return -1;
    slots[slot] = this.object;
    switch (pos - nameStart) {
      case 1:
        return bytes[nameStart] === 0x46 ? KEY.FILE : KEY.OTHER;
      case 4:
        if (this.isName('Type')) return KEY.TYPE;
        return this.isName('Kids') ? KEY.KIDS : KEY.OTHER;
      case 6:
        if (this.isName('Length')) return KEY.LENGTH;
        return this.isName('Annots') ? KEY.ANNOTS : KEY.OTHER;
      default:
        return KEY.OTHER;
    }
  }

  /** Notes what the value behind a key of interest was. */
  private note(key: number): void {
    if (key === KEY.TYPE) {
      if (this.isName('Page')) this.flags |= FACT.PAGE;
    } else if (key === KEY.ANNOTS) {
      if (this.isReference) this.annotations = this.target;
    } else if (key === KEY.LENGTH) {
      if (this.isReference) this.length = new PdfRef(this.target, this.targetGeneration);
      else if (this.integer >= 0) this.length = this.integer;
    } else if (key === KEY.KIDS) {
      this.flags |= FACT.KIDS;
    } else {
      // Counts only when a stream follows.
      this.flags |= FACT.EXTERNAL;
    }
  }

  private isName(text: string): boolean {
    const { bytes, nameStart } = this;
    if (nameStart < 0 || this.pos !== nameStart + text.length) return false;
    for (let i = 0; i < text.length; i++) {
      if (bytes[nameStart + i] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  private name(): boolean {
    const { bytes, limit } = this;
    const start = this.pos + 1;
    let pos = start;
    while (pos < limit && CLASS[bytes[pos] ?? 0] === REGULAR) pos++;
    if (pos < limit && bytes[pos] === 0x23) return this.escapedName(start);
    this.isEscaped = false;
    this.nameStart = start;
    this.pos = pos;
    const candidates = NOTABLE_BY_LETTER[bytes[start] ?? 0];
    if (candidates === undefined) return true;
    for (const candidate of candidates) if (this.isName(candidate)) this.flags |= FACT.NOTABLE;
    return true;
  }

  /** A `#` may hide any letter: the name is decoded to see whether it is a notable one. */
  private escapedName(start: number): boolean {
    const { bytes, limit } = this;
    let end = start;
    while (end < limit && isRegular(bytes[end] ?? 0)) end++;
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    if (/#(?![0-9A-Fa-f]{2})/.test(raw)) return false;
    const text = raw.replace(/#(..)/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (NOTABLE_NAMES.has(text)) this.flags |= FACT.NOTABLE;
    this.pos = end;
    this.nameStart = -1;
    this.isEscaped = true;
    return true;
  }

  /** An unsigned integer of up to 15 digits that ends here. */
  private unsigned(): boolean {
    const { bytes, limit } = this;
    const start = this.pos;
    let value = 0;
    let pos = start;
    for (; pos < limit; pos++) {
      const digit = (bytes[pos] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (pos === start || pos - start > 15) return false;
    if (pos < limit && isRegular(bytes[pos] ?? 0)) return false;
    this.pos = pos;
    this.integer = value;
    return true;
  }

  private integerOrReference(): boolean {
    if (!this.unsigned()) return this.number();
    const number = this.integer;
    const after = this.pos;
    const { bytes } = this;
    if (after < this.limit && isWhite(bytes[after] ?? 0)) {
      this.skipWhite();
      // A comment here would hide what follows from this reader.
      if (bytes[this.pos] === 0x25) return false;
      if (this.unsigned() && this.pos < this.limit && isWhite(bytes[this.pos] ?? 0)) {
        const generation = this.integer;
        this.skipWhite();
        if (bytes[this.pos] === 0x25) return false;
        if (this.endsReference()) {
          this.references.push(number);
          this.target = number;
          this.targetGeneration = generation;
          this.isReference = true;
          return true;
        }
      }
    }
    this.pos = after;
    this.integer = number;
    return true;
  }

  private endsReference(): boolean {
    const { bytes, pos, limit } = this;
    if (bytes[pos] !== 0x52 || pos >= limit) return false;
    if (pos + 1 < limit && isRegular(bytes[pos + 1] ?? 0)) return false;
    this.pos = pos + 1;
    return true;
  }

  private number(): boolean {
    const { bytes, limit } = this;
    const start = this.pos;
    let pos = start;
    if (bytes[pos] === 0x2b || bytes[pos] === 0x2d) pos++;
    const whole = skipDigits(bytes, pos, limit);
    let digits = whole - pos;
    pos = whole;
    if (pos < limit && bytes[pos] === 0x2e) {
      const fraction = skipDigits(bytes, pos + 1, limit);
      digits += fraction - pos - 1;
      pos = fraction;
    }
    if (digits === 0 || pos - start > 64) return false;
    if (pos < limit && isRegular(bytes[pos] ?? 0)) return false;
    this.pos = pos;
    this.integer = -1;
    return true;
  }

  private hexString(): boolean {
    const { bytes, limit } = this;
    for (let pos = this.pos + 1; pos < limit; pos++) {
      const code = bytes[pos] ?? 0;
      if (code === 0x3e) {
        this.pos = pos + 1;
        return true;
      }
      const letter = code | 0x20;
      const isHex = (code >= 0x30 && code <= 0x39) || (letter >= 0x61 && letter <= 0x66);
      if (!isHex) return false;
    }
    return false;
  }

  private literalString(): boolean {
    const { bytes, limit } = this;
    let open = 0;
    for (let pos = this.pos; pos < limit; pos++) {
      const code = bytes[pos] ?? 0;
      if (code === 0x5c) pos++;
      else if (code === 0x28) open++;
      else if (code === 0x29 && --open === 0) {
        this.pos = pos + 1;
        return true;
      }
    }
    return false;
  }
}

function skipDigits(bytes: Uint8Array, from: number, limit: number): number {
  let pos = from;
  while (pos < limit && (bytes[pos] ?? 0) >= 0x30 && (bytes[pos] ?? 0) <= 0x39) pos++;
  return pos;
}

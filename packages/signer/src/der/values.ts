import { SignerError } from '../errors.ts';
import type { DerElement } from './reader.ts';
import { TAG } from './tags.ts';

function fail(what: string, element: DerElement): never {
  throw new SignerError('SIGNER_DER_INVALID', `${what} at byte ${element.start}`, {
    details: { offset: element.start },
  });
}

/** Fails unless the element has the tag; returns it for chaining. */
export function expectTag(element: DerElement, tag: number, what: string): DerElement {
  if (element.tag !== tag) {
    fail(`${what}: tag 0x${element.tag.toString(16)} instead of 0x${tag.toString(16)}`, element);
  }
  return element;
}

/** Takes the members of a SEQUENCE one after the other, optional ones by their tag. */
export class DerFields {
  private readonly parent: DerElement;
  private readonly what: string;
  private readonly members: DerElement[];
  private index = 0;

  constructor(element: DerElement, what: string, tag: number = TAG.SEQUENCE) {
    this.parent = expectTag(element, tag, what);
    this.what = what;
    this.members = element.children();
  }

  /** The next member, whatever its tag. */
  any(field: string): DerElement {
    const member = this.members[this.index];
    if (member === undefined) fail(`${this.what}: ${field} is missing`, this.parent);
    this.index += 1;
    return member;
  }

  /** The next member; it must have the tag. */
  take(tag: number, field: string): DerElement {
    return expectTag(this.any(field), tag, `${this.what}.${field}`);
  }

  /** The next member if it has the tag (one of the tags), else `undefined`. */
  optional(...tags: readonly number[]): DerElement | undefined {
    const member = this.members[this.index];
    if (member === undefined || !tags.includes(member.tag)) return undefined;
    this.index += 1;
    return member;
  }

  /** Fails when members are left over. */
  end(): void {
    const member = this.members[this.index];
    if (member !== undefined) fail(`${this.what}: unexpected member`, member);
  }
}

/** INTEGER content in its shortest two's complement form, as bytes. */
export function integerBytes(element: DerElement, tag: number = TAG.INTEGER): Uint8Array {
  const bytes = expectTag(element, tag, 'INTEGER').content;
  const [first, second] = bytes;
  if (first === undefined) fail('INTEGER is empty', element);
  if (second !== undefined) {
    const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
    if (padded) fail('INTEGER is not in its shortest form', element);
  }
  return bytes;
}

/** INTEGER between 0 and 2^31-1. */
export function readSmallInteger(element: DerElement, tag: number = TAG.INTEGER): number {
  const bytes = integerBytes(element, tag);
  if (bytes.length > 4 || (bytes[0] ?? 0) >= 0x80) fail('INTEGER out of range', element);
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** BOOLEAN, `00` or `FF` only. */
export function readBoolean(element: DerElement, tag: number = TAG.BOOLEAN): boolean {
  const bytes = expectTag(element, tag, 'BOOLEAN').content;
  if (bytes.length !== 1 || (bytes[0] !== 0 && bytes[0] !== 0xff)) fail('bad BOOLEAN', element);
  return bytes[0] === 0xff;
}

/** OCTET STRING content; in BER a constructed one is joined. */
export function readOctets(element: DerElement, tag: number = TAG.OCTET_STRING): Uint8Array {
  if (element.tag === tag) return element.content;
  if (element.rules !== 'BER' || element.tag !== (tag | 0x20)) fail('not an OCTET STRING', element);
  return Buffer.concat(element.children().map((part) => readOctets(part)));
}

/** BIT STRING content with the number of unused bits of the last byte. */
export function readBitString(
  element: DerElement,
  tag: number = TAG.BIT_STRING,
): { readonly unusedBits: number; readonly bytes: Uint8Array } {
  const content = expectTag(element, tag, 'BIT STRING').content;
  const unusedBits = content[0];
  if (unusedBits === undefined || unusedBits > 7) fail('bad BIT STRING', element);
  const bytes = content.subarray(1);
  const last = bytes.at(-1);
  if (last === undefined ? unusedBits !== 0 : (last & ((1 << unusedBits) - 1)) !== 0) {
    fail('unused bits of the BIT STRING are set', element);
  }
  return { unusedBits, bytes };
}

/** BIT STRING of whole bytes: keys and signatures. */
export function readBitStringBytes(element: DerElement): Uint8Array {
  const { unusedBits, bytes } = readBitString(element);
  if (unusedBits !== 0) fail('BIT STRING does not hold whole bytes', element);
  return bytes;
}

/** Named bits: the set of bit numbers that are 1. */
export function readNamedBits(
  element: DerElement,
  tag: number = TAG.BIT_STRING,
): ReadonlySet<number> {
  const { bytes } = readBitString(element, tag);
  if (bytes.length > 8) fail('too many named bits', element);
  const bits = new Set<number>();
  bytes.forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit += 1) if (byte & (0x80 >> bit)) bits.add(index * 8 + bit);
  });
  return bits;
}

const knownOids = new Map<string, string>();
const MAX_KNOWN_OIDS = 2_000;

/** OBJECT IDENTIFIER as dotted decimal text. */
export function readOid(element: DerElement, tag: number = TAG.OID): string {
  const bytes = expectTag(element, tag, 'OBJECT IDENTIFIER').content;
  if (bytes.length === 0 || bytes.length > 128) fail('bad OBJECT IDENTIFIER', element);
  let key = '';
  for (const byte of bytes) key += String.fromCharCode(byte);
  const known = knownOids.get(key);
  if (known !== undefined) return known;
  const text = decodeOid(bytes, element);
  if (knownOids.size < MAX_KNOWN_OIDS) knownOids.set(key, text);
  return text;
}

function decodeOid(bytes: Uint8Array, element: DerElement): string {
  const arcs: bigint[] = [];
  let value = 0n;
  let isStart = true;
  let length = 0;
  for (const byte of bytes) {
    if (isStart && byte === 0x80) fail('OBJECT IDENTIFIER is not in its shortest form', element);
    length = isStart ? 1 : length + 1;
    if (length > 20) fail('OBJECT IDENTIFIER arc is too long', element);
    value = (value << 7n) | BigInt(byte & 0x7f);
    isStart = byte < 0x80;
    if (isStart) {
      arcs.push(value);
      value = 0n;
    }
  }
  if (!isStart) fail('OBJECT IDENTIFIER is cut off', element);
  const first = arcs[0] ?? 0n;
  const top = first < 40n ? 0n : first < 80n ? 1n : 2n;
  return [top, first - top * 40n, ...arcs.slice(1)].join('.');
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6}))?Z$/;

/**
 * UTCTime or GeneralizedTime in the form RFC 5280 §4.1.2.5 asks for: seconds present, Zulu.
 * A two-digit year of 50 or more is of the 20th century.
 */
export function readTime(element: DerElement, tag: number = element.tag): Date {
  const text = Buffer.from(element.content).toString('latin1');
  const isUtcTime = tag === TAG.UTC_TIME;
  if (!isUtcTime && tag !== TAG.GENERALIZED_TIME) fail('not a time', element);
  const match = (isUtcTime ? UTC_TIME : GENERALIZED_TIME).exec(text);
  if (match === null) fail('time is not in Zulu form with seconds', element);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(Number);
  const fullYear = isUtcTime ? year + (year < 50 ? 2000 : 1900) : year;
  const milliseconds = Number(`0.${match[7] ?? '0'}`) * 1000;
  const date = new Date(0);
  date.setUTCFullYear(fullYear, month - 1, day);
  date.setUTCHours(hour, minute, second, Math.floor(milliseconds));
  const same =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!same) fail('no such time', element);
  return date;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of any ASN.1 string type that names use; `undefined` for other types. */
export function readText(element: DerElement): string | undefined {
  const content = element.content;
  switch (element.tag) {
    case TAG.UTF8_STRING:
      try {
        return utf8.decode(content);
      } catch {
        return fail('UTF8String is not UTF-8', element);
      }
    case TAG.PRINTABLE_STRING:
    case TAG.NUMERIC_STRING:
    case TAG.IA5_STRING:
    case TAG.VISIBLE_STRING:
    case TAG.T61_STRING:
      return Buffer.from(content).toString('latin1');
    case TAG.BMP_STRING:
      if (content.length % 2 !== 0) fail('BMPString of odd length', element);
      return Buffer.from(content).swap16().toString('utf16le');
    case TAG.UNIVERSAL_STRING:
      return readUniversalString(element);
    default:
      return undefined;
  }
}

function readUniversalString(element: DerElement): string {
  const bytes = Buffer.from(element.content);
  if (bytes.length % 4 !== 0) fail('UniversalString of wrong length', element);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const point = bytes.readUInt32BE(at);
    if (point > 0x10ffff) fail('no such code point', element);
    text += String.fromCodePoint(point);
  }
  return text;
}

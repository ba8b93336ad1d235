import { SignerError } from '../errors.ts';
import { TAG, contextConstructed, contextPrimitive } from './tags.ts';

function lengthBytesOf(length: number): number {
  if (length < 0x80) return 0;
  return length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4;
}

/** Identifier and length alone, for content too large to be copied once more. */
export function encodeHeader(tag: number, length: number): Uint8Array {
  const lengthBytes = lengthBytesOf(length);
  const out = Buffer.alloc(2 + lengthBytes);
  out[0] = tag;
  out[1] = lengthBytes === 0 ? length : 0x80 | lengthBytes;
  if (lengthBytes > 0) out.writeUIntBE(length, 2, lengthBytes);
  return out;
}

/**
 * Identifier, definite length in its shortest form, and the parts as content. The result may share its
 * memory with others, as a `Buffer` does: a signature is made of some twenty, each a block of its own
 * otherwise, which costs ten times as much as its bytes.
 */
export function encodeTlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const lengthBytes = lengthBytesOf(length);
  const size = 2 + lengthBytes + length;
  const { buffer, byteOffset } = Buffer.allocUnsafe(size);
  const out = new Uint8Array(buffer, byteOffset, size);
  out[0] = tag;
  out[1] = lengthBytes === 0 ? length : 0x80 | lengthBytes;
  for (let i = 0; i < lengthBytes; i += 1) out[2 + i] = length >>> (8 * (lengthBytes - 1 - i));
  let at = 2 + lengthBytes;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** SEQUENCE of parts that are encoded already. */
export function encodeSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encodeTlv(TAG.SEQUENCE, ...parts);
}

/** SET OF in the order DER asks for (X.690 §11.6); `tag` for an implicitly tagged one. */
export function encodeSetOf(parts: readonly Uint8Array[], tag: number = TAG.SET): Uint8Array {
  return encodeTlv(tag, ...[...parts].sort((a, b) => Buffer.compare(a, b)));
}

/** INTEGER of a number, or of a non-negative number given as big-endian bytes. */
export function encodeInteger(
  value: number | bigint | Uint8Array,
  tag: number = TAG.INTEGER,
): Uint8Array {
  let bytes: Uint8Array;
  if (value instanceof Uint8Array) {
    let from = 0;
    while (from < value.length - 1 && value[from] === 0) from += 1;
    bytes = value.length === 0 ? Uint8Array.of(0) : value.subarray(from);
  } else {
    if (value < 0) throw new SignerError('SIGNER_INPUT_INVALID', `negative INTEGER ${value}`);
    const hex = value.toString(16);
    bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  }
  return (bytes[0] ?? 0) >= 0x80 ? encodeTlv(tag, Uint8Array.of(0), bytes) : encodeTlv(tag, bytes);
}

const encodedOids = new Map<string, Uint8Array>();

/** OBJECT IDENTIFIER from dotted decimal text. */
export function encodeOid(oid: string): Uint8Array {
  const known = encodedOids.get(oid);
  if (known !== undefined) return known;
  if (!/^[012](\.(0|[1-9]\d*))+$/.test(oid)) {
    throw new SignerError('SIGNER_INPUT_INVALID', `'${oid}' is not an object identifier`);
  }
  const [top = 0n, second = 0n, ...rest] = oid.split('.').map(BigInt);
  const bytes: number[] = [];
  for (const arc of [top * 40n + second, ...rest]) {
    const groups = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80);
    bytes.push(...groups);
  }
  const encoded = encodeTlv(TAG.OID, Uint8Array.from(bytes));
  if (encodedOids.size < 1_000) encodedOids.set(oid, encoded);
  return encoded;
}

export function encodeOctetString(bytes: Uint8Array): Uint8Array {
  return encodeTlv(TAG.OCTET_STRING, bytes);
}

/** BIT STRING of whole bytes. */
export function encodeBitString(bytes: Uint8Array): Uint8Array {
  return encodeTlv(TAG.BIT_STRING, Uint8Array.of(0), bytes);
}

/** BIT STRING of named bits: trailing zero bits are left out (X.690 §11.2.2). */
export function encodeNamedBits(bits: readonly number[], tag: number = TAG.BIT_STRING): Uint8Array {
  if (bits.length === 0) return encodeTlv(tag, Uint8Array.of(0));
  const last = Math.max(...bits);
  const bytes = new Uint8Array((last >> 3) + 1);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return encodeTlv(tag, Uint8Array.of(7 - (last & 7)), bytes);
}

export function encodeBoolean(value: boolean, tag: number = TAG.BOOLEAN): Uint8Array {
  return encodeTlv(tag, Uint8Array.of(value ? 0xff : 0));
}

export function encodeNull(): Uint8Array {
  return encodeTlv(TAG.NULL);
}

/** UTF8String; the text is brought to NFC first. */
export function encodeUtf8String(text: string): Uint8Array {
  return encodeTlv(TAG.UTF8_STRING, Buffer.from(text.normalize('NFC'), 'utf8'));
}

/** A string type of ASCII characters: PrintableString, IA5String. */
export function encodeAsciiString(text: string, tag: number): Uint8Array {
  return encodeTlv(tag, Buffer.from(text, 'latin1'));
}

/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5); whole seconds. */
export function encodeTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  if (year >= 1950 && year < 2050) {
    return encodeAsciiString(compactTime(date).slice(2), TAG.UTC_TIME);
  }
  return encodeGeneralizedTime(date);
}

/** GeneralizedTime in whole seconds, Zulu. */
export function encodeGeneralizedTime(date: Date, tag: number = TAG.GENERALIZED_TIME): Uint8Array {
  return encodeAsciiString(compactTime(date), tag);
}

function compactTime(date: Date): string {
  if (!(date.getTime() >= Date.UTC(0, 0) && date.getUTCFullYear() <= 9999)) {
    throw new SignerError('SIGNER_INPUT_INVALID', `time ${String(date)} cannot be encoded`);
  }
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}

/** `[number] EXPLICIT`. */
export function encodeExplicit(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return encodeTlv(contextConstructed(number), ...parts);
}

/** `[number] IMPLICIT` of a primitive type, from its content octets. */
export function encodeImplicit(number: number, content: Uint8Array): Uint8Array {
  return encodeTlv(contextPrimitive(number), content);
}

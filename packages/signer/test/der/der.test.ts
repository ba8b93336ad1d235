import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  MAX_DER_DEPTH,
  TAG,
  encodeBitString,
  encodeInteger,
  encodeNamedBits,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTime,
  encodeTlv,
  encodeUtf8String,
  readBitString,
  readBoolean,
  readDer,
  readNamedBits,
  readOctets,
  readOid,
  readSmallInteger,
  readText,
  readTime,
} from '../../src/der/index.ts';
import { MAX_BER_SCAN } from '../../src/der/reader.ts';
import { SignerError } from '../../src/index.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Named so that the linter sees the assertion. */
const expectRefusal = (work: () => unknown): void =>
  expect(codeOf(work)).toBe('SIGNER_DER_INVALID');
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof SignerError ? error.code : `foreign: ${String(error)}`;
  }
  return 'no error';
};

describe('reading', () => {
  it('refuses lengths that are not DER, but reads them as BER', () => {
    for (const text of ['0481 01 00', '0482 0001 00', '0484 00000001 00']) {
      expectRefusal(() => readDer(hex(text)));
      expect(toHex(readDer(hex(text), { rules: 'BER' }).content)).toBe('00');
    }
    expectRefusal(() => readDer(hex('3080 0500 0000')));
    const element = readDer(hex('3080 0500 0000'), { rules: 'BER' });
    expect(element.children().map(({ tag }) => tag)).toEqual([TAG.NULL]);
    expect(element.end).toBe(6);
  });

  it('refuses what is cut off, too long, or followed by more', () => {
    expect.hasAssertions();
    for (const text of [
      '',
      '30',
      '3001',
      '0405 00',
      '0500 00',
      '0484 ffffffff',
      '0485 0000000001 00',
    ]) {
      expectRefusal(() => readDer(hex(text)));
    }
    for (const text of [
      '3080',
      '3080 00',
      '3080 0500',
      '3080 0500 00',
      '0480 0000',
      '0489 000000000000000001 00',
    ]) {
      expectRefusal(() => readDer(hex(text), { rules: 'BER' }));
    }
    expectRefusal(() => readDer(new Uint8Array(101), { maxBytes: 100 }));
    expectRefusal(() => readDer(hex('3003 0402 00')).children());
    expectRefusal(() => readDer(hex('3002 0401')).children());
  });

  it('refuses high tag numbers and end-of-contents as a value', () => {
    expect.hasAssertions();
    expectRefusal(() => readDer(hex('1f8101 00')));
    expectRefusal(() => readDer(hex('0000')));
  });

  it('refuses members of a primitive value and too many of a constructed one', () => {
    expect.hasAssertions();
    expectRefusal(() => readDer(hex('0402 0500')).children());
    expectRefusal(() =>
      readDer(encodeSequence(...Array.from({ length: 8_193 }, () => hex('0500')))).children(),
    );
  });

  it('stops at a depth, in both rules', () => {
    const nest = (wrap: (inner: Uint8Array) => Uint8Array, count: number): Uint8Array =>
      Array.from({ length: count }).reduce<Uint8Array>((inner) => wrap(inner), hex('0500'));
    const walk = (bytes: Uint8Array, rules: 'DER' | 'BER'): number => {
      let depth = 0;
      for (let element = readDer(bytes, { rules }); ; depth += 1) {
        const [child] = element.isConstructed ? element.children() : [];
        if (child === undefined) return depth;
        element = child;
      }
    };
    const definite = (inner: Uint8Array) => encodeSequence(inner);
    const indefinite = (inner: Uint8Array) => Buffer.concat([hex('3080'), inner, hex('0000')]);
    expect(walk(nest(definite, MAX_DER_DEPTH), 'DER')).toBe(MAX_DER_DEPTH);
    expectRefusal(() => walk(nest(definite, MAX_DER_DEPTH + 1), 'DER'));
    expectRefusal(() => walk(nest(indefinite, MAX_DER_DEPTH + 1), 'BER'));
    expectRefusal(() => readDer(nest(indefinite, 20_000), { rules: 'BER' }));
  });

  it('looks for the end of an indefinite length only so far, nested values included', () => {
    const wrap = (...parts: readonly Uint8Array[]) =>
      Buffer.concat([hex('3080'), ...parts, hex('0000')]);
    const nulls = (count: number) => Buffer.alloc(count * 2, hex('0500'));
    const read = (bytes: Uint8Array) => readDer(bytes, { rules: 'BER' });
    expect(read(wrap(nulls(MAX_BER_SCAN))).end).toBe(MAX_BER_SCAN * 2 + 4);
    expectRefusal(() => read(wrap(nulls(MAX_BER_SCAN + 1))));
    const half = wrap(nulls(MAX_BER_SCAN / 2));
    expectRefusal(() => read(wrap(half, half)));
    // What has a definite length is passed over as a whole.
    expect(read(wrap(encodeSequence(nulls(MAX_BER_SCAN + 1)))).isConstructed).toBe(true);
  });

  it('reads values in their one DER form only', () => {
    expect(readSmallInteger(readDer(hex('0202 0080')))).toBe(128);
    for (const text of ['0200', '0202 0001', '0202 ff80', '0201 ff', '0205 0100000000']) {
      expectRefusal(() => readSmallInteger(readDer(hex(text))));
    }
    expect(readBoolean(readDer(hex('0101 ff')))).toBe(true);
    for (const text of ['0101 01', '0100', '0102 ffff'])
      expectRefusal(() => readBoolean(readDer(hex(text))));
    for (const text of ['0300', '0301 08', '0302 0880', '0301 01', '0302 0101']) {
      expectRefusal(() => readBitString(readDer(hex(text))));
    }
    for (const text of [
      '0600',
      '0602 8001',
      '0601 80',
      '0602 2a80',
      `0616 2a${'ff'.repeat(20)}01`,
    ]) {
      expectRefusal(() => readOid(readDer(hex(text))));
    }
    expect(readOid(readDer(hex('0603 883703')))).toBe('2.999.3');
  });

  it('joins constructed octet strings in BER only', () => {
    const split = hex('2408 0402 0102 0402 0304');
    expect(toHex(readOctets(readDer(split, { rules: 'BER' })))).toBe('01020304');
    expectRefusal(() => readOctets(readDer(split)));
  });

  it('reads times in the form of RFC 5280 only', () => {
    const time = (tag: number, text: string) =>
      readTime(readDer(encodeTlv(tag, Buffer.from(text))));
    expect(time(TAG.UTC_TIME, '500101000000Z').toISOString()).toBe('1950-01-01T00:00:00.000Z');
    expect(time(TAG.UTC_TIME, '491231235959Z').toISOString()).toBe('2049-12-31T23:59:59.000Z');
    expect(time(TAG.GENERALIZED_TIME, '20500101000000Z').getUTCFullYear()).toBe(2050);
    expect(time(TAG.GENERALIZED_TIME, '00010101000000Z').getUTCFullYear()).toBe(1);
    for (const text of [
      '5001010000Z',
      '500101000000',
      '500101000000+0700',
      '501301000000Z',
      '500230000000Z',
      '500101240000Z',
      '500101006000Z',
    ]) {
      expectRefusal(() => time(TAG.UTC_TIME, text));
    }
  });

  it('reads names in every string type, and refuses broken UTF-8', () => {
    const text = (bytes: string) => readText(readDer(hex(bytes)));
    expect(text('0c05 e1bbb64142')).toBe('ỶAB');
    expect(text('1e04 1ef60041')).toBe('ỶA');
    expect(text('1c08 00001ef600000041')).toBe('ỶA');
    expect(text('1402 e941')).toBe('éA');
    expect(text('0401 00')).toBeUndefined();
    for (const bad of ['0c02 c080', '0c01 ff', '0c03 eda080', '1e01 00', '1c04 00110000']) {
      expectRefusal(() => text(bad));
    }
  });
});

describe('writing', () => {
  it('takes the shortest forms', () => {
    expect(toHex(encodeInteger(0))).toBe('020100');
    expect(toHex(encodeInteger(128))).toBe('02020080');
    expect(toHex(encodeInteger(hex('000001')))).toBe('020101');
    expect(toHex(encodeNamedBits([0]))).toBe('03020780');
    expect(toHex(encodeNamedBits([5, 6]))).toBe('03020106');
    expect(toHex(encodeNamedBits([]))).toBe('030100');
    expect(toHex(encodeTlv(4, new Uint8Array(128))).slice(0, 6)).toBe('048180');
    expect(toHex(encodeTlv(4, new Uint8Array(65_536))).slice(0, 10)).toBe('0483010000');
    expect(toHex(encodeOid('2.999.3'))).toBe('0603883703');
  });

  it('sorts a SET OF', () => {
    const parts = [encodeInteger(3), encodeInteger(1), encodeOid('1.2'), encodeInteger(2)];
    expect(toHex(encodeSetOf(parts))).toBe('310c02010102010202010306012a');
  });

  it('switches from UTCTime to GeneralizedTime in 2050', () => {
    expect(encodeTime(new Date('2049-12-31T23:59:59Z'))[0]).toBe(TAG.UTC_TIME);
    expect(encodeTime(new Date('2050-01-01T00:00:00Z'))[0]).toBe(TAG.GENERALIZED_TIME);
  });

  it('brings text to NFC', () => {
    const [nfc, nfd] = ['NFC', 'NFD'].map((form) =>
      encodeUtf8String('Đặng Thị Hường'.normalize(form)),
    );
    expect(nfd).toEqual(nfc);
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 160n }),
        fc.uint8Array({ maxLength: 300 }),
        (n, bytes) => {
          const integer = readDer(encodeInteger(n));
          expect(BigInt(`0x${toHex(integer.content)}`)).toBe(n);
          expect(toHex(readBitString(readDer(encodeBitString(bytes))).bytes)).toBe(toHex(bytes));
        },
      ),
    );
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 63 })), (bits) => {
        const read = readNamedBits(readDer(encodeNamedBits(bits)));
        expect(read).toEqual(new Set(bits));
      }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 39 }),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n })),
        (second, arcs) => {
          const oid = ['1', second, ...arcs.slice(0, 8)].join('.');
          expect(readOid(readDer(encodeOid(oid)))).toBe(oid);
        },
      ),
    );
  });

  it('refuses what cannot be encoded', () => {
    for (const work of [
      () => encodeOid('3.1'),
      () => encodeOid('1'),
      () => encodeInteger(-1),
      () => encodeTime(new Date(Number.NaN)),
    ]) {
      expect(work).toThrow(SignerError);
    }
  });
});

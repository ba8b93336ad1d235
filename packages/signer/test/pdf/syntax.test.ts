import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Lexer } from '../../src/pdf/lexer.ts';
import { serializeValue } from '../../src/pdf/serialize.ts';
import { decodeDate, decodeTextString, encodeDate, encodeTextString } from '../../src/pdf/text.ts';
import {
  PdfDict,
  PdfName,
  PdfRef,
  PdfString,
  type PdfValue,
  valuesEqual,
} from '../../src/pdf/values.ts';

function parse(text: string): PdfValue {
  const bytes = Buffer.from(text, 'latin1');
  const lexer = new Lexer(bytes, 0, bytes.length, 64);
  const value = lexer.parseValue();
  lexer.skipWhite();
  expect(lexer.pos).toBe(bytes.length);
  return value;
}

const text = (value: PdfValue): string =>
  value instanceof PdfString ? Buffer.from(value.bytes).toString('latin1') : 'no string';

describe('the lexer', () => {
  it.each([
    ['12', 12],
    ['+17', 17],
    ['-.5', -0.5],
    ['4.', 4],
    ['0.0001', 0.0001],
    ['true', true],
    ['null', null],
    ['% a comment\r12', 12],
  ])('reads %j', (source, value) => {
    expect(parse(source)).toBe(value);
  });

  it.each([
    ['(a\\(b\\)c)', 'a(b)c'],
    ['(a(b(c))d)', 'a(b(c))d'],
    ['(a\\\nb\\\r\nc)', 'abc'],
    ['(a\r\nb\rc)', 'a\nb\nc'],
    ['(\\101\\7\\0534\\n\\q)', 'A\x07+4\nq'],
    ['<48 65 6C\n6c6F2>', 'Hello '],
    ['<>', ''],
    ['()', ''],
  ])('reads the string %j', (source, value) => {
    expect(text(parse(source))).toBe(value);
  });

  it('reads names, references and nested values, and remembers where strings stand', () => {
    const value = parse('<</A#20B/C/D[1 2 R 3 4 R(x)]/E<</F<0a>>>>>');
    expect(value).toBeInstanceOf(PdfDict);
    const dict = value instanceof PdfDict ? value : new PdfDict(new Map());
    expect([...dict.entries.keys()]).toEqual(['A B', 'D', 'E']);
    expect(valuesEqual(dict.get('D'), [new PdfRef(1, 2), new PdfRef(3, 4), parse('(x)')])).toBe(
      true,
    );
    const inner = dict.get('E');
    expect(inner instanceof PdfDict ? inner.get('F') : undefined).toMatchObject({
      start: 34,
      end: 38,
      isHex: true,
    });
  });

  it('notices keys that stand twice', () => {
    expect(parse('<< /A 1 /A 2 >>')).toMatchObject({ hasDuplicateKeys: true });
    expect(parse('<< /A 1 /#41 2 >>')).toMatchObject({ hasDuplicateKeys: true });
  });

  it.each([
    '',
    '[1 2',
    '<< /A',
    '<< /A >>',
    '<< 1 2 >>',
    '(a',
    '(a\\',
    '<4',
    '<4x>',
    '/A#4',
    '--1',
    '1.2.3',
    'R',
    ']',
    '>>',
    '{',
    'truex',
  ])('refuses %j', (source) => {
    expect(() => parse(source)).toThrow(expect.objectContaining({ code: 'SIGNER_PDF_BROKEN' }));
  });
});

const { value: anyValue } = fc.letrec<{ value: PdfValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<PdfValue>(null, true, false),
    fc.integer(),
    fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((n) => Number(n.toFixed(6)) + 0),
    fc.string({ unit: 'binary-ascii' }).map((name) => new PdfName(name)),
    fc
      .tuple(fc.uint8Array(), fc.boolean())
      .map(([bytes, isHex]) => new PdfString(bytes, isHex, 0, 0)),
    fc.tuple(fc.nat(99), fc.nat(9)).map(([number, generation]) => new PdfRef(number, generation)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .dictionary(fc.string({ unit: 'binary-ascii' }), tie('value'), { maxKeys: 4 })
      .map((entries) => new PdfDict(new Map(Object.entries(entries)))),
  ),
}));

describe('serializeValue', () => {
  it('writes what the lexer reads back', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(valuesEqual(parse(`${serializeValue(value)} `), value)).toBe(true);
      }),
    );
  });
});

describe('text strings and dates', () => {
  it('keep every text in composed form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (source) => {
        const written = parse(serializeValue(encodeTextString(source)));
        expect(decodeTextString(written)).toBe(source.normalize('NFC').toWellFormed());
      }),
    );
  });

  it('read what other programs write', () => {
    expect(decodeTextString(parse('(na\\357ve \\200\\240)'))).toBe('naïve •€');
    expect(decodeTextString(parse('<efbbbf c490>'))).toBe('Đ');
    expect(decodeTextString(parse('/Name'))).toBeUndefined();
    const at = (source: string): string | undefined =>
      decodeDate(parse(`(${source})`))?.toISOString();
    expect(at("D:20261122093005+07'00'")).toBe('2026-11-22T02:30:05.000Z');
    expect(at('D:20261122093005+07')).toBe('2026-11-22T02:30:05.000Z');
    expect(at("D:20261122093005-01'30'")).toBe('2026-11-22T11:00:05.000Z');
    expect(at('D:20261122093005Z')).toBe('2026-11-22T09:30:05.000Z');
    expect(at('D:2026')).toBe('2026-01-01T00:00:00.000Z');
    expect(at('yesterday')).toBeUndefined();
  });

  it('write times to the second', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('9000-01-01'), noInvalidDate: true }),
        (at) => {
          const seconds = Math.floor(at.getTime() / 1000) * 1000;
          expect(decodeDate(encodeTextString(encodeDate(at)))?.getTime()).toBe(seconds);
        },
      ),
    );
  });
});

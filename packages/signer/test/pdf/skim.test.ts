import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Lexer } from '../../src/pdf/lexer.ts';
import { openPdf } from '../../src/pdf/document.ts';
import { FACT, factsOf } from '../../src/pdf/facts.ts';
import { Skimmer } from '../../src/pdf/skim.ts';
import { surveyDocument } from '../../src/pdf/survey.ts';
import { PdfDict, PdfRef, type PdfValue, isPdfArray } from '../../src/pdf/values.ts';
import { allSources, plainPdf, writePdf } from '../pades/sources.ts';

const MAX_DEPTH = 8;

/** What both readers say about the same bytes; undefined where the skimmer leaves it to the lexer. */
function compare(bytes: Uint8Array): { skimmed: unknown; read: unknown } | undefined {
  const skimmer = new Skimmer(bytes, bytes.length, MAX_DEPTH);
  if (!skimmer.value(0)) return undefined;
  const lexer = new Lexer(bytes, 0, bytes.length, MAX_DEPTH);
  const value = lexer.parseValue();
  // The lexer forgets the first of two values of one key; the skimmer counts what both refer to.
  if (repeatsKey(value)) return undefined;
  const { flags, ...skimmed } = skimmer.result();
  const { flags: readFlags, ...read } = factsOf(value, lexer.pos);
  // Whether a stream follows is not known here.
  const known = ~FACT.EXTERNAL;
  return {
    skimmed: { ...skimmed, flags: flags & known },
    read: { ...read, flags: readFlags & known },
  };
}

function repeatsKey(value: PdfValue): boolean {
  if (isPdfArray(value)) return value.some(repeatsKey);
  if (!(value instanceof PdfDict)) return false;
  return value.hasDuplicateKeys || [...value.entries.values()].some(repeatsKey);
}

const NAMES = `Type Page XRef Kids Annots Length F AA S JavaScript GoTo Launch A B Contents T#79pe P#61ge Java#53cript A#4 #41A Text#20body `;
const name = fc.constantFrom(...NAMES.split(' '));
const white = fc.constantFrom(' ', '\n', '\r\n', '\t', '', ' % note\n');
const { value } = fc.letrec<{ value: string; array: string; dict: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '1', '-2.5', '+.5', '12.', '0', '7 0 R', '12 3 R'),
    fc.constantFrom('<48 65>', '<4865>', '()', '(a(b)\\)c)', '1234567890123456', '3  0\nR', '9 R'),
    name.map((text) => `/${text}`),
    tie('array'),
    tie('dict'),
  ),
  array: fc
    .array(fc.tuple(tie('value'), white), { maxLength: 5 })
    .map((items) => `[${items.map(([item, gap]) => `${item} ${gap}`).join('')}]`),
  dict: fc
    .array(fc.tuple(name, white, tie('value')), { maxLength: 6 })
    .map((entries) => `<<${entries.map(([key, gap, item]) => `/${key}${gap} ${item}`).join('')}>>`),
}));

describe('Skimmer', () => {
  it('sees in every value what the lexer sees, or leaves it to the lexer', () => {
    let skimmedCount = 0;
    fc.assert(
      fc.property(value, white, (text, after) => {
        const result = compare(Buffer.from(text + after, 'latin1'));
        if (result === undefined) return;
        skimmedCount++;
        expect(result.skimmed).toEqual(result.read);
      }),
      { numRuns: 2_000 },
    );
    expect(skimmedCount).toBeGreaterThan(500);
  });

  it('accepts nothing that the lexer refuses, when bytes are changed', () => {
    const bytes = fc.constantFrom(...'<>[]()/%#\\ \n0R1.+-eft\0\x80'.split(''));
    fc.assert(
      fc.property(value, bytes, fc.nat(), fc.boolean(), (text, byte, place, isAdded) => {
        const at = place % (text.length + 1);
        const changed = text.slice(0, at) + byte + text.slice(isAdded ? at : at + 1);
        const result = compare(Buffer.from(changed, 'latin1'));
        expect(result?.skimmed).toEqual(result?.read);
      }),
      { numRuns: 5_000 },
    );
  });

  it('stops at the nesting limit', () => {
    const deep = Buffer.from('['.repeat(MAX_DEPTH + 2) + ']'.repeat(MAX_DEPTH + 2));
    expect(new Skimmer(deep, deep.length, MAX_DEPTH).value(0)).toBe(false);
    expect(new Skimmer(deep, deep.length, MAX_DEPTH + 2).value(0)).toBe(true);
  });

  it('leaves a key that stands twice to the lexer', () => {
    const twice = Buffer.from('<< /Contents 4 0 R /Contents 5 0 R >>');
    expect(new Skimmer(twice, twice.length, MAX_DEPTH).value(0)).toBe(false);
  });
});

describe('Skimmer, for a stream', () => {
  it('takes only a number or a reference as its length', () => {
    const lengthOf = (text: string): unknown => {
      const bytes = Buffer.from(`<< /Length ${text} >>`);
      const skimmer = new Skimmer(bytes, bytes.length, MAX_DEPTH);
      expect(skimmer.value(0)).toBe(true);
      return skimmer.length;
    };
    expect(lengthOf('5')).toBe(5);
    expect(lengthOf('7 0 R')).toEqual(new PdfRef(7, 0));
    for (const text of ['[5]', '<< /A 5 >>', '[7 0 R]', '/Five', '(5)', '5.0', '-5']) {
      expect(lengthOf(text)).toBeUndefined();
    }
  });
});

describe('surveyDocument', () => {
  it('gives the same whether objects were read before or not', async () => {
    for (const [source, pdf] of await allSources()) {
      const fresh = surveyDocument(openPdf(pdf));
      const read = openPdf(pdf);
      for (const { runs, hidden } of read.sections) {
        for (const { first, count } of [...runs, ...(hidden?.runs ?? [])]) {
          for (let number = first; number < first + count; number++) read.get(number);
        }
      }
      const known = surveyDocument(read);
      const facts = (survey: typeof known): unknown => ({
        counts: Array.from({ length: 50 }, (_, number) => survey.counts.get(number)),
        arrays: survey.annotationArrays,
        unreadable: survey.unreadable,
        pages: survey.pages,
        notable: survey.notable,
      });
      expect({ source, facts: facts(fresh) }).toEqual({ source, facts: facts(known) });
      expect(fresh.pages.size).toBeGreaterThan(0);
    }
  });

  it('names the objects that cannot be read', () => {
    const text = Buffer.from(plainPdf()).toString('latin1');
    for (const [from, to] of [
      ['5 0 obj', '6 0 obj'],
      ['/BaseFont /Helvetica >>', '/BaseFont /Helvetica >)'],
      ['stream\nBT', 'strean\nBT'],
    ] as const) {
      const survey = surveyDocument(openPdf(Buffer.from(text.replace(from, to), 'latin1')));
      expect(survey.unreadable).toHaveLength(1);
    }
  });

  it('counts references to numbers that no object has', () => {
    const pdf = writePdf({
      1: '<< /Type /Catalog /Pages 2 0 R /X [900 0 R 900 0 R] >>',
      2: '<< >>',
    });
    const { counts } = surveyDocument(openPdf(pdf));
    expect(counts.get(900)).toBe(2);
    expect(counts.has(3)).toBe(false);
  });
});

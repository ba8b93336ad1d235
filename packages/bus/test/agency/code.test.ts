import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  BusError,
  codeToToken,
  convertOldAgencyCode,
  isAgencyCode,
  isSite,
  isTier,
  levelOfCode,
  parseAgencyCode,
  parseSite,
  suggestAgencyCode,
  tokenToCode,
} from '../../src/index.ts';
import { arbitraryCode } from '../arbitrary.ts';

function faultOf(text: string): string {
  try {
    parseAgencyCode(text);
  } catch (error) {
    if (error instanceof BusError && error.code === 'BUS_AGENCY_CODE_INVALID') return error.message;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('parseAgencyCode', () => {
  it.each([
    ['H09', 'H09'],
    ['  h09.12\t', 'H09.12'],
    ['H37.DN.001', 'H37.DN.001'],
    ['vxp.saas.03', 'VXP.SAAS.03'],
    ['H09.12.034.5', 'H09.12.034.5'],
    ['0102030405', '0102030405'],
  ])('reads %j as %s', (text, expected) => {
    expect(parseAgencyCode(text)).toBe(expected);
  });

  it.each([
    ['', 'it is empty'],
    ['   ', 'it is empty'],
    ['H09..12', 'group 2 of 3 is empty'],
    ['.H09', 'group 1 of 2 is empty'],
    ['H09.', 'group 2 of 2 is empty'],
    ['H09.*', '"*" (U+002A) at position 5'],
    ['H09.>', '">" (U+003E) at position 5'],
    ['H09-12', '"-" (U+002D) at position 4'],
    ['H09 12', 'white space (U+0020) at position 4'],
    ['H09\n.12', 'white space (U+000A) at position 4'],
    ['H09\u0000', 'invisible character (U+0000) at position 4'],
    ['H\u200b09', 'invisible character (U+200B) at position 2'],
    ['Đ09', '"Đ" (U+0110) at position 1, letters carry no diacritics'],
    ['A\u0301B', '"Á" (U+00C1) at position 1, letters carry no diacritics'],
    ['ı09', '"ı" (U+0131) at position 1'],
    ['H0٩', '"٩" (U+0669) at position 3'],
    ['A.B.C.D.E', '5 levels, at most 4'],
    ['H'.repeat(36), '36 characters, at most 35'],
    ['000.00.12.h09', 'old 13-character form'],
  ])('refuses %j and says why', (text, fault) => {
    expect(faultOf(text)).toContain(fault);
  });

  it('shows hostile text escaped and cut', () => {
    const message = faultOf(`\u001b[31m${'x'.repeat(10_000)}`);
    expect(message).not.toContain('\u001b');
    expect(message.length).toBeLessThan(250);
  });

  it('never lets a character through that a subject or permission gives meaning to', () => {
    const parseOrEmpty = (text: string): string => {
      try {
        return parseAgencyCode(text);
      } catch (error) {
        if (error instanceof BusError) return '';
        throw error;
      }
    };
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), arbitraryCode);
    fc.assert(
      fc.property(texts, (text) => {
        const code = parseOrEmpty(text);
        expect(code).toMatch(/^[0-9A-Z.]*$/);
        expect(isAgencyCode(code)).toBe(code !== '');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('codeToToken', () => {
  it('turns dots into hyphens and back', () => {
    const code = parseAgencyCode('H09.12.034');
    expect(codeToToken(code)).toBe('H09-12-034');
    expect(tokenToCode('H09-12-034')).toBe(code);
    expect(levelOfCode(code)).toBe(3);
  });

  it('is reversible for every code', () => {
    fc.assert(
      fc.property(arbitraryCode, (code) => {
        const token = codeToToken(code);
        expect(token).toMatch(/^[0-9A-Z-]+$/);
        expect(tokenToCode(token)).toBe(code);
      }),
    );
  });

  it.each(['', 'H09.12', 'h09', '*', 'H09-', 'H09--12', '-'])('has no code for %j', (token) => {
    expect(() => tokenToCode(token)).toThrow('no agency code has this subject token');
  });
});

describe('convertOldAgencyCode', () => {
  const table = new Map([['000.00.12.H09', 'h09.12']]);

  it('gives what the table says', () => {
    expect(convertOldAgencyCode(' 000.00.12.h09 ', table)).toBe('H09.12');
  });

  it('never converts by computing, and offers the guess in the error', () => {
    expect(() => convertOldAgencyCode('002.00.20.H13', table)).toThrow(
      expect.objectContaining({
        code: 'BUS_AGENCY_CODE_UNKNOWN',
        details: { agencyCode: '002.00.20.H13', suggestion: 'H13.20.002' },
      }),
    );
  });

  it.each(['H09.12', '14.00.W00', '28.22.H17', '', '000.00.12.H0*'])(
    'refuses the form %j',
    (old) => {
      expect(() => convertOldAgencyCode(old, table)).toThrow('an old code has 13 characters');
    },
  );

  it('refuses a table with a bad code', () => {
    const bad = new Map([['000.00.12.H09', 'H09>']]);
    expect(() => convertOldAgencyCode('000.00.12.H09', bad)).toThrow('bad agency code "H09>"');
  });

  it.each([
    ['000.00.00.H49', 'H49'],
    ['000.00.11.H53', 'H53.11'],
    ['000.01.80.G24', 'G24.80.01'],
  ])('suggests for %s the code %s', (old, expected) => {
    expect(suggestAgencyCode(old)).toBe(expected);
  });
});

describe('sites and tiers', () => {
  it.each(['H09', 'TW', 'A1'])('takes the site %s', (site) => {
    expect(parseSite(site)).toBe(site);
  });

  it.each(['', 'h09', 'H09.1', '*', '>', 'H 9', 'H'.repeat(33)])('refuses the site %j', (site) => {
    expect(isSite(site)).toBe(false);
    expect(() => parseSite(site)).toThrow(expect.objectContaining({ code: 'BUS_SITE_INVALID' }));
  });

  it('knows four tiers', () => {
    expect(['central', 'province', 'district', 'commune', 'ward'].filter(isTier)).toHaveLength(4);
  });
});

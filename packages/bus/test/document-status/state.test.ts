import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  DOCUMENT_STATUSES,
  REFUSAL_REASONS,
  isDocumentStatus,
  isRefusalReason,
  mayFollow,
  nameOfStatus,
  stateOfStatuses,
} from '../../src/index.ts';

const KNOWN = Object.keys(DOCUMENT_STATUSES).toSorted();

function nextOf(given: readonly string[]): string[] {
  return KNOWN.filter((code) => mayFollow(given, code));
}

describe('stateOfStatuses', () => {
  it.each([
    [[], null, 'none', false],
    [['01'], '01', 'none', false],
    [['05', '01', '03'], '05', 'none', false],
    [['01', '02'], '02', 'none', true],
    [['01', '03', '06'], '06', 'none', false],
    [['03', '13'], '03', 'asked', false],
    [['16', '03', '13'], '03', 'declined', false],
    [['13', '03', '13', '16'], '03', 'asked', false],
    [['15', '13', '03'], '15', 'agreed', true],
    [['03', '15'], '03', 'none', false],
  ])('%j shows as %s, recall %s', (given, furthest, recall, closed) => {
    expect(stateOfStatuses(given)).toMatchObject({ furthest, recall, closed });
  });

  it('keeps codes that nobody defines', () => {
    expect(stateOfStatuses(['01', '09', '14'])).toMatchObject({
      furthest: '01',
      unknown: ['09', '14'],
    });
    expect(nameOfStatus('09', 'vi')).toBe('mã khác (09)');
  });

  it('does not depend on the order of arrival', () => {
    const sets = fc.array(fc.constantFrom(...KNOWN, '07', '12'), { maxLength: 8 });
    fc.assert(
      fc.property(
        sets.chain((given) =>
          fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
        ),
        ([given, shuffled]) => {
          const { unknown: one, ...before } = stateOfStatuses(given);
          const { unknown: two, ...after } = stateOfStatuses(shuffled);
          expect(after).toEqual(before);
          expect(two.toSorted()).toEqual(one.toSorted());
        },
      ),
    );
  });
});

describe('mayFollow', () => {
  it.each([
    [[], ['01', '02', '03', '13']],
    [['01'], ['02', '03', '13']],
    [
      ['01', '03'],
      ['04', '05', '06', '13'],
    ],
    [
      ['01', '03', '04'],
      ['05', '06', '13'],
    ],
    [
      ['01', '03', '05'],
      ['05', '06', '13'],
    ],
    [['01', '03', '06'], ['13']],
    [['01', '02'], []],
    [
      ['01', '03', '13'],
      ['04', '05', '06', '15', '16'],
    ],
    [
      ['01', '03', '13', '16'],
      ['04', '05', '06', '13'],
    ],
    [['01', '03', '13', '15'], []],
  ])('after %j come %j', (given, expected) => {
    expect(nextOf(given)).toEqual(expected);
  });

  it('answers an update or recall that came as a document', () => {
    expect(mayFollow(['01', '03'], '15')).toBe(false);
    expect(mayFollow(['01', '03'], '15', { changeAsked: true })).toBe(true);
    expect(mayFollow(['01', '03'], '16', { changeAsked: true })).toBe(true);
  });

  it('never gives a code that nobody defines', () => {
    for (const code of ['07', '12', '14', '00', '99', '', 'toString']) {
      expect(mayFollow(['01'], code)).toBe(false);
      expect(isDocumentStatus(code)).toBe(false);
    }
  });
});

describe('REFUSAL_REASONS', () => {
  it('has a text in both languages for each code', () => {
    for (const [code, text] of Object.entries(REFUSAL_REASONS)) {
      expect(code).toMatch(/^[A-Z_]+$/);
      expect(text.vi).not.toBe('');
      expect(text.en).not.toBe('');
    }
  });

  it('is closed', () => {
    expect(isRefusalReason('STATE_SECRET')).toBe(true);
    expect(isRefusalReason('BECAUSE')).toBe(false);
    expect(isRefusalReason('constructor')).toBe(false);
  });
});

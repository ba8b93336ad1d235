import { stripVTControlCharacters } from 'node:util';

import { describe, expect, it } from 'vitest';

import { messagesOf } from '../src/messages/index.ts';
import { renderConditions } from '../src/terminal/conditions.ts';
import { safeText } from '../src/terminal/safe-text.ts';
import { displayWidth } from '../src/terminal/table-layout.ts';
import { renderFields, renderTable } from '../src/terminal/table.ts';
import {
  dayInVietnam,
  formatClock,
  formatDay,
  formatTime,
  parseDay,
  parseTime,
} from '../src/terminal/time.ts';

describe('times', () => {
  it.each([
    ['2026-03-05T14:30:00+07:00', '2026-03-05T07:30:00.000Z'],
    ['2026-03-05T14:30:00Z', '2026-03-05T14:30:00.000Z'],
    ['2026-03-05T14:30:00.123456-05:30', '2026-03-05T20:00:00.123Z'],
    ['2026-03-05 14:30', '2026-03-05T07:30:00.000Z'],
    ['2026-03-05', '2026-03-04T17:00:00.000Z'],
    ['5/3/2026', '2026-03-04T17:00:00.000Z'],
    ['05/03/2026 14:30', '2026-03-05T07:30:00.000Z'],
    ['29/02/2028', '2028-02-28T17:00:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(parseTime(text)?.toISOString()).toBe(expected);
  });

  it.each([
    '',
    'now',
    '29/02/2026',
    '2026-13-01',
    '2026-03-05T24:00Z',
    '2026-03-05T10:61Z',
    '5/3/26',
  ])('refuses %s', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it('shows the time in Vietnam', () => {
    expect(formatTime(new Date('2026-12-31T17:05:00Z'))).toBe('01/01/2027 00:05');
    expect(formatClock(new Date('2026-12-31T17:05:09.999Z'))).toBe('00:05:09');
    expect(dayInVietnam(new Date('2026-12-31T17:05:00Z'))).toBe('2027-01-01');
    expect(formatDay('2027-01-01')).toBe('01/01/2027');
  });

  it('takes days only where a day is wanted', () => {
    expect(parseDay('01/01/2027')).toBe('2027-01-01');
    expect(parseDay('01/01/2027 10:00')).toBeUndefined();
  });
});

describe('conditions', () => {
  it.each(['en', 'vi'] as const)('tell every time as it is in Vietnam: %s', (language) => {
    const facts = { servers: 'nats://a:4222', nextTry: '2026-03-05T07:30:09.123Z' };
    const shown = renderConditions({ messages: messagesOf(language) }, [
      {
        code: 'BROKER_UNREACHABLE',
        severity: 'warning',
        since: new Date('2026-03-05T07:00:00Z'),
        detail: `no broker answers at ${facts.servers}; next try at ${facts.nextTry}`,
        action: null,
        facts,
      },
    ]);
    expect(shown).toMatch(/05\/03\/2026 14:00\n.* 05\/03\/2026 14:30\n$/u);
  });
});

describe('text of strangers', () => {
  it('cannot steer the terminal or turn the writing direction', () => {
    expect(safeText('a\u001B[2Jb\u202Ec\u0007\nd')).toBe('a\\u{1b}[2Jb\\u{202e}c\\u{7} d');
  });

  it('keeps Vietnamese, whichever way it is composed', () => {
    expect(safeText('Đề nghị'.normalize('NFD'))).toBe('Đề nghị');
  });
});

describe('tables', () => {
  it('are plain columns away from a terminal', () => {
    const text = renderTable(
      { outIsTty: false, columns: 10 },
      [{ title: 'a' }, { title: 'n', align: 'right' }],
      [
        ['một', 1],
        ['x', 22],
      ],
    );
    expect(text).toBe('a     n\nmột   1\nx    22\n');
  });

  it('have borders on a terminal', () => {
    const text = renderTable({ outIsTty: true, columns: 80 }, [{ title: 'a' }], [['x']]);
    expect(text).toContain('│');
  });

  const draw = (columns: number): string[] =>
    stripVTControlCharacters(
      renderTable(
        { outIsTty: true, columns },
        [{ title: 'mã' }, { title: 'trích yếu' }, { title: 'lượt gửi', align: 'right' }],
        [['56d659df1c', 'Về việc chủ động ứng phó với bão và mưa lũ', '100,0 %']],
      ),
    )
      .trimEnd()
      .split('\n');

  it.each([
    [60, true],
    [40, true],
    [36, false],
  ])(
    'fit a terminal of %i columns (with borders: %s), ids and figures whole',
    (columns, borders) => {
      const lines = draw(columns);
      expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(columns);
      expect(lines.some((line) => line.includes('│'))).toBe(borders);
      expect(lines.join('\n')).toContain('56d659df1c');
      expect(lines.join('\n')).toContain('100,0 %');
    },
  );

  it('leave out a column without any text, on a terminal only', () => {
    const columns = [{ title: 'a' }, { title: 'warnings' }];
    const rows = [['x', '']];
    expect(renderTable({ outIsTty: true, columns: 80 }, columns, rows)).not.toContain('warnings');
    expect(renderTable({ outIsTty: false, columns: 80 }, columns, rows)).toContain('warnings');
  });

  it('break a digest anywhere', () => {
    const digest = 'a1'.repeat(32);
    const io = { outIsTty: true, columns: 50 };
    const text = stripVTControlCharacters(renderTable(io, [{ title: 'd' }], [[digest]]));
    expect(Math.max(...text.split('\n').map(displayWidth))).toBeLessThanOrEqual(50);
    expect(text.replaceAll(/[^a1]/gu, '')).toBe(digest);
  });

  it('stand as names and values where no column fits', () => {
    expect(draw(20)).toEqual([
      'mã         56d659df1c',
      'trích yếu  Về việc chủ động ứng phó với bão và mưa lũ',
      'lượt gửi   100,0 %',
    ]);
  });

  it('leave out fields without a value', () => {
    expect(
      renderFields([
        ['a', 1],
        ['bb', null],
        ['ccc', 'x'],
      ]),
    ).toBe('a    1\nccc  x\n');
  });
});

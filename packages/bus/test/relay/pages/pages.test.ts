import { describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../../src/index.ts';
import { formatFor } from '../../../src/relay/pages/format.ts';
import { html, renderDocument } from '../../../src/relay/pages/html.ts';
import { readPageQuery } from '../../../src/relay/pages/page-query.ts';
import {
  monthsUpTo,
  periodOf,
  readPeriod,
  shiftPeriod,
  workingDays,
} from '../../../src/relay/pages/periods.ts';
import { said, visible } from '../../../src/relay/pages/said.ts';
import { textsOf } from '../../../src/relay/pages/texts.ts';
import { NOT_RUNNING } from '../../../src/relay/http/link.ts';
import { Problem } from '../../../src/relay/http/problem.ts';
import { PASSWORD, openHttpTown } from '../http/http-town.ts';
import { dispatch, electronic, paper } from '../relay-database.ts';
import { openPageTown } from './page-town.ts';

const BROWSER = { accept: 'text/html' } as const;

describe('the words of the pages', () => {
  it('are all there in both languages, none of them empty', () => {
    const [vi, en] = [wordsOf(textsOf('vi')), wordsOf(textsOf('en'))];
    expect([...en.keys()]).toEqual([...vi.keys()]);
    expect([...vi, ...en].filter(([, text]) => text === '')).toEqual([]);
    expect(vi.size).toBeGreaterThan(300);
  });

  it('write numbers, times and periods as each language does', () => {
    const [vi, en] = (['vi', 'en'] as const).map((one) => formatFor(one, textsOf(one)));
    expect(vi?.count(1234567)).toBe('1.234.567');
    expect(en?.count(1234567)).toBe('1,234,567');
    expect(vi?.period('2026-Q4')).toBe('Quý IV năm 2026');
    expect(en?.period('2026-11')).toBe('November 2026');
    expect(vi?.moment('2026-07-09T17:30:00.000Z')).toBe('10/07/2026 00:30:00');
    expect(vi?.duration(90_000)).toBe('1,5\u{A0}phút');
    expect(vi?.points(-0.0123)).toBe('-1,2');
  });

  it('never round a share up to a target that it misses', () => {
    const vi = formatFor('vi', textsOf('vi'));
    expect(vi.percent(0.8999999)).toBe('89,9%');
    expect(vi.percent(0.9)).toBe('90,0%');
    expect(vi.percent(0.29)).toBe('29,0%');
    expect(vi.percent(1)).toBe('100,0%');
  });
});

describe('what others wrote', () => {
  it('is cut, shows what is invisible, and cannot become markup', () => {
    const hostile = `<script>alert(1)</script>\u{202E}\u{0000}${'😀'.repeat(10_000)}`;
    const shown = visible(hostile);
    expect(Array.from(shown)).toHaveLength(161);
    expect(shown).toContain('\u{FFFD}\u{FFFD}😀');
    expect(shown.isWellFormed()).toBe(true);
    const page = renderDocument(html`<p title=${hostile}>${said(hostile)} ${hostile}</p>`);
    expect(page).not.toContain('<script');
    expect(page).not.toMatch(/title="[^"]*<script/u);
  });
});

describe('periods', () => {
  it('have neighbours of their own kind, over the ends of years', () => {
    const next = (text: string, steps: number): string => {
      const period = readPeriod(text);
      if (period === undefined) throw new Error(text);
      return shiftPeriod(period, steps).text;
    };
    expect(next('2026-Q1', -1)).toBe('2025-Q4');
    expect(next('2026-12', 1)).toBe('2027-01');
    expect(next('2026-W53', 1)).toBe('2027-W01');
    expect(next('2024-02-28', 1)).toBe('2024-02-29');
    expect(monthsUpTo(periodOf('quarter', '2026-07-15'), 24, '2026-07-15')).toBe(
      '2024-08..2026-07',
    );
    expect(workingDays('2026-07-10', '2026-07-14')).toEqual([
      '2026-07-10',
      '2026-07-13',
      '2026-07-14',
    ]);
  });

  it('are the quarter of today unless the address names one, and nothing else is believed', () => {
    expect(readPageQuery({ tier: '', sort: '-overdue' }, '2026-07-15')).toMatchObject({
      sort: '-overdue',
      period: { text: '2026-Q3' },
    });
    for (const query of [
      { period: '2026-13' },
      { period: '2026-01..2026-02' },
      { tier: 'village' },
      { under: "H01' OR 1" },
      { after: ['a', 'b'] },
      { q: 'x'.repeat(201) },
    ]) {
      expect(() => readPageQuery(query, '2026-07-15')).toThrow(Problem);
    }
  });
});

describe('the server of the pages', () => {
  it('shows its operators the records that failed the check, and nobody else', async () => {
    const detail = '<b>không ký bởi</b> ai trong danh bạ';
    await using town = await openHttpTown({
      fill: ({ db }) => {
        db.prepare<[string]>(
          `INSERT INTO rejected_record (nats_subject, claimed_from, site, stored_ms, rejected_ms,
             finding, detail, message_sha256, message_bytes)
           VALUES ('vb.report.x', 'H01.40', 'H01', 0, 0, 'SIGNER_NOT_LISTED', ?, 'x', 10)`,
        ).run(detail);
      },
    });
    const read = async (role: 'operator' | 'auditor'): Promise<string> => {
      const token = await town.account({ name: role, role });
      return (await town.ask('/health', { token, headers: BROWSER })).text;
    };
    const page = await read('operator');
    expect(page).toContain('SIGNER_NOT_LISTED');
    expect(page).toContain('&lt;b>không ký bởi&lt;/b> ai trong danh bạ');
    const other = await read('auditor');
    expect(other).toContain('<h2');
    expect(other).not.toContain('SIGNER_NOT_LISTED');
  });

  it('does not say that storage can be written while no relay writes', async () => {
    const tell = async (running: boolean): Promise<string> => {
      const health = { ...NOT_RUNNING.health, running };
      await using town = await openHttpTown({ state: { ...NOT_RUNNING, health } });
      const token = await town.account({ name: 'vanhanh', role: 'operator' });
      return (await town.ask('/health', { token, headers: BROWSER })).text;
    };
    expect(await tell(true)).toContain(textsOf('vi').health.storageFine);
    expect(await tell(false)).not.toContain(textsOf('vi').health.storageFine);
  });

  it('shows what an agency said twice and too late, in words, from its own page and that of gaps', async () => {
    await using town = await openHttpTown({
      fill: (database) => {
        database.addAgency('H09', 'province');
        database.addAgency('H10', 'province');
        for (const agency of ['H09', 'H10']) {
          database.report(agency, paper(4));
          database.report(agency, dispatch(4, [electronic('H01')], { documentId: agency }));
        }
        database.db.exec('INSERT OR IGNORE INTO late_report SELECT id FROM stored_report');
      },
    });
    const token = await town.account({ name: 'kiemtra', role: 'auditor' });
    const read = async (path: string): Promise<string> =>
      (await town.ask(path, { token, headers: BROWSER })).text;
    const href = /href="(\/contradictions\?[^"]*agency=H09[^"]*)"/u;
    const [, address = ''] = href.exec(await read('/agencies/H09')) ?? [];
    expect(await read('/gaps?agency=H09')).toMatch(href);
    const page = await read(address.replaceAll('&amp;', '&'));
    const [, first = '', second = ''] = page.split('<table');
    expect(first).toContain('Một số văn bản được khai cho hai việc khác nhau');
    expect(first).toMatch(/<caption>\s*Báo cáo trái với điều đã khai/u);
    const ofKind = async (kind: string) =>
      (await read(`/contradictions?contradiction=${kind}`)).split('<table')[1] ?? '';
    expect(await ofKind('REGISTER_NUMBER_REUSED')).toMatch(/H09[^]*H10|H10[^]*H09/u);
    expect(await ofKind('CHAIN_FORK')).not.toContain('Báo cáo trái với điều đã khai');
    const csv = '/csv/contradictions?kind=CHAIN_FORK';
    expect((await read(csv)).trimEnd().split('\r\n')).toHaveLength(1);
    expect(second).toMatch(/<caption>\s*Báo cáo đến muộn hơn một ngày/u);
    for (const table of [first, second]) {
      expect(table).toContain('/agencies/H09?');
      expect(table).not.toContain('H10');
    }
  });

  it('names what is wrong with a question that only the figures can judge', async () => {
    await using town = await openPageTown();
    const token = await town.account({ name: 'hoi', role: 'auditor' });
    const path = `/?document_type=${encodeURIComponent('thư tình')}`;
    const { status, text } = await town.ask(path, { token, headers: BROWSER });
    expect(status).toBe(400);
    expect(text).toContain('“document_type”');
  });

  it('says of a period to come that it has not begun, not that everybody is silent', async () => {
    await using town = await openPageTown();
    const token = await town.account({ name: 'mai', role: 'auditor' });
    const { text } = await town.ask('/?period=2027-Q1', { token, headers: BROWSER });
    expect(text).toContain(textsOf('vi').overview.lackingPeriodToCome);
    expect(text).toContain(`· ${textsOf('vi').period.toCome}`);
    expect(text).not.toContain('không báo cáo gì trong kỳ');
  });

  it('says which contradicting statements count all the same, and leads to them', async () => {
    await using town = await openHttpTown({
      fill: (database) => {
        database.addAgency('H09', 'province');
        database.report('H09', paper(1, '2026-07-09'));
        database.report('H09', paper(2, '2026-07-08'));
      },
    });
    const token = await town.account({ name: 'lui', role: 'auditor' });
    const { text } = await town.ask('/?period=2026-07', { token, headers: BROWSER });
    expect(text).toMatch(/value="2" data-figure="figures.P"/u);
    expect(text).toContain('1 tường trình mâu thuẫn');
    expect(text).toContain('chỉ tường trình ghi lùi ngày được tính');
    expect(text).toMatch(/href="\/contradictions\?/u);
  });

  it.each([
    ['a province', { role: 'auditor', scope: parseAgencyCode('H02') }],
    ['an agency', { role: 'agency', scope: parseAgencyCode('H01.40') }],
  ] as const)('leads %s to nothing that it may not see', async (_who, account) => {
    await using town = await openPageTown();
    const token = await town.account({ name: 'ai', ...account });
    const read = async (path: string) => await town.ask(path, { token, headers: BROWSER });
    const found = new Set<string>();
    for (const path of ['/deliveries?', '/deliveries?side=recipient&']) {
      const { text } = await read(`${path}period=2026-Q3`);
      const links = linksOf(text);
      expect(links.length).toBeGreaterThan(10);
      for (const link of links) found.add(link);
    }
    const tracks = [...found].filter((link) => link.startsWith('/documents/'));
    expect(tracks.length).toBeGreaterThan(2);
    for (const track of tracks) {
      for (const link of linksOf((await read(track)).text)) found.add(link);
    }
    for (const link of found) {
      const { status } = await read(link);
      // Evidence is made by the relay that runs.
      expect({ link, fault: status >= 400 && status !== 503 }).toEqual({ link, fault: false });
    }
  });

  it('begins with this quarter where no relay has run yet', async () => {
    await using town = await openHttpTown();
    const token = await town.account({ name: 'moi', role: 'auditor' });
    const { text } = await town.ask('/', { token, headers: BROWSER });
    expect(text).toContain('Quý III năm 2026');
    expect(text).not.toContain('1970');
  });

  it('shows the whole name of an agency on its page', async () => {
    const name = `Ban Quản lý ${'dự án đầu tư xây dựng '.repeat(12)}tỉnh Bình Dương`;
    await using town = await openHttpTown({
      fill: (database) => database.addAgency('H09', 'province', { name }),
    });
    const token = await town.account({ name: 'ten', role: 'auditor' });
    const { text } = await town.ask('/agencies/H09', { token, headers: BROWSER });
    expect(text).toMatch(new RegExp(`<h1>[^]*${name}[^]*</h1>`, 'u'));
  });

  it('asks for a log-in, keeps the way back, and leads to no other site', async () => {
    await using town = await openPageTown();
    const asked = await town.ask('/gaps?kind=register', { headers: BROWSER });
    expect(asked.status).toBe(303);
    expect(asked.headers.get('location')).toBe('/login?next=%2Fgaps%3Fkind%3Dregister');
    const form = await town.ask('/login?next=https://example.org/&failed=log-in-failed');
    expect(form.status).toBe(200);
    expect(form.text).toContain('role="alert"');
    const headers = {
      ...BROWSER,
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    };
    const fields = { name: 'kiemtra', password: PASSWORD, next: 'https://example.org/' };
    const body = new URLSearchParams(fields).toString();
    const answer = await town.ask('/login', { method: 'POST', headers, body });
    expect(answer.headers.get('location')).toBe('/');
  });

  it('gives each table as a file that a spreadsheet cannot run', async () => {
    await using town = await openPageTown();
    const token = await town.account({ name: 'tep', role: 'auditor' });
    const path = '/csv/breakdown?period=2026-Q3&by=agency&sort=key';
    const { text, headers } = await town.ask(path, { token });
    expect(headers.get('content-disposition')).toBe('attachment; filename="breakdown.csv"');
    const [head, ...rows] = text.trimEnd().split('\r\n');
    expect(head).toMatch(/^\u{FEFF}?key,name,tier,E,EP,P,signed,rate_electronic/u);
    expect(rows).toHaveLength(10);
    expect(rows.find((row) => row.startsWith('H01.40,'))).toMatch(
      /^H01\.40,Ủy ban nhân dân xã Vĩnh Tế,commune,2,0,3,/u,
    );
    expect(text).toContain(`\r\nH01.43,"'=HYPERLINK(""http://x"";""Im Lặng"")",commune,0,0,0,`);
    expect((await town.ask('/csv/nothing?period=2026-Q3', { token })).status).toBe(404);
    expect((await town.ask('/csv/gaps?period=hôm%20nay', { token })).status).toBe(400);
    expect((await town.ask(path)).status).toBe(401);
  });

  it('keeps a choice in a cookie and comes back to the same page', async () => {
    await using town = await openPageTown();
    const token = await town.account({ name: 'chon', role: 'auditor' });
    const path = '/gaps?kind=register&theme=dark&lang=en';
    const { status, headers } = await town.ask(path, { token });
    expect(status).toBe(303);
    expect(headers.get('location')).toBe('/gaps?kind=register');
    const cookies = headers.getSetCookie();
    expect(cookies.join()).toContain('congvan_theme=dark');
    expect(cookies.join()).toContain('congvan_language=en');
    for (const cookie of cookies) expect(cookie).toMatch(/HttpOnly.*SameSite=Lax/u);
  });

  it('says what is wrong as a page, in the language of the browser', async () => {
    await using town = await openPageTown();
    const token = await town.account({ name: 'sai', role: 'auditor' });
    const headers = { ...BROWSER, cookie: 'congvan_language=en' };
    const missing = await town.ask('/agencies/H99', { token, headers });
    expect(missing.status).toBe(404);
    expect(missing.text).toContain('There is nothing here, or nothing that you may see.');
    const wrong = await town.ask('/?tier=village', { token, headers });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('The value of “tier” cannot be used.');
  });
});

/** Every text under its path; a function is called, so that one that fails is found. */
function wordsOf(value: unknown, path = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[path, value]]);
  if (typeof value === 'function') {
    const text: unknown = Reflect.apply(value, undefined, ['1', '2', '3', '4']);
    return new Map([[path, String(text)]]);
  }
  if (typeof value !== 'object' || value === null) throw new Error(`${path} is no text`);
  return new Map(
    Object.entries(value).flatMap(([key, one]) => [...wordsOf(one, `${path}.${key}`)]),
  );
}

/** Where a page leads, its own looks aside. */
function linksOf(page: string): string[] {
  return [...page.matchAll(/href="(\/[^"]*)"/gu)]
    .map(([, href = '']) => href.replaceAll('&amp;', '&'))
    .filter((href) => !/[?&](?:lang|theme)=/u.test(href));
}

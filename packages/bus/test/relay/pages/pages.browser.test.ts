import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { HttpTown } from '../http/http-town.ts';
import { CHROMIUM, PHONE, type OpenOptions, WHY_SKIPPED, startChromium, visit } from './browser.ts';
import { axeFaults } from './axe-faults.ts';
import { differencesFromApi, readFigures } from './figures-on-page.ts';
import { AN_GIANG, HOSTILE_NAME, NUI_SAM, VINH_TE, openPageTown } from './page-town.ts';

/** Every page once, with and without something to show. */
const PATHS = [
  '/',
  '/?period=2026-05&structure=now',
  '/agencies',
  '/agencies?tier=commune&under_target=1',
  '/agencies?standing=silent',
  '/agencies/H01?level=below',
  '/agencies/H01.40',
  '/deliveries?state=02',
  '/overdue',
  '/gaps',
  '/register?agency=H01.40',
  '/contradictions?contradiction=CHAIN_FORK',
  '/documents',
  '/documents?q=1%2FUBND-VP',
  '/documents/H01.42-4?from=H01.42',
  '/publications',
  '/health',
  '/about',
] as const;

/** One of each kind: what only has other numbers has no other faults. */
const DIFFERENT = [...PATHS.filter((path) => !/\?(?:period|state|tier)=/u.test(path)), '/login'];
/** Between them they have every colour. */
const COLOURFUL = ['/', '/agencies/H01?level=below', '/documents/H01.42-4?from=H01.42', '/health'];

describe.skipIf(CHROMIUM === undefined)(`the pages in a browser${WHY_SKIPPED}`, () => {
  let town: HttpTown;
  let browser: Browser;

  beforeAll(async () => {
    [town, browser] = await Promise.all([openPageTown(), startChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    await town[Symbol.asyncDispose]();
  });

  const open = (account: string, options: Partial<OpenOptions> = {}) =>
    visit(browser, { url: town.side.url, account, ...options });

  it('answer which communes of a province are under target this quarter, and which of their numbers have no trace', async () => {
    await using visitor = await open('kiemtra', { javaScript: false });
    const { page } = visitor;
    const period = page.getByRole('navigation', { name: 'Kỳ báo cáo' });
    await period.getByRole('link', { name: 'Quý', exact: true }).click();
    await page.getByRole('rowheader', { name: AN_GIANG }).getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: AN_GIANG }).waitFor();
    await page.getByRole('link', { name: 'Cấp xã dưới mục tiêu' }).click();

    const table = page.getByRole('table', { name: 'Tỷ lệ gửi điện tử theo cơ quan' });
    const names = await table.getByRole('rowheader').allInnerTexts();
    expect(names.toSorted()).toEqual([`${NUI_SAM} H01.41`, `${VINH_TE} H01.40`].toSorted());
    const row = table.getByRole('row', { name: VINH_TE });
    expect(await row.innerText()).toContain('40,0%');
    expect(await row.innerText()).toContain('▼ Dưới mục tiêu');
    const ranges = row.getByRole('link', { name: 'Xem tất cả số không có dấu vết' });
    expect(await ranges.innerText()).toBe('4–5, 8');
    const without = table.getByRole('row', { name: NUI_SAM });
    expect(await without.getByRole('link', { name: 'không có dấu vết' }).count()).toBe(0);

    await ranges.click();
    const gaps = page.getByRole('table', { name: 'Số và báo cáo không có dấu vết' });
    expect(await gaps.getByRole('row').count()).toBe(3);
    expect(await gaps.innerText()).toMatch(/2026\s+4–5\s+2\s+07\/07\/2026/u);
  });

  it('show the numbers of the API, each of them, and ask nobody else for anything', async () => {
    await using visitor = await open('vanhanh');
    const { page, complaints, requests } = visitor;
    const differences: string[] = [];
    let count = 0;
    for (const path of PATHS) {
      await page.goto(path);
      const shown = await readFigures(page);
      count += shown.length;
      differences.push(...(await differencesFromApi(page, shown)));
    }
    expect(differences.join('\n')).toBe('');
    expect(count).toBeGreaterThan(800);
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(`${town.side.url}/`))).toEqual([]);
  });

  it('have no serious fault for those who cannot see them, light or dark, in either language', async () => {
    const faults: string[] = [];
    for (const { paths, ...options } of [
      { language: 'vi', theme: 'light', paths: DIFFERENT },
      { language: 'en', theme: 'dark', viewport: PHONE, paths: COLOURFUL },
    ] as const) {
      await using visitor = await open('vanhanh', options);
      faults.push(...(await faultsOf(visitor.page, paths)));
    }
    expect(faults.join('\n')).toBe('');
  }, 180_000);

  it('fit a phone, also where names are longer than its screen', async () => {
    await using visitor = await open('kiemtra', { viewport: PHONE });
    const { page } = visitor;
    const tooWide: string[] = [];
    for (const path of [...PATHS.filter((one) => one !== '/health'), '/agencies/H02.41']) {
      await page.goto(path);
      const spill: unknown = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      if (spill !== 0) tooWide.push(`${path} by ${String(spill)}`);
    }
    expect(tooWide).toEqual([]);
  });

  it('show hostile names and abstracts as text', async () => {
    await using visitor = await open('kiemtra');
    const { page, complaints } = visitor;
    const shown = HOSTILE_NAME.replace('\u{202E}', '\u{FFFD}');
    await page.goto('/agencies/H02.41');
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain(shown);
    await page.goto('/documents/H02.41-1?from=H02.41');
    expect(await page.getByText('</title><script>alert("trích yếu")</script>WWW').count()).toBe(1);
    for (const path of ['/', '/agencies', '/deliveries', '/gaps']) await page.goto(path);
    expect(await page.locator('script, img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('show an agency itself alone, and a province nothing of another', async () => {
    const own = ['/', '/agencies', '/deliveries', '/overdue', '/gaps', '/contradictions'];
    const leaks: string[] = [];
    const look = async (page: Page, path: string, foreign: RegExp): Promise<void> => {
      await page.goto(path);
      const found = foreign.exec(await page.locator('body').innerText());
      if (found !== null) leaks.push(`${path}: ${found[0]}`);
    };
    await using agency = await open('vinhte');
    for (const path of [...own, '/publications', '/about']) {
      await look(agency.page, path, /H01\.4[^0]|Núi Sam|H02\.4|Sở Tài chính/u);
      leaks.push(...(await deadLinks(agency.page)));
    }
    await using province = await open('tinh2');
    for (const path of [...own, '/agencies/H02?level=below', '/health']) {
      await look(province.page, path, /H01\.0|H01\.4[1-3]|Núi Sam|Ba Chúc|Bộ Nội vụ/u);
    }
    // Who sent it something is no secret to the recipient, and no more than that.
    const received = '/deliveries?side=recipient';
    await look(agency.page, received, /H01\.43|H02\.4|Sở Tài chính/u);
    await look(agency.page, '/agencies/H01.40', /H01\.43|H02\.4|Sở Tài chính/u);
    await look(province.page, received, /H01\.01|H01\.41|H01\.43|Bộ Nội vụ/u);
    const outside: readonly (readonly [Page, readonly string[]])[] = [
      [
        agency.page,
        [
          '/agencies/H01',
          '/agencies/H01.41',
          '/agencies?under=H01',
          '/gaps?agency=H01.41',
          '/contradictions?agency=H01.41',
          '/register?agency=H01.41',
          '/deliveries?agency=H01',
          '/documents/H01.41-2?from=H01.41',
          '/documents/H02-2?from=H02',
          '/health',
          '/csv/gaps?period=2026-Q3&agency=H01.41',
          '/csv/breakdown?period=2026-Q3&by=agency&under=H01',
        ],
      ],
      [
        province.page,
        ['/agencies/H01', '/agencies?under=H01', '/documents/H01-2?from=H01', '/gaps?agency=G01'],
      ],
    ];
    for (const [page, paths] of outside) {
      for (const path of paths) {
        const status = (await page.goto(path))?.status();
        if (status !== 404) leaks.push(`${path} answers ${status}`);
      }
    }
    expect(leaks).toEqual([]);
  });

  it('keep language and background once chosen, on every page', async () => {
    await using visitor = await open('kiemtra');
    const { page } = visitor;
    await page.goto('/gaps?kind=register');
    await page.getByRole('link', { name: 'English' }).click();
    await page.getByRole('heading', { level: 1, name: 'Numbers without a trace' }).waitFor();
    expect(page.url()).toBe(`${town.side.url}/gaps?kind=register`);
    await page.getByRole('link', { name: 'Dark' }).click();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    await page.getByRole('link', { name: 'Overview' }).first().click();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  });

  it('can be used with the keyboard: past the navigation, into the map, and with a focus to see', async () => {
    await using visitor = await open('kiemtra');
    const { page } = visitor;
    await page.goto('/');
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Đến nội dung chính');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.locator('main :focus').count()).toBe(1);
    await page.getByRole('link', { name: new RegExp(`^${AN_GIANG}: `, 'u') }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: AN_GIANG }).waitFor();
  });

  it('print figures with their numbers and without what only a screen can do', async () => {
    await using visitor = await open('kiemtra');
    const { page } = visitor;
    await page.goto('/');
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('table', { name: 'Diễn biến 24 tháng' }).isVisible()).toBe(true);
    expect(await page.getByRole('navigation', { name: 'Các trang' }).isVisible()).toBe(false);
    expect(await page.getByRole('button').filter({ visible: true }).count()).toBe(0);
  });
});

async function faultsOf(page: Page, paths: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const path of paths) {
    await page.goto(path);
    faults.push(...(await axeFaults(page)).map((fault) => `${path}: ${fault}`));
  }
  return faults;
}

/** Links of a page that lead to nothing: an agency must not even be shown the way to another. */
async function deadLinks(page: Page): Promise<string[]> {
  const addresses: unknown = await page.evaluate(
    `[...new Set([...document.querySelectorAll('main a[href^="/"]')].map((a) => a.getAttribute('href')))]`,
  );
  if (!Array.isArray(addresses)) return ['no list'];
  const wrong: string[] = [];
  for (const address of addresses.map(String).slice(0, 12)) {
    if (address.startsWith('/api/v1/evidence/')) continue;
    const answer = await page.request.get(address, { maxRedirects: 0 });
    if (answer.status() >= 400) wrong.push(`${address} ${answer.status()}`);
  }
  return wrong;
}

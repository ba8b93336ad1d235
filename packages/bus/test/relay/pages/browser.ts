import { existsSync } from 'node:fs';
import path from 'node:path';

import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';

import { PASSWORD } from '../http/http-town.ts';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const;
/** A fresh profile that asks nobody anything: what leaves this machine would be the page's doing. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const;

/** Desk machines of agencies, and the phone of an auditor. */
export const DESK = { width: 1280, height: 720 } as const;
export const PHONE = { width: 390, height: 844 } as const;

export const CHROMIUM = findChromium();

/** Stands behind the name of tests that are skipped without Chromium. */
export const WHY_SKIPPED = CHROMIUM === undefined ? ' (no Chromium: npm test provides it)' : '';

export async function startChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('there is no Chromium');
  return await chromium.launch({ executablePath: CHROMIUM, args: [...QUIET] });
}

export interface OpenOptions {
  readonly url: string;
  readonly account: string;
  readonly language?: 'vi' | 'en';
  readonly theme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly javaScript?: boolean;
}

/** A person in front of a browser, logged in through the form. */
export interface Visitor extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained about, violations of the content policy among them. */
  readonly complaints: string[];
  /** Every address that was asked for. */
  readonly requests: string[];
}

export async function visit(browser: Browser, options: OpenOptions): Promise<Visitor> {
  const { url, account, language = 'vi', theme = 'light' } = options;
  const context = await browser.newContext({
    baseURL: url,
    viewport: options.viewport ?? DESK,
    javaScriptEnabled: options.javaScript ?? true,
  });
  context.setDefaultTimeout(15_000);
  await context.addCookies([
    { name: 'congvan_language', value: language, url },
    { name: 'congvan_theme', value: theme, url },
  ]);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto('/login');
  await page.getByLabel(/^(Tên đăng nhập|Name)$/u).fill(account);
  await page.getByLabel(/^(Mật khẩu|Password)$/u).fill(PASSWORD);
  await page.getByRole('button', { name: /^(Đăng nhập|Sign in)$/u }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return {
    page,
    context,
    complaints,
    requests,
    [Symbol.asyncDispose]: async () => await context.close(),
  };
}

function findChromium(): string | undefined {
  const named = process.env['CHROMIUM'];
  const names = named === undefined || named === '' ? PROGRAMS : [named];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return names
    .flatMap((name) =>
      path.isAbsolute(name) ? [name] : folders.map((folder) => path.join(folder, name)),
    )
    .find((file) => existsSync(file));
}

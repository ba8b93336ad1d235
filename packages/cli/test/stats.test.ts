import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import {
  type BreakdownRow,
  type FiguresAnswer,
  type GapRow,
  type Page,
  flattenRow,
  openRelayReader,
} from '@congvan/bus/figures';
import { writePkcs12 } from '@congvan/signer';
import { parse } from 'csv-parse/sync';
import readXlsxFile from 'read-excel-file/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CliError } from '../src/errors.ts';
import { messagesOf } from '../src/messages/index.ts';
import { formatFor } from '../src/stats/format.ts';
import { readPages } from '../src/stats/read-pages.ts';
import { sparkline } from '../src/stats/sparkline.ts';
import { writeNewFile } from '../src/documents/write-new-file.ts';
import { freePort } from './docs/run-guide.ts';
import {
  type StatsHome,
  KEY_PASSPHRASE,
  SIGNER_NAME,
  openStatsHome,
  quietCli,
} from './stats-home.ts';
import { createTown, readJson } from './town.ts';

const run = promisify(execFile);
const PERIOD = ['--period', '2026-Q3'];
const SILENT = 'H01.43';
const HOSTILE = 'H02.41';

let home: StatsHome;

beforeAll(async () => {
  home = await openStatsHome();
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

function reader(): ReturnType<typeof openRelayReader> {
  return openRelayReader(home.relay);
}

async function ask(argv: readonly string[]): Promise<string> {
  const { code, out, err } = await home.run(['stats', ...argv]);
  if (code !== 0) throw new Error(`stats ${argv.join(' ')}: ${code}: ${err}`);
  return out;
}

async function textOf(pdf: string): Promise<string> {
  const { stdout } = await run('pdftotext', ['-layout', pdf, '-']);
  return stdout.normalize('NFC');
}

/** The commands, and what the relay itself answers. */
const LISTS: readonly (readonly [
  name: string,
  table: 'breakdown' | 'deliveries' | 'gaps' | 'agencies',
  argv: readonly string[],
  answer: (relay: ReturnType<typeof openRelayReader>) => Page<object>,
])[] = [
  [
    'share',
    'breakdown',
    ['--by', 'agency'],
    (r) => r.breakdown({ period: '2026-Q3', by: 'agency' }),
  ],
  [
    'share of communes under target',
    'breakdown',
    [
      '--by',
      'agency',
      '--under',
      'H01',
      '--tier',
      'commune',
      '--under-target',
      '--sort',
      '-documents',
    ],
    (r) =>
      r.breakdown({
        period: '2026-Q3',
        by: 'agency',
        under: 'H01',
        tier: 'commune',
        underTarget: true,
        sort: '-documents',
      }),
  ],
  ['trend', 'breakdown', ['--by', 'week'], (r) => r.breakdown({ period: '2026-Q3', by: 'week' })],
  [
    'deliveries',
    'deliveries',
    ['--urgency', 'urgent', '--type', 'công văn'],
    (r) => r.deliveries({ period: '2026-Q3', urgency: 'urgent', documentType: 'Công văn' }),
  ],
  [
    'deliveries',
    'deliveries',
    ['--side', 'recipient', '--agency', 'H01', '--state', 'open'],
    (r) => r.deliveries({ period: '2026-Q3', side: 'recipient', agency: 'H01', state: 'open' }),
  ],
  ['overdue', 'deliveries', [], (r) => r.deliveries({ period: '2026-Q3', state: 'overdue' })],
  ['agencies', 'agencies', [], (r) => r.agencies({ period: '2026-Q3' })],
  [
    'gaps',
    'gaps',
    ['--kind', 'register', '--structure', 'now'],
    (r) => r.gaps({ period: '2026-Q3', kind: 'register', structure: 'now' }),
  ],
];

/** Times in seconds, and shares cut: a workbook would round 66.66 % up to 66.7 %. */
function inWorkbook(key: string, value: number): number {
  if (key.startsWith('rate_')) return Math.floor(value * 1_000) / 1_000;
  return key.includes('_ms_') ? value / 1_000 : value;
}

describe('congvan stats', () => {
  it.each(LISTS)(
    '%s: JSON, CSV and XLSX hold what the relay answers',
    async (name, table, argv, answer) => {
      using relay = reader();
      const page = answer(relay);
      expect(page.rows.length).toBeGreaterThan(0);
      const line = [name.split(' ')[0] ?? '', ...PERIOD, ...argv];
      const flat = page.rows.map((row) => flattenRow(table, row));

      const json = readJson<Page<object>>(await ask([...line, '--json']));
      expect(json).toMatchObject({ as_of: page.as_of, rows: page.rows, next: null });

      const records = parse<Record<string, string>>(await ask([...line, '--csv']), {
        columns: true,
      });
      expect(records).toEqual(
        flat.map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([key, value]) => [
              key,
              String(value ?? '').replace(/^=/u, "'="),
            ]),
          ),
        ),
      );

      const file = home.path(`${LISTS.findIndex((one) => one[2] === argv)}.xlsx`);
      await ask([...line, '--xlsx', file, '--lang', 'vi']);
      const [sheet] = await readXlsxFile(file);
      const rows = sheet?.data.slice(1, 1 + flat.length) ?? [];
      expect(rows).toHaveLength(flat.length);
      for (const [index, row] of flat.entries()) {
        const numbers = Object.entries(row).flatMap(([key, value]) =>
          typeof value !== 'number' ? [] : [inWorkbook(key, value)],
        );
        expect(rows[index]?.filter((cell) => typeof cell === 'number')).toEqual(numbers);
      }
    },
  );

  it('adds to the shares with --json what the whole scope has and what lacks', async () => {
    using relay = reader();
    const share = readJson<
      FiguresAnswer & Page<BreakdownRow> & { gaps: GapRow[]; silent: { code: string }[] }
    >(await ask(['share', ...PERIOD, '--json']));
    const answer = relay.figures({ period: '2026-Q3' });
    expect(share).toMatchObject({ ...answer });
    expect(share.rows.map(({ key }) => key)).toEqual([
      'central',
      'province',
      'district',
      'commune',
    ]);
    expect(share.gaps).toEqual(relay.gaps({ period: '2026-Q3' }).rows);
    expect(share.silent.map(({ code }) => code)).toEqual([SILENT]);
  });

  it('shows share, target, change and the months before, in both languages', async () => {
    const vi = await home.run(['stats', 'share', ...PERIOD, '--lang', 'vi']);
    expect(vi.out).toContain('quý III năm 2026 (tính đến 15/07/2026');
    expect(vi.out).toContain(
      'chỉ điện tử ≥ 64,5 % · so kỳ trước -35,5 · 12 tháng gần đây ·········█·▆',
    );
    expect(vi.out).toMatch(/^xã +8 +1 +6 +≥ 53,3 % +60,0 %/mu);
    expect(vi.out).toMatch(/^tổng cộng +20 +1 +10 +≥ 64,5 %/mu);
    expect(vi.err).toContain('1 cơ quan chưa báo cáo gì: H01.43');
    expect(vi.err).toContain('3 số không có hồ sơ: H01.40 4–5/2026; H01.40 8/2026');
    const trend = await home.run(['stats', 'trend', ...PERIOD, '--lang', 'vi']);
    expect(trend.out).toMatch(/^tổng cộng +20 /mu);
    const en = await home.run(['stats', 'trend', ...PERIOD, '--lang', 'en', '--under', 'H01']);
    expect(en.out).toMatch(/^07\/2026 +12 +1 +7 +≥ 60.0 %/mu);
    expect(en.err).toContain('numbers without a record');
  });

  it('counts recalls, void numbers, contradictions and the times to 06 beside the share', async () => {
    using relay = reader();
    const { rows } = relay.breakdown({ period: '2026-Q3', by: 'agency' });
    const argv = ['stats', 'share', ...PERIOD, '--by', 'agency', '--lang', 'en'];
    const { out } = await home.run(argv);
    expect(out).toMatch(/ recalled .* to 06, median \/ p95$/mu);
    for (const { key, figures } of rows) {
      const line = out.split('\n').find((one) => one.startsWith(`${key} `)) ?? '';
      const cells = line.split(/ {2,}/u).slice(-9, -1).map(Number);
      expect({ key, cells }).toEqual({
        key,
        cells: [
          figures.late,
          figures.recalled,
          figures.withdrawn,
          figures.undelivered,
          figures.void_numbers,
          figures.missing_numbers,
          figures.contradictions,
          figures.duplicates,
        ],
      });
    }
    expect(rows.some(({ figures }) => figures.void_numbers > 0)).toBe(true);
    // On a terminal in a table of its own.
    const onTerminal = await home.run(argv, { tty: true });
    expect(onTerminal.out.match(/^.*\brecalled\b.*$/mu)?.[0]).not.toContain('electronic');
  });

  it('cuts a share and never rounds it up to the target', async () => {
    expect(sparkline([0, 0.5, 0.999, 1, null])).toBe('▁▅██·');
    const format = formatFor({ language: 'vi', messages: messagesOf('vi') });
    expect([0.8999, 0.29, 0.9].map((one) => format.rate(one))).toEqual([
      '89,9 %',
      '29,0 %',
      '90,0 %',
    ]);
  });

  it('says when rows are left out, and gives them all with --all', async () => {
    const few = await home.run(['stats', 'deliveries', ...PERIOD, '--limit', '5', '--lang', 'en']);
    expect(few.out.trimEnd().split('\n')).toHaveLength(2 + 5);
    expect(few.err).toContain('5 of 22 rows; --all shows every one');
    const csv = await home.run(['stats', 'deliveries', ...PERIOD, '--limit', '5', '--csv']);
    expect(csv.out.trimEnd().split('\r\n')).toHaveLength(1 + 5);
    expect(csv.err).toContain('5 of 22 rows');
    const all = readJson<Page<object>>(await ask(['deliveries', ...PERIOD, '--all', '--json']));
    expect(all.rows).toHaveLength(22);
  });

  it('keeps formulas, line ends and marks of direction harmless in every table', async () => {
    const csv = await ask(['share', ...PERIOD, '--by', 'agency', '--csv']);
    expect(csv.split('\r\n')).toHaveLength(1 + 10 + 1);
    expect(csv).toContain(`${SILENT},"'=HYPERLINK`);
    const table = await ask(['share', ...PERIOD, '--by', 'agency']);
    expect(table).not.toContain('\u{202E}');
    const file = home.path('hostile.xlsx');
    await ask(['agencies', ...PERIOD, '--xlsx', file]);
    const [sheet] = await readXlsxFile(file);
    const names = sheet?.data.map((row) => row[1]);
    expect(names).toContain('=HYPERLINK("http://x";"Im Lặng")');
    const { stdout } = await run('unzip', ['-p', file, 'xl/worksheets/sheet1.xml']);
    expect(stdout).not.toContain('<f>');
    expect(stdout).not.toContain('\u{202E}');
  });

  it('says in a workbook what it is about and what lacks', async () => {
    const file = home.path('about.xlsx');
    await ask(['share', ...PERIOD, '--under', 'H01', '--xlsx', file, '--lang', 'vi']);
    const [, about] = await readXlsxFile(file);
    const said = about?.data.flat().map(String) ?? [];
    expect(said).toEqual(expect.arrayContaining(['quý III năm 2026', 'H01', '62']));
    expect(said.some((one) => one.startsWith('1 cơ quan chưa báo cáo gì'))).toBe(true);
  });
});

describe('the signed report', () => {
  it('is an official document that its own check, pdfsig and qpdf find signed by the relay', async () => {
    const file = home.path('bao-cao.pdf');
    const head = ['--number', '45/BC-TTĐS', '--place', 'Hà Nội', '--recipient', 'Bộ Nội vụ'];
    const who = ['--signatory', 'Nguyễn Thị Minh Khai', '--position', 'Giám đốc'];
    await ask([
      'share',
      ...PERIOD,
      '--by',
      'agency',
      '--pdf',
      file,
      ...head,
      ...who,
      '--lang',
      'vi',
    ]);
    const text = await textOf(file);
    for (const words of [
      'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM',
      'Số: 45/BC-TTĐS',
      'Hà Nội, ngày 15 tháng 7 năm 2026',
      'Tỷ lệ gửi văn bản điện tử quý III năm 2026',
      '≥ 64,5%',
      'Tổng cộng',
      'III. Tính riêng',
      '3 số không có hồ sơ: H01.40 4–5/2026; H01.40 8/2026.',
      'GIÁM ĐỐC',
      `Ký số bởi ${SIGNER_NAME}`,
      'Nguyễn Thị Minh Khai',
    ]) {
      expect(text).toContain(words);
    }
    const trust = home.path('trust');
    await writeTrust(trust);
    const verified = await home.run(['file', 'verify', file, '--trust', trust, '--json']);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.out).toContain('TOTAL-PASSED');
    const { stdout } = await run('pdfsig', ['-nocert', file]);
    expect(stdout).toContain('Signature is Valid');
    expect(stdout).toContain('Total document signed');
    await run('qpdf', ['--check', file]);
  });

  it('is English and takes another key when told', async () => {
    const { keys, certificate } = await home.pki.issue({ commonName: 'Văn phòng', use: 'seal' });
    const key = { privateKey: keys.privateKey, certificate, chain: [] };
    const p12 = home.path('seal.p12');
    const passphrase = KEY_PASSPHRASE;
    await writeFile(p12, writePkcs12({ ...key, friendlyName: 'seal', passphrase }));
    const file = home.path('gaps.pdf');
    const told = readJson<{ files: { signer: string; level: string }[] }>(
      await ask(['gaps', ...PERIOD, '--pdf', file, '--p12', p12, '--lang', 'en', '--json']),
    );
    expect(told.files.map(({ level, signer }) => `${level} ${signer}`)).toEqual([
      'B-B CN=Văn phòng, C=VN',
    ]);
    const text = await textOf(file);
    expect(text).toContain('SOCIALIST REPUBLIC OF VIET NAM');
    expect(text).toMatch(/H01\.40 Ủy ban nhân dân xã Vĩnh Tế +Register +4–5\/2026/u);
  });

  it('has a time-stamp where a service is named', async () => {
    await using town = await createTown();
    const port = await freePort();
    await town.json(['ca', 'init', '--base-url', `http://127.0.0.1:${port}`]);
    const tsa = town.path('tsa.p12');
    await town.json(['ca', 'issue', '--use', 'tsa', '--name', 'Dấu thời gian', '--out', tsa]);
    await town.start(['ca', 'serve', '--port', String(port), '--tsa', tsa], /127\.0\.0\.1/);
    const file = home.path('stamped.pdf');
    const line = ['gaps', ...PERIOD, '--pdf', file, '--tsa', `http://127.0.0.1:${port}/tsa`];
    const told = readJson<{ files: { level: string }[] }>(await ask([...line, '--json']));
    expect(told.files.map(({ level }) => level)).toEqual(['B-T']);
  });

  it.each(['trend', 'deliveries', 'overdue', 'agencies'])(
    '%s is drawn with names that try to break it',
    async (name) => {
      const file = home.path(`${name}.pdf`);
      await ask([name, ...PERIOD, '--pdf', file]);
      await run('qpdf', ['--check', file]);
      const { stdout } = await run('pdftotext', ['-bbox', file, '-']);
      const edges = [...stdout.matchAll(/xMax="([\d.]+)"/gu)].map(([, edge]) => Number(edge));
      // 20 mm of the right edge stay free.
      expect(Math.max(...edges)).toBeLessThanOrEqual(595.28 - 56);
      expect(stdout.includes(`>${HOSTILE}<`)).toBe(name !== 'trend');
    },
  );
});

describe('files', () => {
  it('are never written over unless told, and appear whole or not at all', async () => {
    const file = home.path('twice.csv');
    const line = ['stats', 'gaps', ...PERIOD, '--csv', file];
    expect((await home.run(line)).code).toBe(0);
    const before = await readFile(file, 'utf8');
    expect(before.startsWith('\u{FEFF}agency,name,kind,')).toBe(true);
    const again = await home.run(line);
    expect([again.code, again.out]).toEqual([6, '']);
    expect((await home.run([...line, '--under', 'H02', '--force'])).code).toBe(0);
    expect(await readFile(file, 'utf8')).not.toBe(before);
    expect((await home.run(['stats', 'gaps', '--csv', home.home, '--force'])).code).toBe(6);
  });

  it('are not left half written after Ctrl-C', async () => {
    const stopSignal = AbortSignal.abort();
    const names = ['--csv', home.path('s.csv'), '--xlsx', home.path('s.xlsx')];
    const stopped = await home.run(['stats', 'share', ...PERIOD, ...names], { stopSignal });
    expect(stopped).toMatchObject({ code: 6, out: '' });
    expect(stopped.err).toContain('CLI_GIVEN_UP');

    const controller = new AbortController();
    const cli = quietCli(controller.signal);
    const endless = {
      as_of: { record: 1, day: '2026-07-15' },
      rows: [{}],
      total: null,
      next: 'more',
    };
    async function* lines(): AsyncGenerator<string> {
      for await (const page of readPages(cli, () => endless, { limit: 1, all: true })) {
        yield `${page.rows.length}\n`;
        controller.abort();
      }
    }
    const file = home.path('stopped.csv');
    await expect(writeNewFile(cli, file, lines())).rejects.toBeInstanceOf(CliError);
    await expect(stat(file)).rejects.toThrow('ENOENT');
    const left = await readdir(home.home);
    expect(left.filter((name) => name.endsWith('.part') || name.startsWith('s.'))).toEqual([]);
  });

  it.each([
    ['an option of reports without a report', ['share', '--number', '1/BC'], 2],
    ['CSV and JSON both to stdout', ['share', '--csv', '--json'], 2],
    ['a day that does not exist', ['share', '--period', '2026-02-31'], 2],
    ['an agency code that is none', ['gaps', '--under', 'nowhere'], 2],
    ['a folder that is not there', ['gaps', '--csv', '/nowhere/at/all.csv'], 6],
  ])('%s is refused', async (_, argv, code) => {
    const refused = await home.run(['stats', ...argv]);
    expect([refused.code, refused.out]).toEqual([code, '']);
    expect(refused.err).not.toBe('');
  });
});

async function writeTrust(folder: string): Promise<void> {
  for (const part of ['anchors', 'intermediates', 'crls']) {
    await mkdir(join(folder, part), { recursive: true });
  }
  await writeFile(join(folder, 'anchors', 'root.crt'), home.pki.root.der);
  await writeFile(join(folder, 'intermediates', 'issuing.crt'), home.pki.issuing.der);
  await writeFile(join(folder, 'crls', 'root.crl'), home.pki.rootCrl().der);
  await writeFile(join(folder, 'crls', 'issuing.crl'), home.pki.crl().der);
}

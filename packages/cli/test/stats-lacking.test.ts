import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { BreakdownRow, FiguresAnswer, GapRow, Page } from '@congvan/bus/figures';
import readXlsxFile from 'read-excel-file/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// oxlint-disable no-restricted-imports -- tests of the bus and of the command share these records
import { RelayDatabase, composeReport, paper } from '../../bus/test/relay/relay-database.ts';
import { Intake } from '../../bus/src/relay/intake.ts';
import { openDatabase } from '../../bus/src/relay/storage/database.ts';
// oxlint-enable no-restricted-imports
import { lackingOf } from '../src/stats/lacking.ts';
import { type StatsHome, NOW, openStatsHome, quietCli } from './stats-home.ts';
import { readJson } from './town.ts';

const run = promisify(execFile);
const QUARTER = ['--period', '2026-Q3'];
const NOTHING = 'Every agency has reported';
const BY_RECIPIENT = 'this list goes by recipient';
const AT = '2026-07-10T02:00:00.000Z';
/** Every second number of one agency, from 5,002 on, besides what the home has. */
const SECOND_NUMBERS = 1_500;

let home: StatsHome;

beforeAll(async () => {
  home = await openStatsHome();
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

async function textOf(pdf: string): Promise<string> {
  const { stdout } = await run('pdftotext', ['-layout', pdf, '-']);
  return stdout.normalize('NFC').replaceAll(/\s+/gu, ' ');
}

async function ask(
  where: StatsHome,
  argv: readonly string[],
): Promise<{ out: string; err: string }> {
  const { code, out, err } = await where.run(['stats', ...argv, '--lang', 'en']);
  if (code !== 0) throw new Error(`stats ${argv.join(' ')}: ${code}: ${err}`);
  return { out, err };
}

it('says of a period to come that it has not begun, not that everybody is silent', async () => {
  const { err } = await ask(home, ['share', '--period', '2027-Q1']);
  expect(err).toBe('note: the period had not begun on the day of these figures\n');
});

describe('a list by recipient', () => {
  it.each(['deliveries', 'overdue'])(
    '%s never says that nothing lacks: what senders lack was not looked for',
    async (name) => {
      const [pdf, xlsx] = [home.path(`${name}.pdf`), home.path(`${name}.xlsx`)];
      const line = [name, ...QUARTER, '--side', 'recipient'];

      const { err } = await ask(home, [...line, '--pdf', pdf, '--xlsx', xlsx]);

      const [, about] = await readXlsxFile(xlsx);
      const inWorkbook = about?.data.flat().map(String).join('\n') ?? '';
      for (const said of [await textOf(pdf), inWorkbook, err]) {
        expect(said).not.toContain(NOTHING);
        expect(said.toLowerCase()).toContain(BY_RECIPIENT);
        expect(said.toLowerCase()).toContain('the period is not over');
      }
    },
  );

  it('is told from one by sender of which nothing lacks', async () => {
    const line = ['deliveries', '--period', '2026-05', '--agency', 'H02'];
    const [sent, received] = [home.path('sent.pdf'), home.path('received.pdf')];
    await ask(home, [...line, '--pdf', sent]);
    await ask(home, [...line, '--side', 'recipient', '--pdf', received]);
    expect(await textOf(sent)).toContain(NOTHING);
    expect(await textOf(received)).not.toContain(NOTHING);
  });
});

describe('more gaps than one question gives', () => {
  let large: StatsHome;
  type Share = FiguresAnswer &
    Page<BreakdownRow> & {
      gaps: GapRow[];
      gaps_cut: boolean;
      silent: { code: string }[];
      silent_cut: boolean;
    };

  beforeAll(async () => {
    large = await openStatsHome();
    const db = openDatabase(join(large.relay, 'relay.sqlite'));
    const intake = new Intake(db, () => NOW);
    const { highest, upToHash } = intake.reports.chain('H02.40');
    let hash: string | null = upToHash;
    intake.inTransaction(() => {
      for (let index = 1; index <= SECOND_NUMBERS; index += 1) {
        const entry = paper(5_000 + 2 * index);
        const report = composeReport('H02.40', highest + index, hash, entry, AT);
        hash = report.verified.payloadHash;
        intake.take({ report: report.verified, entry: report.entry });
      }
      const unlinked = 'f'.repeat(64);
      const after = composeReport('H02.41', 3, unlinked, paper(2, '2026-07-08'), AT);
      intake.take({ report: after.verified, entry: after.entry });
    });
    db.close();
  });

  afterAll(async () => {
    await large[Symbol.asyncDispose]();
  });

  async function share(argv: readonly string[]): Promise<Share> {
    return readJson<Share>((await ask(large, ['share', ...argv, '--json'])).out);
  }

  it('says how many numbers are missing, not how many gaps were read, and whose reports', async () => {
    const { figures } = await share(QUARTER);
    // 4, 5 and 8 of the home; then 3 to 5,001 and every second number.
    const missing = 3 + 4_999 + (SECOND_NUMBERS - 1);
    expect(figures.missing_numbers).toBe(missing);
    const named = 3 + 4_999 + (20 - 3);
    const [pdf, xlsx] = [large.path('share.pdf'), large.path('share.xlsx')];

    const { err } = await ask(large, ['share', ...QUARTER, '--pdf', pdf, '--xlsx', xlsx]);

    const [, about] = await readXlsxFile(xlsx);
    const inWorkbook = about?.data.flat().map(String).join('\n') ?? '';
    for (const said of [await textOf(pdf), inWorkbook, err]) {
      expect(said).toMatch(
        /umbers without a record \(6,501\): H01\.40 4–5\/2026; H01\.40 8\/2026; H02\.40 3–5001\/2026; /u,
      );
      expect(said).toContain(`and ${(missing - named).toLocaleString('en')} more numbers`);
      expect(said).toMatch(/eports are missing from H02\.41: the shares are lower bounds/u);
    }
    const vi = await large.run(['stats', 'share', ...QUARTER, '--lang', 'vi']);
    expect(vi.err).toContain('6.501 số không có hồ sơ: H01.40 4–5/2026;');
    expect(vi.err).toContain('và 1.482 số khác');
    expect(vi.err).toContain('thiếu báo cáo của H02.41');
  });

  it('has every gap with --json --all, and says of shorter lists that they are cut', async () => {
    const all = await share([...QUARTER, '--all']);
    const numbers = all.gaps
      .filter(({ kind }) => kind === 'register')
      .reduce((sum, { first, last }) => sum + last - first + 1, 0);
    expect(numbers).toBe(all.figures.missing_numbers);
    expect(all.gaps.filter(({ kind }) => kind === 'report').map(({ agency }) => agency)).toEqual([
      'H02.41',
    ]);
    expect(all).toMatchObject({ gaps_cut: false, silent_cut: false });

    const some = await share(QUARTER);
    expect(some).toMatchObject({ gaps: all.gaps.slice(0, 100), gaps_cut: true, silent_cut: false });
    const few = await share([...QUARTER, '--limit', '7']);
    expect(few).toMatchObject({ gaps: all.gaps.slice(0, 7), gaps_cut: true });
  });

  it('says of the agencies that reported nothing that they are cut, too', async () => {
    const may = ['--period', '2026-05', '--under', 'H01'];
    const all = await share([...may, '--all']);
    expect(all.agencies_silent).toBeGreaterThan(2);
    expect(all).toMatchObject({ silent_cut: false });
    expect(all.silent).toHaveLength(all.agencies_silent);
    const few = await share([...may, '--limit', '2']);
    expect(few).toMatchObject({ silent: all.silent.slice(0, 2), silent_cut: true });
  });
});

it('names an agency once however many of its reports are missing, and says where it stopped', async () => {
  using town = new RelayDatabase();
  const first = Array.from({ length: 24 }, (_, index) => `H10.${10 + index}`);
  const codes = [...first, 'H11', 'H12'];
  for (const code of codes) town.addAgency(code, 'province');
  const lose = (code: string, numbers: number): void => {
    for (let number = 1; number <= numbers; number += 1) {
      town.compose(code, paper(2 * number - 1));
      const { verified, entry } = town.compose(code, paper(2 * number));
      town.intake.take({ report: verified, entry });
    }
  };
  town.intake.inTransaction(() => {
    for (const code of first) lose(code, 1);
    lose('H11', 1_100);
    lose('H12', 1);
  });
  const request = { period: '2026-07' };
  const asked = { request, answer: town.queries.figures(request), isOfSenders: true };
  const named = first.slice(0, 20).join('; ');

  const whole = await lackingOf(quietCli(), town.queries, asked);
  expect(whole).toContain(
    `reports are missing from ${named}; and 6 more: the shares are lower bounds`,
  );
  const stopped = await lackingOf(quietCli(), town.queries, { ...asked, maxReports: 1_000 });
  expect(stopped).toContain(
    `reports are missing from ${named}; and ≥ 5 more: the shares are lower bounds`,
  );
});

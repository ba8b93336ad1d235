import { describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../../src/index.ts';
import { textsOf } from '../../../src/relay/pages/texts.ts';
import { AlertStore } from '../../../src/relay/storage/alert-store.ts';
import { type HttpTown, openHttpTown } from '../http/http-town.ts';
import {
  NOW,
  RelayDatabase,
  composeReport,
  dispatch,
  electronic,
  paper,
  receipt,
  voided,
} from '../relay-database.ts';

const H10 = parseAgencyCode('H10');
const TO_H10_2 = [parseAgencyCode('H10.2')];
const vi = textsOf('vi');

describe('what is missing, on the pages', () => {
  it('is named of whom an agency took over, where the structure is that of now', async () => {
    await using town = await openHttpTown({ fill: addMerger });
    const token = await town.account({ name: 'kiemtra', role: 'auditor' });
    const list = '/agencies?period=2026-07&structure=now&under=H10';
    const row = rowOf(await read(town, token, list), 'H10.2');
    expect(row.text).toMatch(/\b3 H10\.1: 2–3; H10\.2: 2$/u);
    const own = rowOf(await read(town, token, '/agencies?period=2026-07&under=H10'), 'H10.2');
    expect(own.text).toMatch(/\b1 2$/u);
    expect(rangesOf(await read(town, token, '/agencies/H10.2?period=2026-07&structure=now'))).toBe(
      'H10.1: 2–3; H10.2: 2',
    );
    // The way from there leads to the same numbers.
    const gaps = await read(town, token, row.href);
    expect(rowsOf(gaps).map(({ text }) => / 2026 (\S+)/u.exec(text)?.[1])).toEqual(['2–3', '2']);
  });

  it('comes page by page, of one agency by the structure of now, too', () => {
    using database = new RelayDatabase();
    addMerger(database);
    const request = { period: '2026-07', agency: 'H10.2', structure: 'now', limit: 1 } as const;
    const first = database.queries.gaps(request);
    expect(first.rows).toMatchObject([{ agency: 'H10.1', first: 2, last: 3 }]);
    const second = database.queries.gaps({ ...request, after: first.next ?? '' });
    expect(second).toMatchObject({ rows: [{ agency: 'H10.2', first: 2, last: 2 }], next: null });
  });

  it('has the year of its register where a week belongs to two of them', async () => {
    await using town = await openHttpTown({
      fill: (database) => {
        database.addAgency('H10', 'province');
        database.report('H10', paper(8, '2024-12-30'));
        database.report('H10', paper(10, '2024-12-31'));
        for (const number of [1, 4]) database.report('H10', paper(number, '2025-01-02'));
        for (let number = 1; number < 8; number += 1) database.report('H10', voided(number, 2024));
      },
    });
    const token = await town.account({ name: 'kiemtra', role: 'auditor' });
    const week = await read(town, token, '/agencies?period=2025-W01');
    expect(rowOf(week, 'H10').text).toMatch(/\b3 sổ năm 2024: 9; sổ năm 2025: 2–3$/u);
    const year = await read(town, token, '/agencies?period=2025');
    expect(rowOf(year, 'H10').text).toMatch(/\b2 2–3$/u);
  });
});

describe('counts of deliveries', () => {
  it('lead to a list of as many, under the same conditions, on the page and as a file', async () => {
    await using town = await openHttpTown({ fill: addAnswers });
    const token = await town.account({ name: 'kiemtra', role: 'auditor' });
    for (const path of [
      '/?under=H10&period=2026-07',
      '/agencies/H10?period=2026-07&urgency=normal',
    ]) {
      const page = await read(town, token, path);
      const links = [...page.matchAll(/<dt>\s*<a href="(\/deliveries[^"]+)"[^]*?value="(\d+)"/gu)];
      const counts: Record<string, number> = {};
      for (const [, href = '', value] of links) {
        const asked = href.replaceAll('&amp;', '&');
        const list = await read(town, token, asked);
        expect(rowsOf(list)).toHaveLength(Number(value));
        expect(textOf(list)).toContain(vi.table.rows(String(value)));
        const file = await town.ask(asked.replace('/deliveries', '/csv/deliveries'), { token });
        expect(file.text.trim().split('\r\n')).toHaveLength(Number(value) + 1);
        counts[new URLSearchParams(asked).get('state') ?? 'all'] = Number(value);
      }
      expect(counts).toEqual({ all: 5, open: 2, overdue: 2, late: 2, '02': 1, recalled: 1 });
    }
  });
});

describe('days without a document', () => {
  it('are the same whatever type or urgency the other figures are about', async () => {
    await using town = await openHttpTown({
      fill: (database) => {
        database.addAgency('H10', 'province');
        database.addAgency('H09', 'province');
        // 22 working days; on two there was something.
        database.report('H10', paper(1, '2026-06-10'));
        const change = { issuedOn: '2026-06-11', documentType: 'Báo cáo' };
        database.report('H10', dispatch(2, [electronic('H09')], change));
      },
    });
    const token = await town.account({ name: 'kiemtra', role: 'auditor' });
    for (const filter of ['', '&document_type=Báo cáo', '&document_type=Tờ trình&urgency=urgent']) {
      const page = await read(town, token, `/agencies/H10?period=2026-06${filter}`);
      expect(textOf(page)).toContain(`${vi.agency.silentDays} 20 trên 22 ngày`);
    }
  });
});

describe('lists that are longer than a page', () => {
  it('do not say that nothing contradicts while there is more to look at', async () => {
    await using town = await openHttpTown({
      fill: ({ db }) => {
        const add = db.prepare<[string, number]>(
          `INSERT INTO contradiction (kind, agency, report_number, payload_hash, detail, found_ms)
           VALUES (?, 'H10', ?, 'ff', '', 0)`,
        );
        db.transaction(() => {
          add.run('CHAIN_FORK', 1);
          for (let number = 2; number < 20_502; number += 1) add.run('REPORT_BACKDATED', number);
        })();
      },
    });
    const token = await town.account({ name: 'kiemtra', role: 'auditor' });
    const { none } = vi.contradictions;
    const first = await read(town, token, '/contradictions?contradiction=CHAIN_FORK');
    expect(first).not.toContain(none);
    expect(first).toContain(vi.table.emptySoFar);
    const [, next = ''] = /href="([^"]+)" rel="next"/u.exec(first) ?? [];
    const second = await read(town, token, next.replaceAll('&amp;', '&'));
    expect(rowsOf(second)).toHaveLength(1);
    expect(second).not.toContain('rel="next"');
    // And the last page of a list is no proof of what the others held.
    const last = await read(town, token, '/contradictions?after=1');
    expect(last).not.toContain(none);
    expect(last).toContain(`${vi.contradictions.caption}. ${vi.table.emptyFurther}`);
  });

  it('say that nothing contradicts of the whole list alone, not of one kind or agency', async () => {
    await using town = await openHttpTown({
      fill: (database) => database.addAgency('H10', 'province'),
    });
    const token = await town.account({ name: 'kiemtra', role: 'auditor' });
    const { none, noneLate } = vi.contradictions;
    const whole = await read(town, token, '/contradictions');
    expect(whole).toContain(none);
    expect(whole).toContain(noneLate);
    const ofKind = await read(town, token, '/contradictions?contradiction=CHAIN_FORK');
    expect(ofKind).not.toContain(none);
    expect(ofKind).toContain(vi.table.empty);
    expect(await read(town, token, '/contradictions?agency=H10')).not.toContain(noneLate);
  });

  it('of agencies that miss reports go on, with each agency once however much it misses', async () => {
    await using town = await openHttpTown({ fill: addIncompleteChains });
    const token = await town.account({ name: 'kiemtra', role: 'auditor' });
    const shown: string[] = [];
    for (let path: string | undefined = '/health?period=2026-07'; path !== undefined;) {
      const chains = tableOf(await read(town, token, path), 'chains');
      shown.push(...rowsOf(chains).map(({ text }) => / (H\d+) /u.exec(text)?.[1] ?? ''));
      path = chains.includes('rel="next"') ? nextOf(chains) : undefined;
    }
    expect(shown).toEqual(INCOMPLETE);
  });

  it('of alerts and rejected records have a next page, and alerts say how many stand', async () => {
    await using town = await openHttpTown({ fill: addTroubles });
    const token = await town.account({ name: 'vanhanh', role: 'operator' });
    const first = await read(town, token, '/health');
    const [alerts, rejected] = [tableOf(first, 'alert-rows'), tableOf(first, 'rejected-rows')];
    expect(rowsOf(alerts)).toHaveLength(100);
    expect(textOf(alerts)).toContain(vi.table.rows('101'));
    expect(rowsOf(rejected)).toHaveLength(100);
    const second = tableOf(await read(town, token, nextOf(alerts)), 'alert-rows');
    expect(rowsOf(second).map(({ text }) => /\bH\d+\b/u.exec(text)?.[0])).toEqual(['H100']);
    // The page of one list stays where it is while the other goes on.
    const both = await read(
      town,
      token,
      nextOf(tableOf(await read(town, token, nextOf(alerts)), 'rejected-rows')),
    );
    expect(rowsOf(tableOf(both, 'alert-rows'))).toHaveLength(1);
    expect(rowsOf(tableOf(both, 'rejected-rows')).map(({ text }) => text)).toEqual([
      expect.stringContaining('vb.report.0'),
    ]);
  });
});

/** Agencies that miss a report each, more than a page of health has; the first misses a hundred. */
function addIncompleteChains(database: RelayDatabase): void {
  const [chatty = '', ...others] = INCOMPLETE;
  for (const code of INCOMPLETE) database.addAgency(code, 'commune');
  const take = (code: string, number: number): void => {
    const report = composeReport(
      code,
      number,
      '0'.repeat(64),
      paper(number),
      '2026-07-10T02:00:00.000Z',
    );
    database.intake.take({ report: report.verified, entry: report.entry });
  };
  database.intake.inTransaction(() => {
    for (let number = 2; number <= 202; number += 2) take(chatty, number);
    for (const code of others) take(code, 2);
  });
}

const INCOMPLETE = Array.from({ length: 112 }, (_, index) => `H${200 + index}`);

function addMerger(database: RelayDatabase): void {
  database.addAgency('H10', 'province');
  database.addAgency('H10.2', 'commune', { parent: H10 });
  const merged = { validTo: '2026-07-31T17:00:00.000Z', successors: TO_H10_2 };
  database.addAgency('H10.1', 'commune', { parent: H10, ...merged });
  database.report('H10.1', paper(1, '2026-07-03'));
  database.report('H10.1', paper(4, '2026-07-10'));
  database.report('H10.2', paper(1, '2026-07-05'));
  database.report('H10.2', paper(3, '2026-07-06'));
}

/** Of H10's five deliveries two are answered late, one is refused and one taken back. */
function addAnswers(database: RelayDatabase): void {
  for (const code of ['H09', 'H10', 'H11']) database.addAgency(code, 'province');
  for (const number of [1, 2]) {
    database.report('H10', dispatch(number, [electronic('H09'), electronic('H11')]));
  }
  database.report('H10', dispatch(3, [electronic('H09')]));
  database.report('H11', dispatch(1, [electronic('H09')]));
  const nextDay = { at: '2026-07-11T02:00:00.000Z' };
  database.report('H09', receipt('H10', 1, '01', nextDay));
  database.report('H09', receipt('H10', 2, '02', nextDay));
  database.report('H11', receipt('H10', 1, '15'));
  database.report('H09', receipt('H11', 1, '03', nextDay));
  database.sweep(NOW);
}

/** One alert and one rejected record more than a page holds. */
function addTroubles({ db }: RelayDatabase): void {
  const store = new AlertStore(db);
  const reject = db.prepare<[string]>(
    `INSERT INTO rejected_record (nats_subject, claimed_from, site, stored_ms, rejected_ms,
       finding, detail, message_sha256, message_bytes)
     VALUES (?, NULL, 'H01', 0, 0, 'RECORD_INVALID', '', 'x', 10)`,
  );
  db.transaction(() => {
    for (let index = 0; index < 101; index += 1) {
      const agency = `H${100 + index}`;
      const alert = { code: 'AGENCY_SILENT', key: agency, agency, severity: 'warning' } as const;
      store.add({ ...alert, valuesJson: '{}', openedMs: 0 });
      reject.run(`vb.report.${index}`);
    }
    const id = store.add({
      code: 'BACKLOG',
      key: 'x',
      agency: null,
      severity: 'critical',
      valuesJson: '{}',
      openedMs: 0,
    });
    store.close(id, 1);
  })();
}

async function read(town: HttpTown, token: string, path: string): Promise<string> {
  const { status, text } = await town.ask(path, { token, headers: { accept: 'text/html' } });
  expect(status).toBe(200);
  return text;
}

interface ShownRow {
  readonly text: string;
  /** Where its numbers without a trace stand. */
  readonly href: string;
}

function rowsOf(page: string): ShownRow[] {
  return [...page.matchAll(/<tr data-row[^]*?<\/tr>/gu)].map(([row]) => ({
    text: textOf(row),
    href: (/href="(\/gaps[^"]*)"/u.exec(row)?.[1] ?? '').replaceAll('&amp;', '&'),
  }));
}

function rowOf(page: string, code: string): ShownRow {
  const row = rowsOf(page).find(({ text }) => text.includes(` ${code} `));
  if (row === undefined) throw new Error(`no row of ${code}`);
  return row;
}

function rangesOf(page: string): string {
  return textOf(/<a\s+class="ranges"[^>]*>[^]*?<\/a/u.exec(page)?.[0] ?? '');
}

/** A table with its foot. */
function tableOf(page: string, id: string): string {
  const section = page.split('<section').find((one) => one.includes(`id="${id}"`));
  if (section === undefined) throw new Error(`no table ${id}`);
  return section;
}

function nextOf(table: string): string {
  const [, href] = /href="([^"]+)" rel="next"/u.exec(table) ?? [];
  if (href === undefined) throw new Error('no next page');
  return href.replaceAll('&amp;', '&');
}

function textOf(markup: string): string {
  return markup
    .replaceAll(/<[^>]*>?/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}

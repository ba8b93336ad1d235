import { type HttpTown, openHttpTown } from '../http/http-town.ts';
import { parseAgencyCode } from '../../../src/index.ts';
import {
  NOW,
  type RelayDatabase,
  dispatch,
  electronic,
  onPaper,
  paper,
  receipt,
  voided,
  withdrawn,
} from '../relay-database.ts';

export const AN_GIANG = 'Ủy ban nhân dân tỉnh An Giang';
export const VINH_TE = 'Ủy ban nhân dân xã Vĩnh Tế';
export const NUI_SAM = 'Ủy ban nhân dân phường Núi Sam';
export const HOSTILE_NAME = `<script>alert('tên')</script>"'><img src=x onerror=alert(1)> \u{202E}nhảm`;
/** The name of an agency that has never reported anything. */
export const FORMULA_NAME = '=HYPERLINK("http://x";"Im Lặng")';
export const HOSTILE_ABSTRACT = `</title><script>alert("trích yếu")</script>${'W'.repeat(400)}`;

/**
 * Two provinces under a ministry, with communes of every kind: one that reaches its target, two that
 * do not, one of these with numbers that nobody has heard of, one that is silent, and one whose name
 * and abstracts try to break the page.
 */
export async function openPageTown(): Promise<HttpTown> {
  const town = await openHttpTown({
    config: { targets: { 2026: { central: 0.9, province: 0.9, commune: 0.6 } } },
    fill: (database) => {
      addAgencies(database);
      addReports(database);
      database.sweep(NOW);
    },
  });
  const scoped = { role: 'auditor', scope: parseAgencyCode('H02') } as const;
  await town.account({ name: 'kiemtra', role: 'auditor' });
  await town.account({ name: 'vanhanh', role: 'operator' });
  await town.account({ name: 'tinh2', ...scoped });
  await town.account({ name: 'vinhte', role: 'agency', scope: parseAgencyCode('H01.40') });
  return town;
}

function addAgencies(database: RelayDatabase): void {
  const add = (
    code: string,
    tier: 'central' | 'province' | 'commune',
    name: string,
    parent: string | null,
  ): void => {
    const site = tier === 'central' ? 'TW' : code.slice(0, 3);
    const above = parent === null ? null : parseAgencyCode(parent);
    database.addAgency(code, tier, { name, parent: above, site });
  };
  add('G01', 'central', 'Bộ Nội vụ', null);
  add('H01', 'province', AN_GIANG, null);
  add('H02', 'province', 'Ủy ban nhân dân tỉnh Cà Mau', null);
  add('H01.01', 'province', 'Sở Tài chính An Giang', 'H01');
  add('H01.40', 'commune', VINH_TE, 'H01');
  add('H01.41', 'commune', NUI_SAM, 'H01');
  add('H01.42', 'commune', 'Ủy ban nhân dân xã Ba Chúc', 'H01');
  add('H01.43', 'commune', FORMULA_NAME, 'H01');
  add('H02.40', 'commune', 'Ủy ban nhân dân xã Đất Mũi', 'H02');
  add('H02.41', 'commune', HOSTILE_NAME, 'H02');
}

function addReports(database: RelayDatabase): void {
  const send = (
    from: string,
    number: number,
    to: string,
    change: Parameters<typeof dispatch>[2] = {},
  ): void => {
    const own = { documentId: `${from}-${number}`, ...change };
    database.report(from, dispatch(number, [electronic(to)], own));
  };
  const answer = (to: string, from: string, number: number, status: string, at: string): void => {
    const change = { documentId: `${from}-${number}`, at };
    database.report(to, receipt(from, number, status, change));
  };
  for (const [from, to] of [
    ['G01', 'H01'],
    ['H01', 'H01.40'],
    ['H01.01', 'H01'],
    ['H02', 'H02.40'],
  ] as const) {
    send(from, 1, to, { issuedOn: '2026-05-12' });
    for (const number of [2, 3, 4]) {
      send(from, number, to, { issuedOn: '2026-07-09' });
      answer(to, from, number, '01', '2026-07-09T03:00:05.000Z');
      answer(to, from, number, '03', '2026-07-09T05:00:00.000Z');
    }
    database.report(from, paper(5, '2026-07-09'));
  }
  // Vĩnh Tế: 2 of 5 electronic, and nobody has heard of 4, 5 and 8.
  send('H01.40', 1, 'H01', { issuedOn: '2026-07-06' });
  send('H01.40', 2, 'H02', { issuedOn: '2026-07-06', priority: 1 });
  for (const number of [3, 6, 7]) database.report('H01.40', paper(number, '2026-07-07'));
  database.report('H01.40', voided(9));
  answer('H01', 'H01.40', 1, '02', '2026-07-06T04:00:00.000Z');
  // Núi Sam: 1 of 3, with every number known.
  send('H01.41', 1, 'H01.40', { issuedOn: '2026-07-08' });
  for (const number of [2, 3]) database.report('H01.41', paper(number, '2026-07-08'));
  // Ba Chúc reaches its target.
  for (const number of [1, 2, 3]) send('H01.42', number, 'H01', { issuedOn: '2026-07-08' });
  const both = [electronic('H01.40', 'E+P'), electronic('H02'), onPaper('Công ty Ánh Dương')];
  database.report('H01.42', dispatch(4, both, { documentId: 'H01.42-4', issuedOn: '2026-07-08' }));
  const givenUp = withdrawn(4, 'H02', 'gửi nhầm nơi');
  database.report('H01.42', Object.assign(givenUp, { documentId: 'H01.42-4' }));
  // Đất Mũi: 1 of 2; and the one that wants to break the page.
  send('H02.40', 1, 'H02', { issuedOn: '2026-07-08' });
  database.report('H02.40', paper(2, '2026-07-08'));
  send('H02.41', 1, 'H02', { issuedOn: '2026-07-08', abstract: HOSTILE_ABSTRACT });
  // All that it says came late, and a second record of its number 1 came too.
  database.db.exec(
    `INSERT OR IGNORE INTO late_report SELECT id FROM stored_report WHERE agency = 'H02.41';
     INSERT INTO contradiction (kind, agency, report_number, payload_hash, detail, found_ms)
       VALUES ('CHAIN_FORK', 'H02.41', 1, 'ff', 'report 1 hashes to ff', 0);`,
  );
}

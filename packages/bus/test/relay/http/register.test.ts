import { expect, it } from 'vitest';

import { dispatch, electronic, onPaper, paper, receipt, voided } from '../relay-database.ts';
import { openHttpTown } from './http-town.ts';

interface Answer {
  readonly rows: readonly {
    readonly number: number;
    readonly counted_as: string;
    readonly day: string;
    readonly reason: string | null;
    readonly paper_to: readonly string[];
    readonly document_id: string | null;
  }[];
  readonly next: string | null;
}

const JULY = '/api/v1/register?agency=H09&period=2026-07';

it('a register lists each number with what it counts as, as often as the figures say', async () => {
  await using town = await openHttpTown({
    fill: (database) => {
      database.addAgency('H09', 'province');
      database.addAgency('H09.12', 'commune');
      const send = (number: number, issuedOn: string, at: string) =>
        database.report('H09', dispatch(number, [electronic('H09.12')], { issuedOn }), at);
      send(1, '2026-06-30', '2026-06-30T02:00:00.000Z');
      send(2, '2026-07-01', '2026-07-01T02:00:00.000Z');
      const both = [electronic('H09.12'), onPaper('Công ty Ánh Dương')];
      database.report('H09', dispatch(3, both));
      database.report('H09', paper(4));
      // By its report of 01:30 on the first of August at +07:00, which is July in UTC.
      database.report('H09', voided(5), '2026-07-31T18:30:00.000Z');
      database.report('H09', voided(6));
      send(7, '2026-07-02', '2026-07-02T02:00:00.000Z');
      database.report('H09.12', receipt('H09', 2, '01'));
      database.report('H09.12', receipt('H09', 3, '02'));
      // Number 7 has had no answer for 30 days.
      database.sweep(new Date('2026-08-20T02:00:00Z'));
    },
  });
  const token = await town.account({ name: 'lan', role: 'auditor' });
  const ask = async (path: string): Promise<Answer> => {
    const { text, status } = await town.ask(path, { token });
    expect(status).toBe(200);
    return JSON.parse(text) as Answer; // its shape is held to the schema by the test of OpenAPI
  };
  const { rows, next } = await ask(JULY);
  expect(next).toBeNull();
  expect(rows.map((row) => [row.number, row.counted_as, row.day])).toEqual([
    [2, 'E', '2026-07-01'],
    [3, 'EP', '2026-07-10'],
    [4, 'P', '2026-07-10'],
    [6, 'void', '2026-07-10'],
    [7, 'undelivered', '2026-07-02'],
  ]);
  expect(rows[2]).toMatchObject({ reason: 'not-connected', paper_to: ['Công ty Ánh Dương'] });
  expect(rows[3]).toMatchObject({ reason: 'soạn nhầm', document_id: null });
  expect(rows[4]).toMatchObject({ reason: null, document_id: 'doc-7' });

  const shown = await town.ask('/api/v1/figures?agency=H09&period=2026-07', { token });
  const { figures } = JSON.parse(shown.text) as { figures: Record<string, number> };
  for (const [counted, figure] of [
    ['E', 'E'],
    ['EP', 'EP'],
    ['P', 'P'],
    ['undelivered', 'undelivered'],
    ['void', 'void_numbers'],
  ] as const) {
    const listed = await ask(`${JULY}&counted_as=${counted}`);
    expect({ counted, count: listed.rows.length }).toEqual({ counted, count: figures[figure] });
  }

  const first = await ask(`${JULY}&limit=3`);
  const second = await ask(`${JULY}&limit=3&after=${first.next ?? ''}`);
  expect([...first.rows, ...second.rows]).toEqual(rows);
  expect(second.next).toBeNull();

  const csv = await town.ask('/csv/register?agency=H09&period=2026-07&counted_as=P', { token });
  expect(csv.text).toContain('H09,2026,4,UBND-VP,P,2026-07-10,');
  expect(csv.text).toContain(',not-connected,Công ty Ánh Dương,,');
  const noAgency = await town.ask('/register', { token, headers: { accept: 'text/html' } });
  expect(noAgency.status).toBe(400);
});

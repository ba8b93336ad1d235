import { expect, it } from 'vitest';

import { parseAgencyCode } from '../../../src/index.ts';
import { type RelayDatabase, dispatch, electronic } from '../relay-database.ts';
import { openHttpTown } from './http-town.ts';

/** Two agencies that contradict themselves, came late, and sent something that failed the check. */
function fill(database: RelayDatabase): void {
  database.addAgency('H09', 'province');
  database.addAgency('H09.12', 'commune', { parent: parseAgencyCode('H09') });
  database.addAgency('H10', 'province');
  const rejected = database.db.prepare<[string, string]>(
    `INSERT INTO rejected_record (nats_subject, claimed_from, site, stored_ms, rejected_ms, finding,
       detail, message_sha256, message_bytes)
     VALUES ('vb.report', ?, 'H09', 0, 0, 'SIGNER_NOT_LISTED', '=cmd|"calc", a comma', ?, 10)`,
  );
  for (const from of ['H09.12', 'H10']) {
    database.report(from, dispatch(1, [electronic('H09')], { documentId: `own-${from}` }));
    database.report(from, dispatch(1, [electronic('H09')], { documentId: `again-${from}` }));
    rejected.run(from, from);
  }
  database.db.exec('INSERT OR IGNORE INTO late_report SELECT id FROM stored_report');
}

const COLUMNS = {
  contradictions: 'id,kind,agency,report_number,payload_hash,detail,found_at',
  late: 'id,agency,report_number,stated_at,stored_at',
  rejected: 'id,subject,claimed_from,site,stored_at,rejected_at,finding,detail,bytes',
} as const;

it('contradictory, late and rejected records are files with the rows of the API, each those of the scope', async () => {
  await using town = await openHttpTown({ fill });
  const tokens = new Map([
    ['all', await town.account({ name: 'all', role: 'operator' })],
    ['nine', await town.account({ name: 'nine', role: 'operator', scope: 'H09' })],
  ]);
  for (const [list, columns] of Object.entries(COLUMNS)) {
    const files = new Map<string, string>();
    for (const [name, token] of tokens) {
      const { status, text, headers } = await town.ask(`/csv/${list}`, { token });
      expect({ list, status }).toEqual({ list, status: 200 });
      expect(headers.get('content-disposition')).toBe(`attachment; filename="${list}.csv"`);
      const json = JSON.parse((await town.ask(`/api/v1/${list}`, { token })).text) as {
        rows: { id: number }[];
      };
      const [head, ...lines] = text.trimEnd().split('\r\n');
      expect(head).toBe(columns);
      expect(lines.map((line) => Number(line.split(',', 1)[0]))).toEqual(
        json.rows.map(({ id }) => id),
      );
      files.set(name, text);
    }
    expect(files.get('all')).toContain('H10');
    expect(files.get('nine')).toContain('H09.12');
    expect(files.get('nine')).not.toContain('H10');
  }
  const token = tokens.get('all') ?? '';
  expect((await town.ask('/csv/rejected', { token })).text).toContain(
    `,"'=cmd|""calc"", a comma",10\r\n`,
  );
  const one = (await town.ask('/csv/late?agency=H10', { token })).text;
  expect(one).toContain('H10');
  expect(one).not.toContain('H09.12');
  expect((await town.ask('/csv/late?agency=nobody', { token })).status).toBe(400);

  // The pages lead to them; records that failed the check are for operators.
  const page = async (path: string) => (await town.ask(path, { token })).text;
  expect(await page('/contradictions')).toContain('href="/csv/contradictions"');
  expect(await page('/contradictions?agency=H10')).toContain('href="/csv/late?agency=H10"');
  expect(await page('/health')).toContain('href="/csv/rejected"');
  const auditor = await town.account({ name: 'lan', role: 'auditor' });
  expect((await town.ask('/csv/rejected', { token: auditor })).status).toBe(404);
});

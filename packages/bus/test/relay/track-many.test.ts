import { expect, it } from 'vitest';

import { MAX_TRACKED_DOCUMENTS } from '../../src/relay/queries.ts';
import { textsOf } from '../../src/relay/pages/texts.ts';
import { MAX_CANDIDATES, type Narrowing } from '../../src/relay/storage/document-search.ts';
import {
  MAX_TRACKED_CONTRADICTORY,
  MAX_TRACKED_RECEIPTS_OF_ONE,
} from '../../src/relay/storage/track-queries.ts';
import { openHttpTown } from './http/http-town.ts';
import { RelayDatabase, dispatch, electronic, receipt } from './relay-database.ts';

it('a number that everybody gives is shown of some, says so, and is found of whoever is named', () => {
  using town = new RelayDatabase();
  const count = MAX_TRACKED_DOCUMENTS + 20;
  const codes = Array.from({ length: count }, (_, index) => `H${String(index + 1_000)}`);
  town.intake.inTransaction(() => {
    for (const code of codes) {
      const { verified, entry } = town.compose(code, dispatch(1, [electronic('G12')]));
      town.intake.take({ report: verified, entry });
    }
  });
  const last = codes.at(-1) ?? '';
  const { queries } = town;

  const all = queries.search('1/UBND-VP');
  expect(all.documents).toHaveLength(MAX_TRACKED_DOCUMENTS);
  expect(all.hasMore).toBe(true);
  const ofLast = { documents: [{ from: last }], hasMore: false };
  expect(queries.search('1/UBND-VP', { from: last })).toMatchObject(ofLast);
  expect(queries.search('1/UBND-VP', {}, (from) => from === last)).toMatchObject(ofLast);
});

it('a search looks at so many documents, newest year first, and year or agency lead to the others', async () => {
  await using town = await openHttpTown({ fill: addManyYears });
  const { queries } = town.database;
  const seen: string[] = [];
  const found = queries.search('1/UBND-VP', {}, (from) => seen.push(from) > 0 && from === 'H09');
  expect(seen).toHaveLength(MAX_CANDIDATES + 1);
  expect(found).toMatchObject({ documents: [{ register: { year: 2026 } }], hasMore: true });
  const years = (narrowing: Narrowing) =>
    queries
      .search('1/UBND-VP', narrowing, (from) => from === 'H09')
      .documents.map(({ register }) => register.year);
  expect(years({ from: 'H09' })).toEqual([2024, 2026]);
  expect(years({ from: 'H09', year: 2024 })).toEqual([2024]);
  expect(years({ year: 2024 })).toEqual([2024]);

  // The page says so, and does not take the only one found for the only one there is.
  const token = await town.account({ name: 'nine', role: 'agency', scope: 'H09' });
  const page = async (query: string) => {
    const address = `/documents?q=1%2FUBND-VP${query}`;
    return await town.ask(address, { token, headers: { accept: 'text/html' } });
  };
  const { more } = textsOf('vi').documents;
  expect((await page('')).text).toContain(more);
  expect((await page('&from=H09')).text).not.toContain(more);
  expect((await page('&from=H09&year=2024')).status).toBe(303);
  const api = await town.ask('/api/v1/documents/1%2FUBND-VP?year=2024', { token });
  expect(JSON.parse(api.text)).toMatchObject({
    documents: [{ register: { year: 2024 } }],
    more: false,
  });
  expect((await town.ask('/api/v1/documents/1%2FUBND-VP?year=24', { token })).status).toBe(400);
  // Evidence of a number that its sender gave in two years.
  const evidence = (query: string) =>
    town.ask(`/api/v1/evidence/1%2FUBND-VP?from=H09${query}`, { token });
  expect((await evidence('')).status).toBe(400);
  expect((await evidence('&year=2024')).status).toBe(503);
});

/** H09 gave the number in two years; in between, more others did than a search looks at. */
function addManyYears(database: RelayDatabase): void {
  for (const code of ['H09', 'G12']) database.addAgency(code, 'province');
  const to = [electronic('G12')];
  database.report('H09', dispatch(1, to));
  const earlier = { issuedOn: '2024-03-01', documentId: 'doc-earlier' };
  database.report('H09', dispatch(1, to, earlier));
  const columns = `document_id, business_type, document_version, report_number, package_digest,
    notation, issued_on, document_type, abstract, priority, signed, share_class, dispatched_ms`;
  database.db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
      WHERE i <= ${MAX_CANDIDATES})
    INSERT INTO document (sender, register_year, register_number, ${columns})
    SELECT 'Z' || i, 2025, 1, ${columns} FROM n, document WHERE document_id = 'doc-1'`);
}

it('an id shaped like the number of another hides nothing: both are found, and evidence asks whose', async () => {
  await using town = await openHttpTown({
    fill: (database) => {
      for (const code of ['H09', 'H10', 'G12']) database.addAgency(code, 'province');
      database.report('H09', dispatch(7, [electronic('G12')]));
      database.report('H10', dispatch(8, [electronic('G12')], { documentId: '7/UBND-VP' }));
    },
    evidence: async (id, from) => ({ bytes: Buffer.from(`${id} ${from}`), lacksTimeStamp: false }),
  });
  const { queries } = town.database;
  const named = (viewed: readonly { from: string; documentId: string }[]) =>
    viewed.map(({ from, documentId }) => [from, documentId]);
  expect(named(queries.track('7/UBND-VP'))).toEqual([
    ['H09', 'doc-7'],
    ['H10', '7/UBND-VP'],
  ]);
  const sender = await town.account({ name: 'nine', role: 'agency', scope: 'H09' });
  const own = await town.ask('/api/v1/documents/7%2FUBND-VP', { token: sender });
  expect(JSON.parse(own.text)).toMatchObject({
    documents: [{ from: 'H09', document_id: 'doc-7' }],
  });
  const auditor = await town.account({ name: 'lan', role: 'auditor' });
  const evidence = (from: string) =>
    town.ask(`/api/v1/evidence/7%2FUBND-VP${from}`, { token: auditor });
  expect((await evidence('')).status).toBe(400);
  expect((await evidence('?from=H09')).text).toBe('doc-7 H09');
  expect((await evidence('?from=H10')).text).toBe('7/UBND-VP H10');
});

it('a look-up of one agency does not read the directory', () => {
  using town = new RelayDatabase();
  const plan = town.db
    .prepare<[], { detail: string }>('EXPLAIN QUERY PLAN SELECT name FROM agency WHERE code = 1')
    .all();
  expect(plan.map(({ detail }) => detail).join('\n')).not.toContain('SCAN');
});

it('of agencies that answer without end so many receipts are shown, and how many are not', () => {
  using town = new RelayDatabase();
  for (const code of ['H09', 'G12']) town.addAgency(code, 'province');
  const beyond = 40;
  const strangers = Array.from({ length: 20 }, (_, index) => `H${String(index + 1_000)}`);
  const minute = (index: number): string =>
    new Date(Date.UTC(2026, 6, 10) + index * 60_000).toISOString();
  const answers = [
    town.compose('H09', dispatch(1, [electronic('G12')])),
    ...['01', '03'].map((status, index) =>
      town.compose('G12', receipt('H09', 1, status, { at: minute(index) })),
    ),
    ...Array.from({ length: MAX_TRACKED_RECEIPTS_OF_ONE + beyond - 2 }, (_, index) =>
      town.compose('G12', receipt('H09', 1, '05', { at: minute(index + 2) })),
    ),
    ...strangers.flatMap((code) =>
      Array.from({ length: MAX_TRACKED_RECEIPTS_OF_ONE + 1 }, () =>
        town.compose(code, receipt('H09', 1, '01')),
      ),
    ),
  ];
  town.intake.takeAll(answers.map(({ verified, entry }) => ({ report: verified, entry })));
  const [document] = town.queries.track('doc-1');
  const [delivery] = document?.deliveries ?? [];

  expect(delivery?.receipts).toHaveLength(MAX_TRACKED_RECEIPTS_OF_ONE);
  expect(delivery?.receipts.slice(0, 3).map(({ status }) => status)).toEqual(['01', '03', '05']);
  expect(delivery).toMatchObject({ state: '05', receiptsLeftOut: beyond });
  expect(document?.contradictory).toHaveLength(MAX_TRACKED_CONTRADICTORY);
  expect(document?.contradictoryLeftOut).toBe(
    strangers.length * (MAX_TRACKED_RECEIPTS_OF_ONE + 1) - MAX_TRACKED_CONTRADICTORY,
  );
});

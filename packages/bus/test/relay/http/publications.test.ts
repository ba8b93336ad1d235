import { createHash } from 'node:crypto';

import { unzipSync } from 'fflate';
import { expect, it } from 'vitest';

import { parseAgencyCode } from '../../../src/index.ts';
import { SECTIONS } from '../../../src/relay/audit/publication.ts';
import { type RelayDatabase, dispatch, electronic, paper, receipt } from '../relay-database.ts';
import { type HttpTown, openHttpTown, signatureOf } from './http-town.ts';

interface Signed {
  readonly head: {
    readonly revision: number;
    readonly sequence: number;
    readonly sections: Readonly<Record<string, { lines: number; sha256: string }>>;
  };
  readonly signed_bytes: string;
  readonly signature: string;
}

interface Rows {
  readonly rows: readonly {
    readonly by?: string;
    readonly key?: string;
    readonly agency?: string;
    readonly changed?: unknown;
  }[];
  readonly total: number | null;
  readonly next: string | null;
}

const MONTH = '/api/v1/publications/2026-07';

function fill(database: RelayDatabase): void {
  const parent = (code: string) => ({ parent: parseAgencyCode(code) });
  database.addAgency('H09', 'province');
  database.addAgency('H09.12', 'commune', parent('H09'));
  database.addAgency('H10', 'province');
  database.addAgency('H10.12', 'commune', parent('H10'));
  for (const from of ['H09', 'H09.12', 'H10', 'H10.12']) {
    database.report(from, dispatch(1, [electronic('H10')], { documentId: `own-${from}` }));
    database.report(from, paper(3));
  }
  database.sweep(new Date('2026-11-22T02:00:00Z'));
}

async function openPublishedTown(): Promise<HttpTown> {
  const town = await openHttpTown({ fill });
  await town.publish('2026-07');
  return town;
}

async function read<T>(town: HttpTown, token: string, path: string): Promise<T> {
  const { status, text } = await town.ask(`${MONTH}${path}`, { token });
  expect({ path, status, text: status === 200 ? '' : text }).toMatchObject({ status: 200 });
  return JSON.parse(text) as T; // its schema is held by the test of the OpenAPI document
}

it('gives a publication whole: the signed bytes, and sections with the digests that they name', async () => {
  await using town = await openPublishedTown();
  const token = await town.account({ name: 'lan', role: 'auditor' });
  const signed = await read<Signed>(town, token, '');
  const bytes = Buffer.from(signed.signed_bytes, 'base64');
  expect(Buffer.from(signed.signature, 'base64')).toEqual(Buffer.from(signatureOf(bytes)));
  expect(JSON.parse(bytes.toString('utf8'))).toEqual(signed.head);

  const answer = await fetch(`${town.side.url}${MONTH}/file`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.headers.get('content-disposition')).toContain('publication-2026-07-1.zip');
  const parts = unzipSync(new Uint8Array(await answer.arrayBuffer()));
  expect(Buffer.from(parts['publications/000001.json'] ?? [])).toEqual(bytes);
  expect(Buffer.from(parts['publications/000001.p7s'] ?? []).toString('base64')).toBe(
    signed.signature,
  );
  for (const section of SECTIONS) {
    const lines = parts[`publications/000001/${section}.jsonl`] ?? new Uint8Array();
    const sha256 = createHash('sha256').update(lines).digest('hex');
    expect({ section, sha256 }).toEqual({ section, sha256: signed.head.sections[section]?.sha256 });
    const rows = Buffer.from(lines).toString('utf8').split('\n').slice(0, -1);
    const paged: unknown[] = [];
    for (let after = ''; ;) {
      const path = `/sections/${section}?limit=3${after === '' ? '' : `&after=${after}`}`;
      const page = await read<Rows>(town, token, path);
      expect(page.total).toBe(rows.length);
      expect(page.rows.length).toBeLessThanOrEqual(3);
      paged.push(...page.rows);
      if (page.next === null) break;
      after = page.next;
    }
    expect(paged).toEqual(rows.map((row) => JSON.parse(row) as unknown));
  }
});

it('keeps giving the revision asked for after a correction, and the newest to who names none', async () => {
  await using town = await openPublishedTown();
  const token = await town.account({ name: 'lan', role: 'auditor' });
  const first = await town.ask(MONTH, { token });
  const tag = first.headers.get('etag') ?? '';
  const again = async (): Promise<number> =>
    (await town.ask(MONTH, { token, headers: { 'if-none-match': tag } })).status;
  expect(await again()).toBe(304);
  // A record changes the figures of today, not what was published.
  town.database.report('H10', receipt('H09', 1, '01', { documentId: 'own-H09' }));
  expect(await again()).toBe(304);
  await town.publish('2026-07');
  expect(await again()).toBe(200);
  expect((await read<Signed>(town, token, '')).head.revision).toBe(2);
  expect((await town.ask(`${MONTH}?revision=1`, { token })).text).toBe(first.text);
  const { rows } = await read<Rows>(town, token, '/sections/changes');
  expect(rows.map(({ by, key }) => `${by} ${key}`)).toContain('agency H09');
  for (const [path, status] of [
    [`${MONTH}?revision=3`, 404],
    ['/api/v1/publications/2026-08', 404],
    ['/api/v1/publications/2026-13', 400],
    [`${MONTH}/sections/nothing`, 400],
    [`${MONTH}/sections/figures?after=0.0`, 400],
  ] as const) {
    expect({ path, status: (await town.ask(path, { token })).status }).toEqual({ path, status });
  }
});

it('gives one with a scope the rows about it, and the whole to nobody who may not see every agency', async () => {
  await using town = await openPublishedTown();
  const nine = await town.account({ name: 'nine', role: 'auditor', scope: 'H09' });
  const twelve = await town.account({ name: 'twelve', role: 'agency', scope: 'H09.12' });
  const province = await town.account({ name: 'office', role: 'agency', scope: 'H09' });
  const named = async (token: string, section: string): Promise<string[]> => {
    const { rows, total } = await read<Rows>(town, token, `/sections/${section}?limit=1000`);
    expect(total).toBeNull();
    return rows.map(({ by, key, agency }) => agency ?? `${by} ${key}`).toSorted();
  };
  expect(await named(nine, 'figures')).toEqual(['agency H09', 'agency H09.12', 'parent H09']);
  expect(await named(nine, 'chains')).toEqual(['H09', 'H09.12']);
  expect(await named(twelve, 'figures')).toEqual(['agency H09.12']);
  // The row of those below it says what its neighbours did.
  expect(await named(province, 'figures')).toEqual(['agency H09']);
  for (const token of [nine, twelve, province]) {
    expect((await town.ask(`${MONTH}/file`, { token })).status).toBe(404);
  }
  // The page leads each to what it may have.
  const page = async (token: string) => (await town.ask('/publications', { token })).text;
  expect(await page(nine)).toContain(`${MONTH}/sections/figures?revision=1`);
  expect(await page(nine)).not.toContain('/file');
  const all = await town.account({ name: 'all', role: 'auditor' });
  expect(await page(all)).toContain(`${MONTH}/file?revision=1`);
});

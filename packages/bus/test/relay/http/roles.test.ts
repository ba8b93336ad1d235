import { describe, expect, it } from 'vitest';

import type { Role } from '../../../src/relay/http/session.ts';
import { parseAgencyCode } from '../../../src/index.ts';
import { BREAKDOWN_KEYS } from '../../../src/relay/figures/types.ts';
import { SECTIONS } from '../../../src/relay/audit/publication.ts';
import { AlertStore } from '../../../src/relay/storage/alert-store.ts';
import {
  type RelayDatabase,
  dispatch,
  electronic,
  onPaper,
  paper,
  receipt,
  withdrawn,
} from '../relay-database.ts';
import { type HttpTown, openHttpTown } from './http-town.ts';

const PERIOD = 'period=2026-07';
/** Words that stand in records of one agency only; whoever else reads one has found a leak. */
const MARK = {
  'H09.12': 'dấu-mười-hai',
  'H09.13': 'dấu-mười-ba',
  H10: 'dấu-tỉnh-mười',
  'H10.12': 'dấu-xã-tỉnh-mười',
} as const;

function fill(database: RelayDatabase): void {
  const parent = (code: string) => ({ parent: parseAgencyCode(code) });
  database.addAgency('H09', 'province', { name: 'Tỉnh Chín' });
  database.addAgency('H09.12', 'commune', { name: `Xã ${MARK['H09.12']}`, ...parent('H09') });
  database.addAgency('H09.13', 'commune', { name: `Xã ${MARK['H09.13']}`, ...parent('H09') });
  database.addAgency('H10', 'province', { name: `Tỉnh ${MARK.H10}` });
  database.addAgency('H10.12', 'commune', { name: `Xã ${MARK['H10.12']}`, ...parent('H10') });
  for (const [from, abstract] of Object.entries(MARK)) {
    const own = { documentId: `own-${from}`, abstract };
    const others = from === 'H10.12' ? 'H10' : 'H10.12';
    database.report(from, dispatch(1, [electronic(others), onPaper(`Giấy ${abstract}`)], own));
    database.report(from, paper(4));
    database.report(from, dispatch(4, [electronic(others)], { documentId: `fork-${from}` }));
  }
  // One document to two agencies that must not see each other.
  const both = [electronic('H09.12'), electronic('H10')];
  database.report('H09', dispatch(7, both, { documentId: 'shared', abstract: 'chung' }));
  database.report('H10', receiptOf('shared', '02', MARK.H10));
  database.report('H09.12', receiptOf('shared', '01'));
  database.report('H09.13', receiptOf('shared', '01'));
  const gone = withdrawn(7, 'H10', MARK.H10);
  database.report('H09', Object.assign(gone, { documentId: 'shared' }));
  const alerts = new AlertStore(database.db);
  for (const [agency, mark] of [...Object.entries(MARK), [null, 'dấu-trạm'] as const]) {
    const valuesJson = JSON.stringify({ agency: mark, days: 3, last: '-' });
    const row = { code: 'AGENCY_SILENT', key: mark, agency, severity: 'warning' as const };
    alerts.add({ ...row, valuesJson, openedMs: 0 });
  }
  const rejected = database.db.prepare<[string, string | null, string, string]>(
    `INSERT INTO rejected_record (nats_subject, claimed_from, site, stored_ms, rejected_ms, finding,
       detail, message_sha256, message_bytes)
     VALUES (?, ?, 'H09', 0, 0, 'SIGNER_NOT_LISTED', ?, ?, 10)`,
  );
  for (const [agency, mark] of Object.entries(MARK)) {
    rejected.run(`vb.report.${agency}`, agency, `lỗi ${mark}`, mark);
  }
  // Number 4 says two things of each: what is said of it is its own.
  const said = database.db.prepare<[string, string]>(
    'UPDATE contradiction SET detail = detail || ? WHERE agency = ?',
  );
  for (const [agency, mark] of Object.entries(MARK)) said.run(` ${mark}`, agency);
  database.db.exec('INSERT OR IGNORE INTO late_report SELECT id FROM stored_report');
  rejected.run('vb.report.?', null, 'lỗi không rõ của ai', 'nobody');
  database.sweep(new Date('2026-11-22T02:00:00Z'));
}

function receiptOf(documentId: string, status: string, reason?: string) {
  const more = reason === undefined ? {} : { reasonCode: 'OTHER', reason };
  return { ...receipt('H09', 7, status, { documentId }), ...more };
}

/** Every question about `agency`, in every way that it can be named, and those that name nobody. */
function questions(agency: string): string[] {
  const scopes = ['', `&agency=${agency}`, `&under=${agency}`, `&agency=${agency}&under=${agency}`];
  const more = [...scopes, `&agency=${agency}&structure=now`];
  return [
    ...more.flatMap((scope) => [
      `/figures?${PERIOD}${scope}`,
      ...BREAKDOWN_KEYS.map((key) => `/breakdown?${PERIOD}&by=${key}${scope}`),
      `/breakdown?${PERIOD}&by=agency&sort=name&under_target=true${scope}`,
      `/deliveries?${PERIOD}${scope}`,
      `/deliveries?${PERIOD}&side=recipient${scope}`,
      `/gaps?${PERIOD}${scope}`,
      `/agencies?${PERIOD}${scope}`,
    ]),
    `/register?${PERIOD}&agency=${agency}`,
    `/agencies/${agency}?${PERIOD}`,
    `/documents/own-${agency}`,
    `/documents/own-${agency}?from=${agency}`,
    `/documents/1%2FUBND-VP`,
    `/documents/4%2FUBND-VP`,
    `/documents/shared`,
    `/alerts`,
    `/alerts?agency=${agency}`,
    ...['/contradictions', '/late'].flatMap((list) => [
      list,
      `${list}?limit=1`,
      `${list}?agency=${agency}`,
    ]),
    '/publications',
    '/publications/2026-07',
    ...SECTIONS.map((section) => `/publications/2026-07/sections/${section}?limit=1000`),
    '/health',
    '/rejected',
    '/rejected?limit=1',
    '/me',
  ];
}

const VIEWERS: readonly {
  readonly name: string;
  readonly role: Role;
  readonly scope?: string;
  readonly sees: readonly string[];
}[] = [
  { name: 'all', role: 'auditor', sees: Object.values(MARK) },
  { name: 'nine', role: 'auditor', scope: 'H09', sees: [MARK['H09.12'], MARK['H09.13']] },
  { name: 'ops-nine', role: 'operator', scope: 'H09', sees: [MARK['H09.12'], MARK['H09.13']] },
  { name: 'ten', role: 'agency', scope: 'H10', sees: [MARK.H10] },
  { name: 'twelve', role: 'agency', scope: 'H09.12', sees: [MARK['H09.12']] },
];

/** What a viewer's own deliveries name: the other side of each is known to it anyway. */
function isOtherSide(path: string): boolean {
  return path.startsWith('/deliveries') || path.startsWith('/documents');
}

async function tokensOf(town: HttpTown): Promise<Map<string, string>> {
  const tokens = new Map<string, string>();
  for (const { name, role, scope } of VIEWERS) {
    const account = { name, role, ...(scope === undefined ? {} : { scope }) };
    tokens.set(name, await town.account(account));
  }
  return tokens;
}

describe('no answer shows a viewer what is not its own', () => {
  it('on any path, for any agency, in any role', async () => {
    await using town = await openHttpTown({ fill });
    await town.publish('2026-07');
    const tokens = await tokensOf(town);
    const seen = new Map<string, Set<string>>();
    for (const { name, sees } of VIEWERS) {
      const token = tokens.get(name) ?? '';
      const found = new Set<string>();
      seen.set(name, found);
      const asked = Object.keys(MARK).flatMap(questions);
      for (const path of new Set(asked)) {
        const { status, text } = await town.ask(`/api/v1${path}`, { token });
        expect({ path, name, fine: [200, 400, 404].includes(status) }).toEqual({
          path,
          name,
          fine: true,
        });
        for (const mark of Object.values(MARK)) {
          if (!text.includes(mark)) continue;
          found.add(mark);
          if (sees.includes(mark) || isOtherSide(path)) continue;
          expect.fail(`${name} reads ${mark} at ${path}: ${text.slice(0, 500)}`);
        }
      }
    }
    for (const { name, sees } of VIEWERS) {
      for (const mark of sees) expect([...(seen.get(name) ?? [])]).toContain(mark);
    }
  }, 60_000);

  it('and what lies outside is answered to the letter like what does not exist', async () => {
    await using town = await openHttpTown({ fill });
    const tokens = await tokensOf(town);
    for (const name of ['nine', 'twelve']) {
      const token = tokens.get(name) ?? '';
      for (const [foreign, nobody] of [
        [`/figures?${PERIOD}&agency=H10.12`, `/figures?${PERIOD}&agency=H77`],
        [`/breakdown?${PERIOD}&by=agency&under=H10`, `/breakdown?${PERIOD}&by=agency&under=H77`],
        [`/deliveries?${PERIOD}&agency=H10`, `/deliveries?${PERIOD}&agency=H77`],
        [`/gaps?${PERIOD}&agency=H10`, `/gaps?${PERIOD}&agency=H77`],
        [`/agencies?${PERIOD}&under=H10`, `/agencies?${PERIOD}&under=H77`],
        [`/agencies/H10?${PERIOD}`, `/agencies/H77?${PERIOD}`],
        ['/documents/own-H10.12', '/documents/nothing'],
        ['/documents/own-H10.12?from=H10.12', '/documents/nothing?from=H77'],
        ['/alerts?agency=H10', '/alerts?agency=H77'],
        ['/contradictions?agency=H10', '/contradictions?agency=H77'],
        ['/late?agency=H10', '/late?agency=H77'],
      ] as const) {
        const [one, other] = await Promise.all(
          [foreign, nobody].map((path) => town.ask(`/api/v1${path}`, { token })),
        );
        expect({ foreign, status: one?.status }).toEqual({ foreign, status: 404 });
        expect(one?.text).toBe(other?.text);
      }
    }
  });

  it('gives an agency the figures of itself alone, whatever it asks for', async () => {
    await using town = await openHttpTown({ fill });
    const tokens = await tokensOf(town);
    const token = tokens.get('twelve') ?? '';
    const read = async (
      path: string,
    ): Promise<{ rows: { key?: string; figures?: { P: number } }[]; total: number | null }> =>
      JSON.parse((await town.ask(`/api/v1${path}`, { token })).text) as never;
    for (const by of ['agency', 'parent']) {
      const { rows, total } = await read(`/breakdown?${PERIOD}&by=${by}`);
      expect(rows.map(({ key }) => key)).toEqual(['H09.12']);
      expect(total === null || total === 1).toBe(true);
    }
    for (const by of ['tier', 'month', 'type']) {
      const { rows } = await read(`/breakdown?${PERIOD}&by=${by}`);
      expect(rows.reduce((sum, { figures }) => sum + (figures?.P ?? 0), 0)).toBe(1);
    }
    const { rows } = await read(`/agencies?${PERIOD}`);
    expect(rows).toHaveLength(1);
  });

  it('shows a recipient its own delivery of a document, not what the others did with it', async () => {
    await using town = await openHttpTown({ fill });
    const tokens = await tokensOf(town);
    const read = async (name: string) =>
      (await town.ask('/api/v1/documents/shared', { token: tokens.get(name) ?? '' })).text;
    const own = await read('twelve');
    expect(own).toContain('"to":"H09.12"');
    for (const other of ['H10', MARK.H10, 'H09.13']) expect(own).not.toContain(other);
    expect(await read('ten')).toContain(MARK.H10);
    expect(await read('nine')).toContain('"to":"H10"');
  });

  it('shows records that failed the check to operators, page by page, each those of its scope', async () => {
    await using town = await openHttpTown({ fill });
    const tokens = await tokensOf(town);
    tokens.set('ops', await town.account({ name: 'ops', role: 'operator' }));
    const ask = async (name: string, path: string) =>
      await town.ask(`/api/v1/rejected${path}`, { token: tokens.get(name) ?? '' });
    for (const name of ['all', 'nine', 'ten']) expect((await ask(name, '')).status).toBe(404);
    const read = async (name: string): Promise<(string | null)[]> => {
      const found: (string | null)[] = [];
      for (let after: string | null = ''; after !== null;) {
        const query: string = after === '' ? '?limit=1' : `?limit=1&after=${after}`;
        const { rows, next } = JSON.parse((await ask(name, query)).text) as {
          rows: { claimed_from: string | null; finding: string }[];
          next: string | null;
        };
        expect(rows).toMatchObject([{ finding: 'SIGNER_NOT_LISTED' }]);
        found.push(...rows.map((row) => row.claimed_from));
        after = next;
      }
      return found;
    };
    expect(await read('ops')).toEqual([null, 'H10.12', 'H10', 'H09.13', 'H09.12']);
    expect(await read('ops-nine')).toEqual([null, 'H09.13', 'H09.12']);
  });

  it('shows contradictory and late records page by page: those of the scope, to an agency its own', async () => {
    await using town = await openHttpTown({ fill });
    const tokens = await tokensOf(town);
    const read = async (name: string, list: string): Promise<string[]> => {
      const found: { id: number; agency: string }[] = [];
      for (let after = ''; ;) {
        const path: string = `/api/v1/${list}limit=1${after === '' ? '' : `&after=${after}`}`;
        const answer = await town.ask(path, { token: tokens.get(name) ?? '' });
        const { rows, next } = JSON.parse(answer.text) as {
          rows: { id: number; agency: string }[];
          next: string | null;
        };
        expect(rows).toHaveLength(1);
        found.push(...rows);
        if (next === null) break;
        after = next;
      }
      expect(found).toEqual(found.toSorted((one, other) => other.id - one.id));
      return [...new Set(found.map(({ agency }) => agency))].toSorted();
    };
    for (const list of ['contradictions?', 'late?']) {
      const all = await read('all', list);
      expect(all).toEqual(expect.arrayContaining(['H09.12', 'H09.13', 'H10', 'H10.12']));
      const nine = all.filter((code) => code.startsWith('H09'));
      expect(await read('nine', list)).toEqual(nine);
      expect(await read('ops-nine', list)).toEqual(nine);
      expect(await read('ten', list)).toEqual(['H10']);
      expect(await read('twelve', list)).toEqual(['H09.12']);
      expect(await read('all', `${list}agency=H09.13&`)).toEqual(['H09.13']);
    }
  });

  it('gives evidence to who sees all of a document, and to nobody else', async () => {
    await using town = await openHttpTown({
      fill,
      evidence: async (id, from) => ({
        bytes: Buffer.from(`evidence of ${id} from ${from}`),
        lacksTimeStamp: false,
      }),
    });
    const tokens = await tokensOf(town);
    const ask = async (name: string, path: string): Promise<string> => {
      const answer = await town.ask(`/api/v1/evidence/${path}`, { token: tokens.get(name) ?? '' });
      return answer.status === 200 ? answer.text : String(answer.status);
    };
    expect(await ask('twelve', 'own-H09.12')).toBe('evidence of own-H09.12 from H09.12');
    expect(await ask('twelve', '1%2FUBND-VP')).toBe('evidence of own-H09.12 from H09.12');
    expect(await ask('nine', 'shared')).toBe('evidence of shared from H09');
    for (const path of ['shared', 'own-H10', 'own-H10?from=H10', 'nothing']) {
      expect(await ask('twelve', path)).toBe('404');
    }
    expect(await ask('nine', 'own-H10.12')).toBe('404');
    expect(await ask('all', '1%2FUBND-VP')).toBe('400');
    expect(await ask('all', '1%2FUBND-VP?from=H10')).toBe('evidence of own-H10 from H10');
    await using alone = await openHttpTown({ fill });
    const token = await alone.account({ name: 'lan', role: 'auditor' });
    expect((await alone.ask('/api/v1/evidence/own-H10', { token })).status).toBe(503);
  });

  it('does not answer 304 to the tag that somebody else was given', async () => {
    await using town = await openHttpTown({ fill });
    const tokens = await tokensOf(town);
    const path = `/api/v1/figures?${PERIOD}&agency=H10`;
    const given = await town.ask(path, { token: tokens.get('all') ?? '' });
    const tag = given.headers.get('etag') ?? '';
    expect(given.status).toBe(200);
    const foreign = await town.ask(path, {
      token: tokens.get('twelve') ?? '',
      headers: { 'if-none-match': tag },
    });
    expect(foreign.status).toBe(404);
  });
});

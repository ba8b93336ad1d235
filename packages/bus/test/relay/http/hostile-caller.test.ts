import { once } from 'node:events';
import { connect } from 'node:net';

import { describe, expect, it } from 'vitest';

import { listAlerts } from '../../../src/relay/alerts/ledger.ts';
import { networkOf } from '../../../src/relay/http/address.ts';
import { EVIDENCE_AT_ONCE } from '../../../src/relay/http/at-once.ts';
import type { MadeEvidence } from '../../../src/relay/http/link.ts';
import { AlertStore } from '../../../src/relay/storage/alert-store.ts';
import { MAX_TRACKED_RECEIPTS_OF_ONE } from '../../../src/relay/storage/track-queries.ts';
import { waitUntil } from '../../../src/testing/index.ts';
import { RelayDatabase, dispatch, electronic, receipt } from '../relay-database.ts';
import { openHttpTown } from './http-town.ts';

const WAIT_MS = 20_000;

function fill(database: RelayDatabase): void {
  for (const code of ['H09', 'H10', 'G12']) database.addAgency(code, 'province');
  database.report('H09', dispatch(1, [electronic('H10'), electronic('G12')]));
  const answers = Array.from({ length: MAX_TRACKED_RECEIPTS_OF_ONE + 2 }, () =>
    database.compose('H10', receipt('H09', 1, '05')),
  );
  const strange = Array.from({ length: MAX_TRACKED_RECEIPTS_OF_ONE + 3 }, () =>
    database.compose('H09', receipt('H09', 1, '01')),
  );
  database.intake.takeAll(
    [...answers, ...strange].map(({ verified, entry }) => ({ report: verified, entry })),
  );
}

describe('callers are counted', () => {
  it('by their IPv4 address, or the network of their IPv6 address', () => {
    expect(networkOf('10.1.2.3')).toBe('10.1.2.3');
    expect(networkOf('::ffff:10.1.2.3')).toBe('10.1.2.3');
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(networkOf('2001:0DB8:1:2::ffff')).toBe('2001:db8:1:2::/64');
    expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
    expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('64:ff9b::10.1.2.3')).toBe('64:ff9b:0:0::/64');
    expect(networkOf('')).toBe('');
  });

  it('and so are the evidence files that are being made, of one and of all', async () => {
    const waiting: ((made: MadeEvidence) => void)[] = [];
    await using town = await openHttpTown({
      fill,
      evidence: async () => await new Promise<MadeEvidence>((resolve) => waiting.push(resolve)),
    });
    const names = Array.from({ length: EVIDENCE_AT_ONCE.ofAll + 1 }, (_, index) => `lan${index}`);
    const tokens: string[] = [];
    for (const name of names) tokens.push(await town.account({ name, role: 'auditor' }));
    const ask = async (token: string | undefined): Promise<number> => {
      return (await town.ask('/api/v1/evidence/doc-1', { token: token ?? '' })).status;
    };
    const begun = [ask(tokens[0])];
    await waitUntil(() => waiting.length === 1, WAIT_MS);
    expect(await ask(tokens[0])).toBe(429);
    begun.push(...tokens.slice(1, EVIDENCE_AT_ONCE.ofAll).map(ask));
    await waitUntil(() => waiting.length === EVIDENCE_AT_ONCE.ofAll, WAIT_MS);
    expect(await ask(tokens.at(-1))).toBe(429);

    const made = { bytes: Buffer.from('evidence'), lacksTimeStamp: false };
    for (const give of waiting.splice(0)) give(made);
    expect(await Promise.all(begun)).toEqual(begun.map(() => 200));
    const next = ask(tokens.at(-1));
    await waitUntil(() => waiting.length === 1, WAIT_MS);
    waiting[0]?.(made);
    expect(await next).toBe(200);
  });

  it('and so are those whose reader has gone, for as long as they are made and no longer', async () => {
    const waiting: ((made: MadeEvidence) => void)[] = [];
    await using town = await openHttpTown({
      fill,
      evidence: async () => await new Promise<MadeEvidence>((resolve) => waiting.push(resolve)),
    });
    const made = { bytes: Buffer.from('evidence'), lacksTimeStamp: false };
    const first = await town.account({ name: 'lan', role: 'auditor' });
    const second = await town.account({ name: 'mai', role: 'auditor' });
    const evidenceOf = (token: string): string =>
      `GET /api/v1/evidence/doc-1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const ask = async (token: string): Promise<number> =>
      (await town.ask('/api/v1/evidence/doc-1', { token })).status;

    // Both on one connection: the answer to the second waits behind that to the first.
    const socket = connect(Number(new URL(town.side.url).port), '127.0.0.1');
    socket.write(evidenceOf(first) + evidenceOf(second));
    await waitUntil(() => waiting.length === 2, WAIT_MS);
    socket.resetAndDestroy();
    await once(socket, 'close');
    // The server has taken note of it before this answer.
    expect((await town.ask('/api/v1/me', { token: first })).status).toBe(200);
    expect([await ask(first), await ask(second)]).toEqual([429, 429]);

    for (const give of waiting.splice(0)) give(made);
    for (const token of [first, second]) {
      const asked = ask(token);
      await waitUntil(() => waiting.length === 1, WAIT_MS);
      waiting.pop()?.(made);
      expect(await asked).toBe(200);
    }
  });

  it('and so are files of tables', async () => {
    await using town = await openHttpTown({ fill });
    const token = await town.account({ name: 'lan', role: 'auditor' });
    const statuses: number[] = [];
    for (let index = 0; index < 61; index += 1) {
      const { status } = await town.ask('/csv/agencies?period=2026-07', { token });
      statuses.push(status);
    }
    expect(statuses.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 200));
    expect(statuses[60]).toBe(429);
  });
});

describe('an answer', () => {
  it('that is a problem has no tag', async () => {
    await using town = await openHttpTown({ fill });
    const token = await town.account({ name: 'ten', role: 'auditor', scope: 'H10' });
    const path = '/api/v1/figures?period=2026-07&agency=';
    const own = await town.ask(`${path}H10`, { token });
    expect(own.headers.get('etag')).toMatch(/^W\//u);
    const foreign = await town.ask(`${path}H09`, { token });
    expect(foreign.status).toBe(404);
    expect(foreign.headers.get('etag')).toBeNull();
    expect(foreign.headers.get('cache-control')).toBe('no-store');
  });

  it('has another tag when a contradiction was only counted', async () => {
    await using town = await openHttpTown({ fill });
    const token = await town.account({ name: 'lan', role: 'auditor' });
    const ask = () => town.ask('/api/v1/agencies?period=2026-07&agency=H09', { token });
    const before = await ask();
    town.database.db.exec('UPDATE contradiction_count SET further = further + 1');
    const after = await ask();
    expect(after.text).not.toBe(before.text);
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
  });

  it('shows so many receipts of one, and tells others nothing of what its sender is told', async () => {
    await using town = await openHttpTown({ fill });
    const sender = await town.account({ name: 'nine', role: 'agency', scope: 'H09' });
    const recipient = await town.account({ name: 'twelve', role: 'agency', scope: 'G12' });
    const ask = async (token: string): Promise<unknown> =>
      JSON.parse((await town.ask('/api/v1/documents/doc-1', { token })).text);
    expect(await ask(sender)).toMatchObject({
      documents: [
        {
          deliveries: [
            { to: 'H10', receipts_left_out: 2 },
            { to: 'G12', receipts_left_out: 0 },
          ],
          contradictory_left_out: 3,
        },
      ],
    });
    expect(await ask(recipient)).toMatchObject({
      documents: [
        {
          deliveries: [{ to: 'G12', receipts_left_out: 0 }],
          contradictory: [],
          contradictory_left_out: null,
        },
      ],
    });
    const { text } = await town.ask('/documents/doc-1?from=H09', {
      token: sender,
      headers: { accept: 'text/html' },
    });
    expect(text).toMatch(/và 2 hồi báo khác không hiển thị/u);
  });

  it('goes on behind thousands of alerts that its viewer may not see', () => {
    using database = new RelayDatabase();
    const store = new AlertStore(database.db);
    const add = (agency: string, key: string): void => {
      const row = { code: 'AGENCY_SILENT', key, agency, severity: 'warning' } as const;
      store.add({ ...row, valuesJson: '{}', openedMs: 0 });
    };
    database.db.transaction(() => {
      add('H09', 'own');
      for (let index = 0; index < 20_500; index += 1) add('H10', `of another ${index}`);
    })();
    const asOf = database.queries.asOf();
    const maySee = (agency: string | null): boolean => agency === 'H09';
    const first = listAlerts(store, asOf, {}, maySee);
    expect(first).toMatchObject({ rows: [], total: null });
    expect(first.next).not.toBeNull();
    const second = listAlerts(store, asOf, { after: first.next ?? '' }, maySee);
    expect(second).toMatchObject({ rows: [{ agency: 'H09' }], next: null });
  });

  it('counts alerts that stand for whoever may see them, and those that ended for nobody', () => {
    using database = new RelayDatabase();
    const store = new AlertStore(database.db);
    const add = (agency: string, key: string): number => {
      const row = { code: 'AGENCY_SILENT', key, agency, severity: 'warning' } as const;
      return store.add({ ...row, valuesJson: '{}', openedMs: 0 });
    };
    for (const key of ['a', 'b', 'c', 'd']) {
      add('H09', key);
      add('H10', `${key} of another`);
    }
    store.close(add('H09', 'ended'), 1);
    const asOf = database.queries.asOf();
    const maySee = (agency: string | null): boolean => agency === 'H09';
    const first = listAlerts(store, asOf, { limit: 3 }, maySee);
    expect(first.total).toBe(4);
    const last = listAlerts(store, asOf, { limit: 3, after: first.next ?? '' }, maySee);
    expect(last).toMatchObject({ rows: [{ key: 'a' }], next: null });
    expect(listAlerts(store, asOf, { limit: 3, state: 'all' }, maySee).total).toBeNull();
  });
});

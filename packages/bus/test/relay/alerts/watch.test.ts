import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { describe, expect, it } from 'vitest';

import { AlertWatch } from '../../../src/relay/alerts/watch.ts';
import { MAX_TOLD_ALONE } from '../../../src/relay/alerts/digest.ts';
import { alertSettings } from '../../../src/relay/alerts/settings.ts';
import { MAX_WAITING_MESSAGES, type Webhook, Webhooks } from '../../../src/relay/alerts/webhook.ts';
import { listAlerts } from '../../../src/relay/alerts/ledger.ts';
import type { Targets } from '../../../src/relay/figures/targets.ts';
import { AlertStore } from '../../../src/relay/storage/alert-store.ts';
import { RelayDatabase, dispatch, electronic, paper } from '../relay-database.ts';

const SECRET = 'secret of both sides';

interface Call {
  readonly signature: string;
  readonly body: string;
}

/** A receiver that answers with what it is told. */
async function openReceiver() {
  const calls: Call[] = [];
  const state = { status: 200 };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => (body += bytes.toString()));
    request.on('end', () => {
      calls.push({ signature: String(request.headers['congvan-signature']), body });
      response.writeHead(state.status, { location: '/elsewhere' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${bound.port}/hook`,
    calls,
    state,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function openWatch(hooks: readonly Webhook[] = [], targets: Targets = {}) {
  const database = new RelayDatabase();
  database.addAgency('H09', 'province');
  let nowMs = Date.parse('2026-07-20T03:00:00Z');
  const now = () => new Date(nowMs);
  const store = new AlertStore(database.db);
  const log: string[] = [];
  const state: {
    error: string | null;
    broker: 'connected' | 'disconnected';
    pendingReports: number;
  } = { error: null, broker: 'connected', pendingReports: 0 };
  const start = () => {
    const take = (_level: string, message: string): void => void log.push(message);
    return new AlertWatch({
      store,
      settings: alertSettings.parse({}),
      figures: database.queries,
      targets,
      webhooks: new Webhooks({ store, hooks, relay: 'G01.99', now, log: take, random: () => 0 }),
      home: database.folder,
      status: () => ({
        broker: state.broker,
        pendingReports: state.pendingReports,
        storageFailing: state.error === null ? null : { error: state.error },
      }),
      certificates: async () => [],
      now,
      log: take,
    });
  };
  return {
    database,
    store,
    start,
    log,
    state,
    wait: (ms: number) => {
      nowMs += ms;
    },
    list: (request = {}) => listAlerts(store, { record: 0, day: '2026-07-20' }, request).rows,
    [Symbol.dispose]: () => database[Symbol.dispose](),
  };
}

const hook = (url: string): Webhook => ({ url, secret: SECRET, privateNetwork: false });
const MINUTE_MS = 60_000;

describe('an alert', () => {
  it('opens once however often it is seen, closes once, and can open again', async () => {
    using town = openWatch();
    const watch = town.start();
    town.state.error = 'disk full';
    await watch.check();
    town.wait(MINUTE_MS);
    await town.start().check();
    expect(town.list({ code: 'STORAGE_FAILING' })).toMatchObject([
      {
        code: 'STORAGE_FAILING',
        agency: null,
        since: '2026-07-20T03:00:00.000Z',
        until: null,
        detail: { en: 'new reports cannot be stored: disk full' },
      },
    ]);
    expect(watch.counts().get('STORAGE_FAILING')).toBe(1);
    town.state.error = null;
    for (let turn = 0; turn < 2; turn += 1) {
      town.wait(MINUTE_MS);
      await watch.check();
    }
    const closed = town.list({ state: 'all', code: 'STORAGE_FAILING' });
    expect(closed.map(({ until }) => until)).toEqual(['2026-07-20T03:02:00.000Z']);
    town.state.error = 'again';
    await watch.check();
    expect(town.list({ state: 'all', code: 'STORAGE_FAILING' })).toHaveLength(2);
    expect(town.log.filter((line) => line === 'alert opened').length).toBeGreaterThanOrEqual(2);
  });

  it('names the agency that is silent, contradicts itself or has a wrong clock', async () => {
    using town = openWatch();
    const watch = town.start();
    const report = town.database.compose('H09', dispatch(1, [electronic('H09')]));
    const atMs = report.verified.storedMs + 20 * MINUTE_MS;
    town.database.take({ ...report, verified: { ...report.verified, atMs } });
    town.database.report('H09', paper(1));
    await watch.check();
    const codes = town.list({ agency: 'H09' }).map(({ code }) => code);
    expect(codes.toSorted()).toEqual(['AGENCY_SILENT', 'CLOCK_SKEW', 'CONTRADICTION'].toSorted());
  });
});

/** Agencies that have never reported. */
function addSilent(town: ReturnType<typeof openWatch>, count: number): void {
  for (let index = 1; index <= count; index += 1) {
    town.database.addAgency(`H09.${String(index).padStart(3, '0')}`, 'commune');
  }
}

describe('many agencies that fall silent at once', () => {
  it('are told in one message and one line, listed each by itself, and heard again in one', async () => {
    await using receiver = await openReceiver();
    using town = openWatch([hook(receiver.url)]);
    addSilent(town, 300);
    const watch = town.start();
    await watch.check();
    await watch.sendWaiting();
    expect(town.list({ code: 'AGENCY_SILENT', limit: 1_000 })).toHaveLength(301);
    expect(watch.counts().get('AGENCY_SILENT')).toBe(301);
    const told = receiver.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(told).toMatchObject([
      { relay: 'G01.99', event: 'alerts.opened', code: 'AGENCY_SILENT', count: 301 },
    ]);
    expect(told[0]?.['alerts']).toHaveLength(MAX_TOLD_ALONE);
    expect(town.log.filter((line) => line.includes('opened'))).toEqual(['301 alerts opened']);

    // Seen again and again they are told no second time.
    town.wait(10 * MINUTE_MS);
    await watch.check();
    await watch.sendWaiting();
    expect(receiver.calls).toHaveLength(1);
    for (const { agency } of town.list({ code: 'AGENCY_SILENT', limit: 1_000 })) {
      town.database.report(agency ?? '', paper(1), '2026-07-20T03:10:00.000Z');
    }
    town.wait(10 * MINUTE_MS);
    await watch.check();
    await watch.sendWaiting();
    await watch.close();
    const last = receiver.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(last.slice(1)).toMatchObject([{ event: 'alerts.closed', count: 301 }]);
    expect(town.list({ code: 'AGENCY_SILENT' })).toEqual([]);
  });

  it('are not called silent by a relay that cannot hear, and stay so while it catches up', async () => {
    using town = openWatch();
    town.state.broker = 'disconnected';
    const watch = town.start();
    await watch.check();
    expect(town.list({ code: 'AGENCY_SILENT' })).toEqual([]);
    Object.assign(town.state, { broker: 'connected', pendingReports: 3 });
    town.wait(10 * MINUTE_MS);
    await watch.check();
    expect(town.list({ code: 'AGENCY_SILENT' })).toEqual([]);
    town.state.pendingReports = 0;
    town.wait(10 * MINUTE_MS);
    await watch.check();
    expect(town.list({ code: 'AGENCY_SILENT' })).toHaveLength(1);
  });
});

describe('a share', () => {
  it('under its target is the one that the figures show, for tiers that have a target', async () => {
    using town = openWatch([], { 2026: { province: 0.5 } });
    town.database.addAgency('H09.12', 'commune');
    town.database.addAgency('H10', 'province');
    for (let number = 1; number <= 24; number += 1) {
      for (const code of ['H09', 'H09.12']) {
        const entry = number % 4 === 0 ? dispatch(number, [electronic('H10')]) : paper(number);
        const own = entry.kind === 'paper' ? entry : { ...entry, documentId: `${code}-${number}` };
        town.database.report(code, own);
      }
      town.database.report(
        'H10',
        dispatch(number, [electronic('H09')], { documentId: `${number}` }),
      );
    }
    const watch = town.start();
    await watch.check();
    expect(town.list({ code: 'SHARE_UNDER_TARGET' })).toMatchObject([
      { agency: 'H09', detail: { en: 'H09, 2026-07: 25% sent electronically, target 50%' } },
    ]);
    const { figures } = town.database.queries.figures({ period: '2026-07', agency: 'H09' });
    expect(figures.rate_electronic).toBe(0.25);
  });
});

describe('a backlog', () => {
  it('is what the broker has for us, and how long it has had it while nothing is taken in', async () => {
    using town = openWatch();
    const watch = town.start();
    town.state.pendingReports = 50_000;
    await watch.check();
    expect(town.list({ code: 'BACKLOG' })).toMatchObject([
      { key: 'pending', detail: { en: '50000 reports are at the broker and not taken in yet' } },
    ]);
    // Under half of it, and one report from a quarter of an hour ago: late, though not many.
    town.state.pendingReports = 10;
    town.database.report('H09', paper(1), '2026-07-20T02:59:00.000Z');
    town.wait(MINUTE_MS);
    await watch.check();
    expect(town.list({ code: 'BACKLOG' })).toEqual([]);
    town.wait(16 * MINUTE_MS);
    await watch.check();
    expect(town.list({ code: 'BACKLOG' })).toMatchObject([{ key: 'reports' }]);
    town.state.pendingReports = 0;
    town.wait(MINUTE_MS);
    await watch.check();
    expect(town.list({ code: 'BACKLOG' })).toEqual([]);
  });
});

describe('a webhook', () => {
  it('tells of opening and closing, in order, signed with the time of sending', async () => {
    await using receiver = await openReceiver();
    using town = openWatch([hook(receiver.url)]);
    const watch = town.start();
    await watch.check();
    await watch.sendWaiting();
    await watch.close();
    const [first] = receiver.calls;
    const [, seconds = '', digest = ''] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(first?.signature ?? '') ?? [];
    expect(Number(seconds)).toBe(Date.parse('2026-07-20T03:00:00Z') / 1_000);
    const wanted = createHmac('sha256', SECRET).update(`${seconds}.${first?.body}`).digest('hex');
    expect(digest).toBe(wanted);
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      relay: 'G01.99',
      event: 'alert.opened',
      alert: { code: 'AGENCY_SILENT', agency: 'H09' },
    });
  });

  it('waits over a restart for a receiver that fails, and is not followed elsewhere', async () => {
    await using receiver = await openReceiver();
    using town = openWatch([hook(receiver.url)]);
    receiver.state.status = 302;
    const watch = town.start();
    await watch.check();
    await watch.sendWaiting();
    await watch.close();
    expect(receiver.calls).toHaveLength(1);
    receiver.state.status = 204;
    const next = town.start();
    await next.check();
    await next.sendWaiting();
    await next.close();
    expect(receiver.calls).toHaveLength(1);
    town.wait(MINUTE_MS);
    const last = town.start();
    await last.check();
    await last.sendWaiting();
    await last.close();
    expect(receiver.calls.length).toBeGreaterThanOrEqual(2);
    expect(receiver.calls[1]?.body).toBe(receiver.calls[0]?.body);
    expect(town.store.firstMessage(receiver.url)).toBeUndefined();
  });

  it('keeps a bounded number of messages, the newest', () => {
    using town = openWatch();
    town.store.inTransaction(() => {
      for (let count = 0; count < MAX_WAITING_MESSAGES; count += 1) {
        expect(town.store.addMessage('http://a', String(count), 0, MAX_WAITING_MESSAGES)).toBe(0);
      }
    });
    expect(town.store.addMessage('http://a', 'more', 0, MAX_WAITING_MESSAGES)).toBe(1);
    expect(town.store.firstMessage('http://a')?.body).toBe('1');
  });

  it('goes to nothing inside the network unless told so, by name or by number, and never in the clear', async () => {
    for (const url of [
      'https://169.254.169.254/latest',
      'https://10.0.0.1/',
      'https://[fd00::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://192.168.1.1:8443/',
    ]) {
      using town = openWatch([hook(url)]);
      const watch = town.start();
      await watch.check();
      await watch.sendWaiting();
      await watch.close();
      expect(town.log).toContain('webhook not reached');
      expect(town.store.firstMessage(url)?.tryCount).toBe(1);
    }
    expect(() => openWatch([hook('http://hooks.example.vn/')]).start()).toThrow('https is wanted');
  });
});

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { describe, expect, it } from 'vitest';

import { AlertWatch } from '../../../src/relay/alerts/watch.ts';
import { alertSettings } from '../../../src/relay/alerts/settings.ts';
import { MAX_WAITING_MESSAGES, type Webhook, Webhooks } from '../../../src/relay/alerts/webhook.ts';
import { listAlerts } from '../../../src/relay/alerts/ledger.ts';
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

function openWatch(hooks: readonly Webhook[] = []) {
  const database = new RelayDatabase();
  database.addAgency('H09', 'province');
  let nowMs = Date.parse('2026-07-20T03:00:00Z');
  const now = () => new Date(nowMs);
  const store = new AlertStore(database.db);
  const log: string[] = [];
  const state: { error: string | null } = { error: null };
  const start = () => {
    const take = (_level: string, message: string): void => void log.push(message);
    return new AlertWatch({
      store,
      settings: alertSettings.parse({}),
      figures: database.queries,
      webhooks: new Webhooks({ store, hooks, relay: 'G01.99', now, log: take, random: () => 0 }),
      home: database.folder,
      status: () => ({
        broker: 'connected',
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

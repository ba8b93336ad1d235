import { connect } from 'node:net';

import { describe, expect, it } from 'vitest';

import { FREE_FAILURES } from '../../../src/relay/http/log-in.ts';
import { PROBLEMS } from '../../../src/relay/http/problem.ts';
import { REQUESTS_PER_MINUTE } from '../../../src/relay/http/server.ts';
import { dispatch, electronic } from '../relay-database.ts';
import { PASSWORD, askRaw, openHttpTown } from './http-town.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const BROWSER = { ...FORM, accept: 'text/html', 'sec-fetch-site': 'same-origin' };

function form(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

function problemOf(text: string): { code: string; detail: string; parameter?: string } {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('code' in value) || !('detail' in value)) {
    throw new Error(`no problem: ${text}`);
  }
  const parameter = 'parameter' in value ? { parameter: String(value.parameter) } : {};
  return { code: String(value.code), detail: String(value.detail), ...parameter };
}

describe('the API', () => {
  it('says nothing to somebody who is not logged in, not even which parameters are wrong', async () => {
    await using town = await openHttpTown();
    for (const path of [
      '/figures',
      '/figures?period=nonsense',
      '/me',
      '/openapi.json',
      '/health',
    ]) {
      const answer = await town.ask(`/api/v1${path}`);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(problemOf(answer.text).code).toBe('not-logged-in');
    }
    expect((await town.ask('/api/v1/me', { token: 'cvt_wrong' })).status).toBe(401);
    expect((await town.ask('/healthz')).status).toBe(200);
  });

  it('names the parameter at fault, also one that it does not know', async () => {
    await using town = await openHttpTown();
    const token = await town.account({ name: 'lan', role: 'auditor' });
    for (const [path, parameter] of [
      ['/figures', 'period'],
      ['/figures?period=hôm nay', 'period'],
      ['/figures?period=2026-07&agency=h09', 'agency'],
      ['/figures?period=2026-07&teir=province', 'teir'],
      ['/figures?period=2026-07&tier=village', 'tier'],
      ['/figures?period=2026-07&period=2026-08', 'period'],
      ['/breakdown?period=2026-07', 'by'],
      ['/breakdown?period=2026-07&by=tier&limit=1001', 'limit'],
      ['/breakdown?period=2026-07&by=tier&limit=0', 'limit'],
      ['/deliveries?period=2026-07&state=lost', 'state'],
      ['/agencies/H09..1?period=2026-07', 'code'],
      // What only the figures can judge.
      ['/figures?period=2026-02-30', 'period'],
      ['/figures?period=1900..2100', 'period'],
      ['/figures?period=2026-07&document_type=thư tình', 'document_type'],
      ['/breakdown?period=2026-07&by=tier&under=H99', 'under'],
      ['/deliveries?period=2026-07&agency=H99', 'agency'],
      ['/gaps?period=2026-07&after=x', 'after'],
    ] as const) {
      const answer = await town.ask(`/api/v1${path}`, { token });
      expect({ path, status: answer.status }).toEqual({ path, status: 400 });
      expect(problemOf(answer.text)).toMatchObject({ code: 'parameter-invalid', parameter });
    }
  });

  it('answers other methods with 405, unknown paths with 404, and HEAD as GET without a body', async () => {
    await using town = await openHttpTown();
    const token = await town.account({ name: 'lan', role: 'auditor' });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await town.ask('/api/v1/me', { token, method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    }
    expect((await town.ask('/api/v1/nothing', { token })).status).toBe(404);
    expect((await town.ask('/api/v2/me', { token })).status).toBe(404);
    const head = await town.ask('/api/v1/me', { token, method: 'HEAD' });
    const get = await town.ask('/api/v1/me', { token });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });

  it('sends headers that let a page load nothing from elsewhere', async () => {
    await using town = await openHttpTown();
    const { headers } = await town.ask('/healthz');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';style-src 'self';img-src 'self';script-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('strict-transport-security')).toBeNull();
  });

  it('refuses what is too long, too large or too often', async () => {
    await using town = await openHttpTown();
    const token = await town.account({ name: 'lan', role: 'auditor' });
    const long = await town.ask(`/api/v1/me?${'x'.repeat(5_000)}`, { token });
    expect(long.status).toBe(414);
    const body = form({ name: 'lan', password: 'x'.repeat(20_000) });
    const large = await town.ask('/login', { method: 'POST', headers: BROWSER, body });
    expect(large.status).toBe(413);
    expect(await askRaw(town.side.url, '/healthz', { 'x-long': 'x'.repeat(20_000) })).toBe(431);
    const answers: { readonly status: number; readonly text: string }[] = [];
    while (answers.length < REQUESTS_PER_MINUTE + 5) {
      const some = Array.from({ length: 50 }, () => town.ask('/api/v1/me', { token }));
      answers.push(...(await Promise.all(some)));
    }
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(problemOf(refused[0]?.text ?? '').code).toBe('too-many-requests');
    const other = await town.account({ name: 'minh', role: 'auditor' });
    expect((await town.ask('/api/v1/me', { token: other })).status).toBe(200);
  });

  it('answers bytes that are no HTTP in a few words, and goes on', async () => {
    await using town = await openHttpTown();
    const { port } = new URL(town.side.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('\u0000\u0001\r\n\r\n'));
      let text = '';
      socket.on('data', (bytes) => (text += bytes.toString()));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await town.ask('/healthz')).status).toBe(200);
  });

  it('compresses what is worth it', async () => {
    await using town = await openHttpTown();
    const token = await town.account({ name: 'lan', role: 'auditor' });
    const headers = { 'accept-encoding': 'gzip' };
    const answer = await town.ask('/api/v1/openapi.json', { token, headers });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.text).toContain('"openapi":"3.1.0"');
  });

  it('logs who asked for what, and no secret', async () => {
    await using town = await openHttpTown();
    const token = await town.account({ name: 'lan', role: 'auditor' });
    await town.ask('/api/v1/me?secret=1', { token });
    const body = form({ name: 'lan', password: PASSWORD });
    await town.ask('/login', { method: 'POST', headers: BROWSER, body });
    expect(town.log).toContainEqual(
      expect.objectContaining({ path: '/api/v1/me', status: 200, account: 'lan', method: 'GET' }),
    );
    const text = JSON.stringify(town.log);
    for (const secret of [token, PASSWORD, 'secret=1']) expect(text).not.toContain(secret);
  });
});

describe('an entity tag', () => {
  it('is the caller’s own, and changes with the records and the directory', async () => {
    await using town = await openHttpTown({
      fill: (database) => {
        database.addAgency('H09', 'province');
        database.report('H09', dispatch(1, [electronic('H09')]));
      },
    });
    const token = await town.account({ name: 'lan', role: 'auditor' });
    const path = '/api/v1/documents/doc-1';
    const first = await town.ask(path, { token });
    const tag = first.headers.get('etag') ?? '';
    expect(first.status).toBe(200);
    const again = await town.ask(path, { token, headers: { 'if-none-match': `"x", ${tag}` } });
    expect([again.status, again.text]).toEqual([304, '']);

    const other = await town.account({ name: 'minh', role: 'auditor' });
    const foreign = { 'if-none-match': tag };
    expect((await town.ask(path, { token: other, headers: foreign })).status).toBe(200);
    expect((await town.ask(`${path}?from=H09`, { token, headers: foreign })).status).toBe(200);

    town.database.addAgency('H10', 'province');
    const changed = await town.ask(path, { token, headers: foreign });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(tag);
  });
});

describe('the log-in form', () => {
  it('gives a cookie that scripts cannot read, and log-out ends it at the server', async () => {
    await using town = await openHttpTown();
    await town.account({ name: 'lan', role: 'auditor' });
    const body = form({ name: 'lan', password: PASSWORD, next: '/deliveries?period=2026-07' });
    const entered = await town.ask('/login', { method: 'POST', headers: BROWSER, body });
    expect([entered.status, entered.headers.get('location')]).toEqual([
      303,
      '/deliveries?period=2026-07',
    ]);
    const setCookie = entered.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(/^congvan=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    const cookie = setCookie.split(';', 1)[0] ?? '';
    expect((await town.ask('/api/v1/me', { headers: { cookie } })).status).toBe(200);
    await town.ask('/logout', { method: 'POST', headers: { ...BROWSER, cookie } });
    expect((await town.ask('/api/v1/me', { headers: { cookie } })).status).toBe(401);
  });

  it('goes back to itself after a mistake, and to no other site after success', async () => {
    await using town = await openHttpTown();
    await town.account({ name: 'lan', role: 'auditor' });
    const wrong = form({ name: 'lan', password: 'wrong' });
    const failed = await town.ask('/login', { method: 'POST', headers: BROWSER, body: wrong });
    expect(failed.headers.get('location')).toBe('/login?failed=log-in-failed');
    expect(failed.headers.get('set-cookie')).toBeNull();
    for (const next of ['//evil.example', '/\\evil.example', 'https://evil.example', '/a\nb']) {
      const body = form({ name: 'lan', password: PASSWORD, next });
      const entered = await town.ask('/login', { method: 'POST', headers: BROWSER, body });
      expect(entered.headers.get('location')).toBe('/');
    }
  });

  it('tells a program whose name is locked when to come again', async () => {
    await using town = await openHttpTown();
    const guess = async () =>
      await town.ask('/login', {
        method: 'POST',
        headers: { ...FORM, 'sec-fetch-site': 'same-origin' },
        body: form({ name: 'lan', password: 'a wrong guess' }),
      });
    for (let count = 0; count < FREE_FAILURES; count += 1) {
      expect((await guess()).status).toBe(401);
    }
    const locked = await guess();
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(20);
    expect(Number(locked.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  });

  it('is refused from another site, and without a word of where it comes from', async () => {
    await using town = await openHttpTown();
    await town.account({ name: 'lan', role: 'auditor' });
    const body = form({ name: 'lan', password: PASSWORD });
    for (const headers of [
      FORM,
      { ...FORM, 'sec-fetch-site': 'cross-site' },
      { ...FORM, 'sec-fetch-site': 'same-site' },
      { ...FORM, origin: 'https://evil.example' },
      { ...FORM, origin: 'null' },
    ]) {
      const answer = await town.ask('/login', { method: 'POST', headers, body });
      expect(answer.status).toBe(403);
    }
    const own = { ...FORM, origin: town.side.url };
    expect((await town.ask('/login', { method: 'POST', headers: own, body })).status).toBe(200);
  });

  it('marks its cookie for TLS alone when a proxy in front has it', async () => {
    await using town = await openHttpTown({
      config: { http: { publicUrl: 'https://so-lieu.example.vn' } },
    });
    await town.account({ name: 'lan', role: 'auditor' });
    const body = form({ name: 'lan', password: PASSWORD });
    const headers = { ...FORM, origin: 'https://so-lieu.example.vn' };
    const answer = await town.ask('/login', { method: 'POST', headers, body });
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-congvan=.*; Secure;/);
    expect(answer.headers.get('strict-transport-security')).toContain('max-age');
  });
});

describe('metrics', () => {
  it('are for operators, by token as monitoring sends it', async () => {
    await using town = await openHttpTown();
    const operator = await town.account({ name: 'minh', role: 'operator' });
    const auditor = await town.account({ name: 'lan', role: 'auditor' });
    const shown = await town.ask('/metrics', { token: operator });
    expect(shown.text).toContain('process_cpu_seconds_total');
    expect((await town.ask('/readyz', { token: operator })).status).toBe(200);
    for (const path of ['/metrics', '/readyz', '/api/v1/health']) {
      expect((await town.ask(path, { token: auditor })).status).toBe(404);
      expect((await town.ask(path)).status).toBe(401);
    }
  });
});

describe('problems', () => {
  it('have a status that a client or a server is at fault for', () => {
    for (const { status } of Object.values(PROBLEMS)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
    }
  });
});

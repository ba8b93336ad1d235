import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

import Provider from 'oidc-provider';
import { describe, expect, it } from 'vitest';

import { viewerOfClaims } from '../../../src/relay/http/provider-claims.ts';
import { oidcSettings } from '../../../src/relay/http/settings.ts';
import { type HttpTown, openHttpTown } from './http-town.ts';

const SECRET = 'a secret of the client, long enough';
/** What the provider says of each person. */
const PEOPLE: Readonly<Record<string, Record<string, unknown>>> = {
  hoa: { preferred_username: 'hoa@example.vn', groups: ['staff', 'auditors'], locale: 'en-GB' },
  binh: { preferred_username: 'bình', groups: ['clerks'], agency: 'H09.12' },
  khach: { preferred_username: 'khách', groups: ['visitors'] },
};

function settingsFor(issuer: string) {
  return oidcSettings.parse({
    issuer,
    clientId: 'congvan',
    secretFile: 'oidc-secret',
    roles: {
      claim: 'groups',
      rules: [
        { value: 'auditors', role: 'auditor' },
        { value: 'clerks', role: 'agency', scopeClaim: 'agency' },
      ],
    },
  });
}

/** A real provider with its own small log-in form, and a relay that trusts it. */
async function openTown(): Promise<HttpTown & { readonly issuer: string }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  const issuer = `http://127.0.0.1:${bound.port}`;
  const town = await openHttpTown({
    config: { oidc: settingsFor(issuer) },
    prepare: async (home) => await writeFile(join(home, 'oidc-secret'), `${SECRET}\n`),
  });
  const client = {
    client_id: 'congvan',
    client_secret: SECRET,
    redirect_uris: [`${town.side.url}/login/oidc/callback`],
    token_endpoint_auth_method: 'client_secret_post' as const,
  };
  const provider = new Provider(issuer, {
    clients: [client],
    claims: { openid: ['sub', 'groups', 'agency'], profile: ['preferred_username', 'locale'] },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, ...PEOPLE[sub] }),
    }),
    cookies: { keys: ['for this test alone'] },
    pkce: { required: () => true },
  });
  server.on('request', (request, response) => void provider.callback()(request, response));
  const close = town[Symbol.asyncDispose].bind(town);
  return Object.assign(town, {
    issuer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await close();
    },
  });
}

/** A browser: follows where it is sent, keeps cookies per origin, and fills the provider's form. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly person: string;

  constructor(person: string) {
    this.person = person;
  }

  cookiesOf(origin: string): string {
    return [...(this.#cookies.get(origin) ?? [])]
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
  }

  async open(url: string, stopAt: string, body?: URLSearchParams): Promise<string> {
    const { origin } = new URL(url);
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: this.cookiesOf(origin), accept: 'text/html' },
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location !== null) {
      const next = new URL(location, url);
      return next.pathname.startsWith(stopAt) && next.origin !== origin
        ? next.href
        : next.pathname === '/login' || next.pathname === '/'
          ? next.href
          : await this.open(next.href, stopAt);
    }
    const page = await answer.text();
    const action = /action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined) return url;
    const fields = new URLSearchParams({ prompt, login: this.person, password: 'any' });
    return await this.open(new URL(action, url).href, stopAt, fields);
  }
}

describe('log-in through an identity provider', () => {
  it('opens a session with the role and scope that the claims give', async () => {
    await using town = await openTown();
    const hoa = new Browser('hoa');
    const end = await hoa.open(`${town.side.url}/login/oidc?next=/`, '/never');
    expect(new URL(end).pathname).toBe('/');
    const { text } = await town.ask('/api/v1/me', {
      headers: { cookie: hoa.cookiesOf(town.side.url) },
    });
    expect(JSON.parse(text)).toEqual({
      name: 'hoa@example.vn',
      role: 'auditor',
      scope: null,
      language: 'en',
    });
    const binh = new Browser('binh');
    await binh.open(`${town.side.url}/login/oidc`, '/never');
    const own = await town.ask('/api/v1/me', {
      headers: { cookie: binh.cookiesOf(town.side.url) },
    });
    expect(JSON.parse(own.text)).toMatchObject({ role: 'agency', scope: 'H09.12' });
  });

  it('lets nobody in to whom no rule gives a role', async () => {
    await using town = await openTown();
    const guest = new Browser('khach');
    const end = await guest.open(`${town.side.url}/login/oidc`, '/never');
    expect(end).toContain('/login?failed=log-in-failed');
    expect(guest.cookiesOf(town.side.url)).not.toContain('congvan=');
  });

  it('refuses a code that another browser started with, and one that was used', async () => {
    await using town = await openTown();
    const attacker = new Browser('hoa');
    const callback = await attacker.open(`${town.side.url}/login/oidc`, '/login/oidc/callback');
    expect(callback).toContain('code=');
    const victim = new Browser('binh');
    expect(await victim.open(callback, '/never')).toContain('failed');
    expect(victim.cookiesOf(town.side.url)).not.toContain('congvan=');
    expect(new URL(await attacker.open(callback, '/never')).pathname).toBe('/');
    expect(await attacker.open(callback, '/never')).toContain('failed');
  });

  it('says that the provider is away, and works when it is back', async () => {
    const town = await openHttpTown({
      config: { oidc: settingsFor('http://127.0.0.1:9') },
      prepare: async (home) => await writeFile(join(home, 'oidc-secret'), SECRET),
    });
    expect((await town.ask('/login/oidc')).status).toBe(503);
    expect(JSON.stringify(town.log)).not.toContain(SECRET);
    await town[Symbol.asyncDispose]();
  });

  it('does not start with a provider that others could listen in on', async () => {
    const opened = openHttpTown({
      config: { oidc: settingsFor('http://id.example.vn') },
      prepare: async (home) => await writeFile(join(home, 'oidc-secret'), SECRET),
    });
    await expect(opened).rejects.toMatchObject({ code: 'BUS_HTTP_FAILED' });
  });
});

describe('claims', () => {
  const settings = settingsFor('https://id.example.vn');

  it('give no role without a scope that the rule wants', () => {
    for (const agency of [undefined, '', 'h09', ['H09', 'H10'], 7, { code: 'H09' }]) {
      const claims = { sub: 'x', groups: ['clerks'], agency };
      expect(viewerOfClaims(claims, settings)).toBeNull();
    }
    expect(viewerOfClaims({ sub: 'x', groups: 'auditors' }, settings)?.scope).toBeNull();
    expect(viewerOfClaims({ sub: 'x', groups: { auditors: true } }, settings)).toBeNull();
  });

  it('are found inside others by their path', () => {
    const inner = { ...settings, roles: { ...settings.roles, claim: 'realm_access.roles' } };
    const claims = { sub: 'x', realm_access: { roles: ['auditors'] } };
    expect(viewerOfClaims(claims, inner)).toMatchObject({ name: 'x', role: 'auditor' });
    expect(viewerOfClaims({ sub: 'x', realm_access: null }, inner)).toBeNull();
  });
});

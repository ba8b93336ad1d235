import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { openAccounts } from '../../../src/relay/http/accounts.ts';
import {
  FREE_FAILURES,
  LogIn,
  MAX_SESSIONS_PER_NAME,
  SESSION_IDLE_MS,
  SESSION_LONGEST_MS,
} from '../../../src/relay/http/log-in.ts';
import { checkPassword, hashPassword } from '../../../src/relay/http/password.ts';
import { homePaths } from '../../../src/relay/home.ts';
import { WebStore, openWebDatabase } from '../../../src/relay/storage/web-store.ts';
import { CHEAP, newWebHome } from './web-home.ts';

const PASSWORD = 'một mật khẩu đủ dài';
const MINUTE_MS = 60_000;

async function openTown() {
  const web = await newWebHome();
  let nowMs = Date.parse('2026-11-02T02:00:00Z');
  const now = () => new Date(nowMs);
  const accounts = await openAccounts(web.home, now, CHEAP);
  const db = openWebDatabase(homePaths(web.home).web);
  const logIn = new LogIn(new WebStore(db), now, CHEAP);
  await accounts.add({ name: 'Lan', role: 'auditor', password: PASSWORD });
  return {
    home: web.home,
    accounts,
    logIn,
    wait: (ms: number) => {
      nowMs += ms;
    },
    [Symbol.asyncDispose]: async () => {
      accounts[Symbol.dispose]();
      db.close();
      await web[Symbol.asyncDispose]();
    },
  };
}

describe('an account', () => {
  it('is known by its password, whatever the case of its name', async () => {
    await using town = await openTown();
    const { id, viewer } = await town.logIn.withPassword('LAN ', PASSWORD);
    expect(viewer).toEqual({ name: 'lan', role: 'auditor', scope: null, language: 'vi' });
    expect(town.logIn.ofSession(id)).toEqual(viewer);
    expect(town.logIn.ofSession(`${id}x`)).toBeNull();
  });

  it('answers a wrong password and an unknown name in the same words', async () => {
    await using town = await openTown();
    const answers = await Promise.allSettled([
      town.logIn.withPassword('lan', 'something else entirely'),
      town.logIn.withPassword('nobody', PASSWORD),
    ]);
    const texts = answers.map((one) => (one.status === 'rejected' ? String(one.reason) : 'in'));
    expect(texts[0]).toContain('wrong');
    expect(texts[1]).toBe(texts[0]);
  });

  it('is locked for longer with each guess, known or not, and opens when the time is over', async () => {
    await using town = await openTown();
    for (const name of ['lan', 'nobody']) {
      for (let count = 0; count < FREE_FAILURES; count += 1) {
        await expect(town.logIn.withPassword(name, 'wrong')).rejects.toMatchObject({
          code: 'log-in-failed',
        });
      }
      await expect(town.logIn.withPassword(name, PASSWORD)).rejects.toMatchObject({
        code: 'too-many-requests',
        message: 'too many wrong passwords: wait 30 seconds',
      });
    }
    town.wait(30_000);
    await expect(town.logIn.withPassword('lan', 'wrong')).rejects.toThrow('wrong');
    await expect(town.logIn.withPassword('lan', PASSWORD)).rejects.toThrow('wait 60 seconds');
    town.wait(60_000);
    await expect(town.logIn.withPassword('lan', PASSWORD)).resolves.toBeDefined();
  });

  it('counts guesses that are made at the same moment', async () => {
    await using town = await openTown();
    const guesses = Array.from({ length: FREE_FAILURES + 3 }, (_, at) =>
      town.logIn.withPassword('lan', `wrong ${at}`).then(() => 'in', String),
    );
    const locked = (await Promise.all(guesses)).filter((text) => text.includes('wait'));
    expect(locked).toHaveLength(3);
  });

  it('refuses what cannot be an account', async () => {
    await using town = await openTown();
    const { accounts } = town;
    const base = { name: 'minh', role: 'auditor', password: PASSWORD } as const;
    for (const change of [
      { name: '' },
      { name: 'a b' },
      { name: 'x'.repeat(65) },
      { name: 'a\u202Eb' },
      { password: 'short' },
      { password: 'x'.repeat(300) },
      { role: 'agency' as const },
    ]) {
      await expect(accounts.add({ ...base, ...change })).rejects.toMatchObject({
        code: 'BUS_ACCOUNT_INVALID',
      });
    }
    await expect(accounts.add({ ...base, scope: 'H09-12' })).rejects.toMatchObject({
      code: 'BUS_AGENCY_CODE_INVALID',
    });
    await expect(accounts.add({ ...base, name: 'LAN' })).rejects.toMatchObject({
      code: 'BUS_ACCOUNT_EXISTS',
    });
    expect(() => accounts.remove('nobody')).toThrow('no account "nobody"');
  });

  it('takes its sessions and its token with it, and a new password ends the sessions', async () => {
    await using town = await openTown();
    const { accounts, logIn } = town;
    const first = await logIn.withPassword('lan', PASSWORD);
    await accounts.setPassword('lan', `${PASSWORD} mới`);
    expect(logIn.ofSession(first.id)).toBeNull();
    await expect(logIn.withPassword('lan', PASSWORD)).rejects.toThrow('wrong');
    const second = await logIn.withPassword('lan', `${PASSWORD} mới`);
    const { token } = accounts.newToken('lan', 30);
    expect(logIn.ofToken(token)?.name).toBe('lan');
    accounts.remove('lan');
    expect(logIn.ofSession(second.id)).toBeNull();
    expect(logIn.ofToken(token)).toBeNull();
  });

  it('has one token at a time, which ends', async () => {
    await using town = await openTown();
    const { accounts, logIn } = town;
    const first = accounts.newToken('lan', 30);
    const second = accounts.newToken('lan', 30);
    expect(logIn.ofToken(first.token)).toBeNull();
    expect(logIn.ofToken(second.token)?.name).toBe('lan');
    town.wait(30 * 24 * 60 * MINUTE_MS);
    expect(logIn.ofToken(second.token)).toBeNull();
    const third = accounts.newToken('lan', 30);
    accounts.revokeToken('LAN');
    expect(logIn.ofToken(third.token)).toBeNull();
  });

  it('leaves no password, token or session id in the file, which is its owner’s alone', async () => {
    await using town = await openTown();
    const { id } = await town.logIn.withPassword('lan', PASSWORD);
    const { token } = town.accounts.newToken('lan', 1);
    for (const name of ['web.sqlite', 'web.sqlite-wal']) {
      const file = join(town.home, name);
      const bytes = await readFile(file);
      for (const secret of [PASSWORD, id, token]) expect(bytes.includes(secret)).toBe(false);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  });
});

describe('a session', () => {
  it('ends when nobody uses it, and after the longest time however it is used', async () => {
    await using town = await openTown();
    const idle = await town.logIn.withPassword('lan', PASSWORD);
    town.wait(SESSION_IDLE_MS - MINUTE_MS);
    expect(town.logIn.ofSession(idle.id)).not.toBeNull();
    town.wait(SESSION_IDLE_MS);
    expect(town.logIn.ofSession(idle.id)).toBeNull();

    const used = await town.logIn.withPassword('lan', PASSWORD);
    const step = SESSION_IDLE_MS / 2;
    for (let passed = step; passed < SESSION_LONGEST_MS; passed += step) {
      town.wait(step);
      expect(town.logIn.ofSession(used.id)).not.toBeNull();
    }
    town.wait(step);
    expect(town.logIn.ofSession(used.id)).toBeNull();
  });

  it('gives way to newer ones of the same name', async () => {
    await using town = await openTown();
    const viewer = { name: 'lan', role: 'auditor', scope: null, language: 'vi' } as const;
    const ids = Array.from({ length: MAX_SESSIONS_PER_NAME + 1 }, () => {
      town.wait(1_000);
      return town.logIn.open(viewer, 'lan');
    });
    expect(ids.map((id) => town.logIn.ofSession(id) !== null)).toEqual([
      false,
      ...Array.from({ length: MAX_SESSIONS_PER_NAME }, () => true),
    ]);
  });
});

describe('a password hash', () => {
  it('names its parameters, differs each time, and matches whichever way accents are typed', async () => {
    const composed = 'mật khẩu rất dài'.normalize('NFC');
    const first = await hashPassword(composed);
    expect(first).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect(await hashPassword(composed)).not.toBe(first);
    expect(await checkPassword(composed.normalize('NFD'), first)).toBe(true);
    expect(await checkPassword(`${composed} `, first)).toBe(false);
    expect(await checkPassword(composed, first.replace('scrypt', 'plain'))).toBe(false);
  });
});

import { readFile, readdir, stat, writeFile } from 'node:fs/promises';

import { decodeEnrolmentToken, encodeEnrolmentToken } from '@congvan/bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from './docs/run-guide.ts';
import { createTown, type RunningPart, type Town } from './town.ts';

interface Made {
  readonly id: string;
  readonly token: string;
}
interface Entry {
  readonly natsUserKey: string | null;
  readonly validTo: string | null;
  readonly certificates: readonly { readonly use: string; readonly sha256: string }[];
}
interface Enrolled {
  readonly folder: string;
  readonly natsUserKey: string;
  readonly certificates: readonly { readonly use: string; readonly sha256: string }[];
}

describe('enrolling with a token', () => {
  /** The registrar's machine. */
  let centre: Town;
  /** A machine of an agency: it has no key of the registrar, and gets none. */
  let office: Town;
  let site: RunningPart;
  let port: number;

  const enrol = ['agency', 'enrol', '--tier', 'province'];
  const make = async (code: string, ...more: string[]): Promise<Made> =>
    await centre.json<Made>([...enrol, code, '--name', `Ủy ban ${code}`, '--site', 'H09', ...more]);
  const save = async (name: string, token: string): Promise<string> => {
    const file = office.path(name);
    await writeFile(file, `${token}\n`, { mode: 0o600 });
    return file;
  };

  beforeAll(async () => {
    centre = await createTown();
    office = await createTown();
    port = await freePort();
    await centre.run(['ca', 'init']);
    await centre.run(['bus', 'up', '--detach', '--site', 'H09']);
    const url = `https://127.0.0.1:${port}`;
    await centre.json(['site', 'desk', '--url', url, '--listen', `127.0.0.1:${port}`]);
    site = await centre.start(['site', 'run'], /"port"|port=/u);
  });
  afterAll(async () => {
    await site.interrupt();
    await centre[Symbol.asyncDispose]();
    await office[Symbol.asyncDispose]();
  });

  it('needs a desk first', async () => {
    await using bare = await createTown();
    await bare.run(['ca', 'init']);
    const asked = await bare.run([...enrol, 'H09', '--name', 'x', '--site', 'H09']);
    expect(asked.code).toBe(5);
    expect(asked.err).toContain('congvan site desk');
  });

  it('makes keys at the agency, and an agent that runs with them', async () => {
    const made = await make('H09', '--issue-seal');
    const file = await save('H09.token', made.token);
    const enrolled = await office.json<Enrolled>(['agent', 'enrol', file, '--thin-line']);
    expect(enrolled.certificates.map(({ use }) => use).toSorted()).toEqual([
      'encryption',
      'node',
      'seal',
      'tls',
    ]);
    const entry = await centre.json<Entry>(['agency', 'show', 'H09']);
    const listed = new Set(entry.certificates.map(({ sha256 }) => sha256));
    for (const { use, sha256 } of enrolled.certificates) {
      expect([use, listed.has(sha256)]).toEqual([use, use !== 'tls']);
    }
    expect(await readdir(office.path('agents'))).toEqual(['H09']);
    expect((await stat(office.path('agents', 'H09', 'keys', 'node.p12'))).mode & 0o777).toBe(0o600);
    const settings = await readFile(office.path('agents', 'H09', 'agent.json'), 'utf8');
    expect(JSON.parse(settings)).toMatchObject({ line: { chunkBytes: 32_768, window: 1 } });
    const agent = await office.start(['agent', 'run'], /servers|máy chủ/u);
    expect(await agent.interrupt()).toBe(0);
  });

  it('keeps only a digest of the secret, and nothing of the agency’s keys', async () => {
    const made = await make('H09.1');
    const { secret } = decodeEnrolmentToken(made.token);
    const kept = await readFile(centre.path('site', 'enrolments', `${made.id}.json`), 'utf8');
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain(made.token);
  });

  it('takes a token once, before it expires, from nobody who guesses', async () => {
    const used = await make('H09.2');
    expect(await office.run(['agent', 'enrol', await save('2.token', used.token)])).toMatchObject({
      code: 0,
    });
    const thief = await createTown();
    const stolen = thief.path('2.token');
    await writeFile(stolen, used.token, { mode: 0o600 });
    const second = await thief.run(['agent', 'enrol', stolen]);
    expect(second.code).toBe(6);
    expect(second.err).toContain('other keys');
    await thief[Symbol.asyncDispose]();

    const waiting = await make('H09.3');
    const read = decodeEnrolmentToken(waiting.token);
    const guessed = encodeEnrolmentToken({ ...read, secret: 'ab'.repeat(16) });
    const wrong = await office.run(['agent', 'enrol', await save('3.token', guessed)]);
    expect(wrong).toMatchObject({ code: 6 });
    expect(wrong.err).toContain('no enrolment waits');
    const { enrolments } = await centre.json<{
      enrolments: { id: string; state: string; attempts: number }[];
    }>(['agency', 'enrol', '--list']);
    expect(enrolments.find(({ id }) => id === waiting.id)).toMatchObject({
      state: 'open',
      attempts: 1,
    });
    expect(enrolments.find(({ id }) => id === used.id)).toMatchObject({ state: 'used' });

    await centre.json(['agency', 'enrol', '--cancel', waiting.id]);
    const cancelled = await office.run(['agent', 'enrol', await save('3b.token', waiting.token)]);
    expect(cancelled.err).toContain('cancelled');
    expect(await centre.run(['agency', 'enrol', '--cancel', used.id])).toMatchObject({ code: 5 });
  });

  it('sends nothing to a desk that has not the key of the token', async () => {
    const made = await make('H09.4');
    const read = decodeEnrolmentToken(made.token);
    const elsewhere = encodeEnrolmentToken({ ...read, deskKeySha256: '00'.repeat(32) });
    const refused = await office.run(['agent', 'enrol', await save('4.token', elsewhere)]);
    expect(refused).toMatchObject({ code: 7 });
    expect(refused.err).toContain('not the desk');
    const { enrolments } = await centre.json<{ enrolments: { id: string; state: string }[] }>([
      'agency',
      'enrol',
      '--list',
    ]);
    expect(enrolments.find(({ id }) => id === made.id)).toMatchObject({ state: 'open' });
  });

  it('never takes a token on the command line, and names a wrong character', async () => {
    const { token } = await make('H09.5');
    expect(await office.run(['agent', 'enrol', token])).toMatchObject({ code: 2 });
    const typo = token.replace(/.$/u, (last) => (last === '0' ? '1' : '0'));
    expect(await office.run(['agent', 'enrol', await save('5.token', typo)])).toMatchObject({
      code: 9,
    });
  });

  it('enrols a list, all of it or nothing', async () => {
    const csv = centre.path('list.csv');
    const lines = [
      'code,name,tier,site,parent',
      'H09.6,Sở Nội vụ,province,H09,H09',
      'H09.7,UBND xã,commune,H09,H09.6',
    ];
    await writeFile(csv, [...lines, 'H09.6,Sở Nội vụ,province,H09,H09'].join('\n'));
    expect(await centre.run(['agency', 'enrol', '--file', csv])).toMatchObject({ code: 2 });
    await writeFile(csv, `\uFEFF${lines.join('\r\n')}\r\n`);
    const out = centre.path('tokens');
    const { enrolments } = await centre.json<{ enrolments: { code: string; token?: string }[] }>([
      'agency',
      'enrol',
      '--file',
      csv,
      '--out',
      out,
    ]);
    expect(enrolments.map(({ code, token }) => [code, token])).toEqual([
      ['H09.6', undefined],
      ['H09.7', undefined],
    ]);
    expect((await readdir(out)).toSorted()).toEqual(['H09-6.token', 'H09-7.token']);
    const file = await save('7.token', await readFile(`${out}/H09-7.token`, 'utf8'));
    expect(await office.run(['agent', 'enrol', file])).toMatchObject({ code: 0 });
  });

  it('shuts an agency out for good, and lets it come back with new keys', async () => {
    const before = await centre.json<Entry>(['agency', 'show', 'H09.7']);
    const [unused, others] = [
      await make('H09.7', '--replace', '--parent', 'H09'),
      await make('H09.8'),
    ];
    const revoked = await centre.json<{
      brokers: { closed: boolean }[];
      certificates: { use: string }[];
      tokens: string[];
    }>(['agency', 'revoke', 'H09.7', '--reason', 'keyCompromise']);
    expect(revoked.brokers).toMatchObject([{ closed: true }]);
    expect(revoked.certificates.map(({ use }) => use).toSorted()).toEqual([
      'encryption',
      'node',
      'tls',
    ]);
    expect(await centre.json<Entry>(['agency', 'show', 'H09.7'])).toMatchObject({
      natsUserKey: null,
    });
    expect(revoked.tokens).toEqual([unused.id]);
    const { enrolments } = await centre.json<{ enrolments: { id: string; state: string }[] }>([
      'agency',
      'enrol',
      '--list',
    ]);
    const stateOf = (id: string) => enrolments.find((one) => one.id === id)?.state;
    expect([stateOf(unused.id), stateOf(others.id)]).toEqual(['cancelled', 'open']);
    const late = await office.run(['agent', 'enrol', await save('7b.token', unused.token)]);
    expect(late.code).not.toBe(0);
    expect(late.err).toContain('cancelled');

    const again = await make('H09.7', '--parent', 'H09');
    const fresh = await createTown();
    const file = fresh.path('7.token');
    await writeFile(file, again.token, { mode: 0o600 });
    const enrolled = await fresh.json<Enrolled>(['agent', 'enrol', file]);
    const after = await centre.json<Entry>(['agency', 'show', 'H09.7']);
    expect(after.natsUserKey).toBe(enrolled.natsUserKey);
    const old = new Set(before.certificates.map(({ sha256 }) => sha256));
    expect(after.certificates.filter(({ sha256 }) => old.has(sha256))).toEqual([]);
    await fresh[Symbol.asyncDispose]();
  });
});

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { encodePayload, parseAgencyCode, signRecord } from '@congvan/bus';
import { createSignatureVerifier, signCms } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { DirectoryCopy } from '../src/directory/copy.ts';
import { createDatabase, openDatabase } from '../src/storage/database.ts';
import { DirectoryStore } from '../src/storage/directory-store.ts';

const ROOT = parseAgencyCode('TW');
const MIGRATIONS = new URL('../migrations/', import.meta.url);

let folder: string;
let pki: TestPki;
let registrar: TestSigner;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-copy-'));
  pki = await createTestPki();
  registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function makeEntry(sequence: number): Promise<Uint8Array> {
  const payload = encodePayload('directory', {
    sequence,
    registrar: ROOT,
    code: parseAgencyCode(`H09.${sequence}`),
    name: `Ủy ban nhân dân xã ${sequence}`,
    tier: 'commune',
    parent: null,
    site: 'H09',
    role: 'agency',
    validFrom: '2026-01-01T00:00:00.000Z',
    validTo: null,
    oldCodes: [],
    predecessors: [],
    successors: [],
    certificates: [],
    natsUserKey: null,
  });
  return await signRecord(
    'directory',
    payload,
    async (tbs) => await signCms({ content: tbs }, registrar, { certificates: 'none' }),
  );
}

function openCopy(db: Database.Database): DirectoryCopy {
  const verify = createSignatureVerifier(pki.trust());
  return new DirectoryCopy(new DirectoryStore(db), registrar.certificate.der, verify);
}

it('takes in 3,000 entries, says how fresh it is, and has them all after a restart', async () => {
  const file = join(folder, 'copy.sqlite');
  const db = createDatabase(file);
  const copy = openCopy(db);
  const at = new Date('2026-07-01T00:00:00Z');
  expect(copy.status(at)).toEqual({ entries: 0, readAt: null, stale: true });
  const records = await Promise.all(Array.from({ length: 3_000 }, (_, n) => makeEntry(n + 1)));
  const taken = db.transaction(() => copy.takeIn(records, new Date())).immediate();
  expect(taken).toMatchObject({ added: 3_000, refused: [] });
  copy.noteRead(at);
  db.close();

  const again = openDatabase(file);
  const reopened = openCopy(again);
  expect(reopened.readUpTo(ROOT)).toBe(3_000);
  expect(reopened.find(parseAgencyCode('H09.2999'))?.name).toBe('Ủy ban nhân dân xã 2999');
  const nextDay = new Date(at.getTime() + 25 * 60 * 60_000);
  expect(reopened.status(at)).toEqual({ entries: 3_000, readAt: at, stale: false });
  expect(reopened.status(nextDay).stale).toBe(true);
  again.close();
});

it('keeps the entries of an agent from the time of one registrar, and reads them again', async () => {
  const file = join(folder, 'before.sqlite');
  const old = new Database(file);
  const names = (await readdir(MIGRATIONS)).toSorted().filter((name) => name < '0008');
  for (const name of names) {
    old.exec(await readFile(new URL(name, MIGRATIONS), 'utf8'));
    old.pragma(`user_version = ${Number(name.slice(0, 4))}`);
  }
  const insert = old.prepare(
    'INSERT INTO directory_entry (code, sequence, record) VALUES (?, ?, ?)',
  );
  insert.run('H09.1', 1, await makeEntry(1));
  insert.run('H09.2', 2, await makeEntry(2));
  old.close();

  const db = openDatabase(file);
  const copy = openCopy(db);
  expect(copy.root()).toBe(ROOT);
  expect(copy.list(() => expect.fail('damaged')).map(({ code }) => code)).toEqual([
    'H09.1',
    'H09.2',
  ]);
  expect(copy.readUpTo(ROOT)).toBe(0);
  copy.takeIn([await makeEntry(1), await makeEntry(3)], new Date());
  expect(copy.readUpTo(ROOT)).toBe(3);
  db.close();
});

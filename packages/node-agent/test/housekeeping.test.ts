import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { purge } from '../src/home/housekeeping.ts';
import { SILENT_LOG } from '../src/index.ts';
import { createDatabase } from '../src/storage/database.ts';
import { GroupCommit } from '../src/storage/group-commit.ts';
import { HousekeepingStore } from '../src/storage/housekeeping-store.ts';
import { InboxStore } from '../src/storage/inbox-store.ts';
import { OutboxStore } from '../src/storage/outbox-store.ts';
import { type Office, type Town, foundTown } from './support/town.ts';

const WAIT_MS = 20_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

let town: Town;
let commune: Office;

beforeAll(async () => {
  town = await foundTown();
  commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
});

afterAll(async () => {
  await town[Symbol.asyncDispose]();
});

it('removes files that no row names, but none that a command may be about to name', async () => {
  await using _first = await commune.open();
  await _first.close();
  const old = new Date(Date.now() - 2 * DAY_MS);
  const orphan = async (folder: string, name: string, at: Date): Promise<string> => {
    const path = join(commune.home, folder, name);
    await writeFile(path, 'left behind by a kill');
    await utimes(path, at, at);
    return path;
  };
  await orphan('packages', 'ab'.repeat(32), old);
  await orphan('packages', '.content.1.abc.part', old);
  await orphan('packages', 'cd'.repeat(32), new Date());
  await orphan('sealed', 'ab'.repeat(32), old);
  await orphan('downloads', '17-abababababababab.part', new Date());
  await using _agent = await commune.open();
  const left = async () =>
    await Promise.all(
      ['packages', 'sealed', 'downloads'].map((folder) => readdir(join(commune.home, folder))),
    );
  await waitUntil(async () => (await left()).flat().length === 1, WAIT_MS);
  expect(await left()).toEqual([['cd'.repeat(32)], [], []]);
});

it('purges messages that ended and what was quarantined long ago, and keeps what is open', async () => {
  await using folder = await makeFolder();
  const db = createDatabase(join(folder.path, 'agent.sqlite'));
  const outbox = new OutboxStore(db);
  const inbox = new InboxStore(db);
  const commit = new GroupCommit(db);
  const nowMs = Date.parse('2026-11-02T00:00:00.000Z');
  const longAgoMs = nowMs - 41 * DAY_MS;
  await commit.commit(() => {
    const record = outbox.insertRecord('receipt', Buffer.from('{}'), 'ab', null);
    const names = [
      'ended',
      'dead',
      'open',
      'fresh',
      ...Array.from({ length: 600 }, (_, n) => `e${n}`),
    ];
    for (const message_id of names) {
      const row = { message_id, purpose: 'receipt', record_id: record, package_id: null } as const;
      outbox.enqueue({ ...row, recipient: 'G09', lane: 'normal' }, longAgoMs);
    }
    outbox.settle('dead', 'undelivered', longAgoMs);
    outbox.settle('fresh', 'confirmed', nowMs);
    for (const name of names.filter((one) => one.startsWith('e'))) {
      outbox.settle(name, 'confirmed', longAgoMs);
    }
    for (const [name, receivedMs] of [
      ['old', longAgoMs],
      ['new', nowMs],
    ] as const) {
      inbox.insertQuarantine(quarantined(name, receivedMs));
    }
  });
  expect(inbox.quarantinedBytes()).toBe(2);
  await purge(
    {
      commit,
      inbox,
      housekeeping: new HousekeepingStore(db),
      log: SILENT_LOG,
      now: () => new Date(nowMs),
      config: { retention: { settledDays: 40, quarantineDays: 40 } },
    },
    AbortSignal.timeout(WAIT_MS),
  );
  const left = outbox.list(true, 1_000).map((row) => row.message_id);
  expect(left.toSorted()).toEqual(['dead', 'fresh', 'open']);
  expect(inbox.listQuarantine(10).map((row) => row.message_sha256)).toEqual(['new']);
  expect(inbox.quarantinedBytes()).toBe(1);
  commit.close();
  db.close();
});

function quarantined(name: string, receivedMs: number) {
  return {
    message_sha256: name,
    nats_subject: 'vb.msg',
    finding: 'RECORD_MALFORMED',
    detail: '',
    claimed_from: null,
    claimed_document_id: null,
    message_bytes: 1,
    message: Buffer.from('x'),
    received_ms: receivedMs,
    refusal_record_id: null,
  };
}

async function makeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'congvan-purge-'));
  return {
    path,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }),
  };
}

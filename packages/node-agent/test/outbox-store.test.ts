import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { MAX_REPEAT_MS, afterPubAck } from '../src/outbox/schedule.ts';
import { type Db, createDatabase } from '../src/storage/database.ts';
import { type DueRow, OutboxStore } from '../src/storage/outbox-store.ts';

const NOW_MS = Date.parse('2026-11-02T03:00:00.000Z');
const YEAR_MS = 365 * 24 * 3_600_000;

describe('the outbox', () => {
  let folder: string;
  let db: Db;
  let outbox: OutboxStore;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-outbox-'));
    db = createDatabase(join(folder, 'agent.sqlite'));
    outbox = new OutboxStore(db);
    const payload = Buffer.from('{}');
    outbox.enqueue(
      {
        message_id: 'a',
        purpose: 'receipt',
        record_id: outbox.insertRecord('receipt', payload, 'hash', null),
        package_id: null,
        recipient: 'G09',
        lane: 'normal',
      },
      NOW_MS,
    );
  });

  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  const dueAt = (nowMs: number): string[] =>
    outbox.due('normal', nowMs, MAX_REPEAT_MS, 10).map((row) => row.message_id);

  it('waits for the time of the next try', () => {
    outbox.recordAttempt('a', 1, NOW_MS + MAX_REPEAT_MS);
    expect(dueAt(NOW_MS)).toEqual([]);
    expect(dueAt(NOW_MS + MAX_REPEAT_MS)).toEqual(['a']);
  });

  it('does not wait a year for a clock that was a year ahead', () => {
    outbox.recordAttempt('a', 1, NOW_MS + YEAR_MS);
    expect(dueAt(NOW_MS)).toEqual(['a']);
  });

  it('takes a receipt that comes after a row was given up', () => {
    outbox.settle('a', 'undelivered', NOW_MS);
    expect(outbox.counts()).toMatchObject({ undelivered: 1 });
    expect(outbox.settle('a', 'receipted', NOW_MS + 1)).toBe(true);
    expect(outbox.counts()).toMatchObject({ undelivered: 0 });
    expect(outbox.settle('a', 'undelivered', NOW_MS + 2)).toBe(false);
  });

  const acknowledged = (purpose: DueRow['purpose'], streamSeq: number | null): DueRow => ({
    message_id: 'a',
    purpose,
    record_id: 1,
    package_id: 1,
    recipient: 'G09',
    lane: 'normal',
    created_ms: NOW_MS,
    attempt_count: streamSeq === null ? 9 : 1,
    stream_seq: streamSeq,
    type: 'delivery',
    payload: Buffer.from('{}'),
    signed: null,
    refusal_count: 0,
    about_package: null,
    inside_bytes: 0,
    tried_since_ms: NOW_MS,
  });
  const minutesFromNow = (minutes: number) => ({
    act: 'wait',
    nextTryMs: NOW_MS + minutes * 60_000,
  });

  it('repeats after little more than an hour, however long the broker was away before', () => {
    const act = afterPubAck(acknowledged('document', null), false, NOW_MS);
    expect(act).toEqual(minutesFromNow(65));
  });

  it('repeats what leaves its site after minutes, then after hours', () => {
    const first = afterPubAck(acknowledged('document', null), true, NOW_MS);
    expect(first).toEqual(minutesFromNow(3));
    const second = afterPubAck(acknowledged('document', 7), true, NOW_MS);
    expect(second).toEqual(minutesFromNow(65));
    const receipt = afterPubAck(acknowledged('receipt', 7), true, NOW_MS);
    expect(receipt).toEqual({ act: 'settle', outcome: 'confirmed' });
  });
});

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  CONDITIONS,
  CONDITION_CODES,
  ConditionBook,
  SAME_CONDITION_MS,
} from '../../src/condition/condition.ts';
import { describeCondition } from '../../src/condition/describe.ts';
import {
  type RunningStatus,
  STATUS_FILE_BYTES,
  readStatus,
  writeStatus,
} from '../../src/condition/status-file.ts';

describe('the book of conditions', () => {
  let nowMs = 0;
  const now = (): Date => new Date(nowMs);

  beforeEach(() => {
    nowMs = Date.parse('2026-11-02T03:00:00Z');
  });

  it('keeps since when a condition stands while its figures change', () => {
    const book = new ConditionBook(now);
    book.set('STREAM_FULL', { error: 'first' });
    const sinceMs = nowMs;
    nowMs += 60_000;
    book.set('STREAM_FULL', { error: 'second' });
    expect(book.list()).toEqual([{ code: 'STREAM_FULL', sinceMs, facts: { error: 'second' } }]);
  });

  it('takes one that comes back within two minutes for the same', () => {
    const book = new ConditionBook(now);
    const sinceMs = nowMs;
    book.set('DISK_FULL', {});
    book.clear('DISK_FULL');
    nowMs += SAME_CONDITION_MS - 1;
    book.set('DISK_FULL', {});
    expect(book.list()[0]?.sinceMs).toBe(sinceMs);
    book.clear('DISK_FULL');
    nowMs += SAME_CONDITION_MS;
    book.set('DISK_FULL', {});
    expect(book.list()[0]?.sinceMs).toBe(nowMs);
  });

  it('tells once when one begins and once when it ends', () => {
    const told: string[] = [];
    const book = new ConditionBook(now, (code, stands) => told.push(`${code} ${stands}`));
    book.set('CLOCK_WRONG', { offsetSeconds: 400 });
    book.set('CLOCK_WRONG', { offsetSeconds: 401 });
    book.clear('CLOCK_WRONG');
    book.clear('CLOCK_WRONG');
    expect(told).toEqual(['CLOCK_WRONG true', 'CLOCK_WRONG false']);
  });

  it('lists errors before warnings', () => {
    const book = new ConditionBook(now);
    book.set('CREDENTIALS_EXPIRING', {});
    book.set('DISK_FULL', {});
    expect(book.list().map(({ code }) => code)).toEqual(['DISK_FULL', 'CREDENTIALS_EXPIRING']);
  });

  it('has words for each', () => {
    for (const code of CONDITION_CODES) {
      const { detail } = describeCondition({ code, sinceMs: 0, facts: {} });
      expect(detail.length).toBeGreaterThan(10);
    }
  });
});

describe('the reference of conditions', () => {
  it('has a row for each, with its severity', () => {
    const page = new URL('../../../../docs/reference/conditions.md', import.meta.url);
    const rows = [...readFileSync(page, 'utf8').matchAll(/^\| `([A-Z_]+)` +\| (\w+)/gmu)];
    const listed = rows.map(([, code, severity]) => `${code} ${severity}`);
    const expected = CONDITION_CODES.map((code) => `${code} ${CONDITIONS[code].severity}`);
    expect(listed).toEqual(expected);
  });
});

describe('the status file', () => {
  let folder: string;
  let file: string;
  const status: RunningStatus = {
    writtenMs: 1,
    broker: 'disconnected',
    connectedMs: 0,
    reports: 0,
    conditions: [{ code: 'DISK_FULL', sinceMs: 1, facts: { folder: '/a' } }],
    rates: { urgent: 0, normal: 1.5 },
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-status-'));
    file = join(folder, 'agent.status');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('comes back as it was written, in the same room each time', () => {
    expect(writeStatus(file, status)).toBe(true);
    const { ino, size } = statSync(file);
    expect(writeStatus(file, { ...status, conditions: [] })).toBe(true);
    expect(statSync(file)).toMatchObject({ ino, size: STATUS_FILE_BYTES });
    expect(size).toBe(STATUS_FILE_BYTES);
    expect(readStatus(file)).toEqual({ ...status, conditions: [] });
  });

  it('is readable by its owner alone', () => {
    writeStatus(file, status);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('says nothing when it is missing, cut short or of another kind', () => {
    expect(readStatus(file)).toBeUndefined();
    writeStatus(file, status);
    writeFileSync(file, readFileSync(file).subarray(0, 40));
    expect(readStatus(file)).toBeUndefined();
    writeFileSync(file, '{"conditions":[{"code":"__proto__"}]}');
    expect(readStatus(file)).toBeUndefined();
  });

  it('says of a site service that never answered just that', () => {
    const facts = { lastAnswer: 'never' };
    const { detail } = describeCondition({ code: 'SITE_SERVICE_SILENT', sinceMs: 0, facts });
    expect(detail).toBe('the site service has not answered yet');
  });
});

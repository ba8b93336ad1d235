import { describe, expect, it } from 'vitest';

import type { ConsumerState, StreamState } from '../../src/broker/stream-admin.ts';
import {
  judgeAgencies,
  judgeClock,
  judgeDisk,
  judgeExpiry,
  judgePresence,
  judgeService,
  judgeStreams,
  judgeVersion,
} from '../../src/plan/health.ts';
import { readDescription } from '../../src/plan/description.ts';
import { COUNTRY } from './country.ts';

const GIB = 1024 ** 3;
const NOW = new Date('2026-11-22T08:00:00Z');

function consumer(change: Partial<ConsumerState>): ConsumerState {
  return {
    stream: 'IN_H09',
    name: 'H09-12_n',
    waitingPullCount: 1,
    pendingCount: 0,
    ackPendingCount: 0,
    maxAckPending: 2_000,
    ...change,
  };
}

function stream(change: Partial<StreamState>): StreamState {
  return {
    name: 'XCH',
    messageCount: 1,
    bytes: 10,
    maxBytes: 1_000,
    consumerCount: 0,
    firstSeq: 1,
    lastSeq: 1,
    createdAt: NOW,
    leader: 'c1',
    copies: [],
    sources: [],
    ...change,
  };
}

describe('the health of a bus', () => {
  it.each([
    ['2.9.10', 'warn'],
    ['2.12.11', 'warn'],
    ['2.12.12', 'ok'],
    ['2.13.5', 'warn'],
    ['2.14.2', 'warn'],
    ['2.14.3', 'ok'],
    ['2.15.2', 'ok'],
    ['3.0.0', 'ok'],
  ])('calls release %s %s', (version, state) => {
    expect(judgeVersion('central', 'c1', version).state).toBe(state);
  });

  it('tells agencies that nobody reads for from those that are stuck, and from quiet ones', () => {
    const found = judgeAgencies('H09', 'IN_H09', [
      consumer({ name: 'H09-01_n' }),
      consumer({ name: 'H09-02_n', waitingPullCount: 0 }),
      consumer({ name: 'H09-03_n', waitingPullCount: 0, pendingCount: 3 }),
      consumer({ name: 'H09-03_u', waitingPullCount: 0, ackPendingCount: 1 }),
      consumer({ name: 'H09-04_n', ackPendingCount: 2_000 }),
    ]);
    expect(found.map(({ code, values }) => [code, values['count'], values['agencies']])).toEqual([
      ['agencies-silent', 1, 'H09.03'],
      ['agencies-stuck', 1, 'H09.04'],
    ]);
  });

  it('sees missing, full and leaderless streams, and sources that fell silent', () => {
    const [central] = readDescription(COUNTRY, 'bus.yaml').places;
    if (central === undefined) throw new Error('no centre');
    const source = { stream: 'OUT_H09', lagCount: 4, silentMs: 1_000, error: null };
    const found = judgeStreams(
      central,
      new Map([
        ['XCH', stream({ bytes: 850, sources: [source, { ...source, silentMs: 60_000 }] })],
        ['REPORTS', stream({ name: 'REPORTS', bytes: 990, leader: null })],
        ['BLOBX', stream({ name: 'BLOBX', sources: [{ ...source, silentMs: null }] })],
      ]),
    );
    expect(found.map(({ about, code, state }) => `${about} ${code} ${state}`)).toEqual([
      'XCH stream-full-by-sources warn',
      'XCH source-silent warn',
      'REPORTS stream-full-by-sources fail',
      'REPORTS stream-no-leader fail',
      'BLOBX source-silent warn',
      'DIRX stream-missing fail',
    ]);
  });

  it('tells a full stream that refuses senders from one that lets the sites wait', () => {
    const { places } = readDescription(COUNTRY, 'bus.yaml');
    const codesOf = (id: string): string[] => {
      const place = places.find((one) => one.id === id);
      if (place === undefined) throw new Error(`no place ${id}`);
      const full = place.streams.map(({ name }) => stream({ name, bytes: 1_000, leader: 'n1' }));
      const found = judgeStreams(place, new Map(full.map((state) => [state.name, state])));
      return found.map(({ about, code }) => `${about} ${code}`);
    };
    expect(codesOf('H09')).toEqual([
      'OUT_H09 stream-full',
      'IN_H09 stream-full',
      'REPORT_H09 stream-full',
      'BLOB_H09 stream-full',
      'DIR_H09 stream-full',
      'DIRIN_H09 stream-full-by-sources',
    ]);
    expect(codesOf('central').every((line) => line.endsWith('stream-full-by-sources'))).toBe(true);
  });

  it('wants on the disk what the store may still take', () => {
    const disk = { totalBytes: 100 * GIB, storeBytes: 70 * GIB, usedByStoreBytes: 10 * GIB };
    expect(judgeDisk('H09', 'h09', { ...disk, freeBytes: 61 * GIB }).state).toBe('ok');
    expect(judgeDisk('H09', 'h09', { ...disk, freeBytes: 59 * GIB }).state).toBe('fail');
    const large = { ...disk, storeBytes: 80 * GIB, freeBytes: 90 * GIB };
    expect(judgeDisk('H09', 'h09', large).state).toBe('warn');
  });

  it('fails for a silent service, unless it may not have begun', () => {
    const judge = (isThere: boolean, isUsed: boolean) =>
      judgeService('site-service', 'H09', isThere, isUsed);
    expect(judge(true, true)).toMatchObject({ code: 'site-service', state: 'ok' });
    expect(judge(false, true)).toMatchObject({ code: 'site-service-silent', state: 'fail' });
    expect(judge(false, false)).toMatchObject({ code: 'site-service-silent', state: 'warn' });
  });

  it('fails for a presence that nobody has written for four minutes', () => {
    const judge = (ageMs: number) =>
      judgePresence('presence.json', new Date(NOW.getTime() - ageMs), NOW);
    expect(judge(230_000)).toEqual([]);
    expect(judge(300_000)).toMatchObject([
      { code: 'presence-old', state: 'fail', values: { minutes: 5 } },
    ]);
  });

  it('judges clocks and what expires', () => {
    expect(judgeClock('H09', 'h09', -4_000).state).toBe('ok');
    expect(judgeClock('H09', 'h09', 6_000).state).toBe('warn');
    expect(judgeClock('H09', 'h09', -250_000).state).toBe('fail');
    const until = (days: number) => new Date(NOW.getTime() + days * 86_400_000);
    expect(judgeExpiry('certificate', 'H09', 'h09', until(60), NOW).state).toBe('ok');
    expect(judgeExpiry('certificate', 'H09', 'h09', until(20), NOW).state).toBe('warn');
    expect(judgeExpiry('credentials', 'H09', 'h09', until(-1), NOW).state).toBe('fail');
    expect(judgeExpiry('credentials', 'H09', 'h09', null, NOW).state).toBe('ok');
  });
});

import { describe, expect, it } from 'vitest';

import {
  findExpiring,
  findGrowingGaps,
  findOwn,
  findSilent,
  findSkewed,
  findUnderTarget,
  workingDaysBetween,
} from '../../../src/relay/alerts/rules.ts';
import { alertSettings } from '../../../src/relay/alerts/settings.ts';

const SETTINGS = alertSettings.parse({});
const at = (text: string): number => Date.parse(text);
const DAY_MS = 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

describe('working days', () => {
  it('leave out weekends and holidays, and days that are not over at +07:00', () => {
    const none = new Set<string>();
    // Friday 20 to Tuesday 24 November 2026: Monday alone lies wholly between.
    expect(workingDaysBetween(at('2026-11-20T03:00Z'), at('2026-11-24T03:00Z'), none)).toBe(1);
    const monday = new Set(['2026-11-23']);
    expect(workingDaysBetween(at('2026-11-20T03:00Z'), at('2026-11-24T03:00Z'), monday)).toBe(0);
    // 17:00 UTC is the start of the next day there.
    expect(workingDaysBetween(at('2026-11-22T16:59Z'), at('2026-11-23T17:00Z'), none)).toBe(1);
    expect(workingDaysBetween(at('2026-11-22T17:00Z'), at('2026-11-23T17:00Z'), none)).toBe(0);
  });
});

describe('a silent agency', () => {
  const nowMs = at('2026-11-20T03:00Z');
  const agency = { code: 'H09', tier: 'province', validFromMs: 0, validToMs: null };

  it('is one that is open and sent nothing for the days of its tier', () => {
    const lastStoredMs = at('2026-11-17T03:00Z');
    const days = (tier: string) =>
      findSilent([{ ...agency, tier, lastStoredMs }], SETTINGS, nowMs).length;
    expect([days('province'), days('commune')]).toEqual([1, 0]);
    const closed = { ...agency, lastStoredMs, validToMs: nowMs - 1 };
    const coming = { ...agency, lastStoredMs: null, validFromMs: nowMs + 1 };
    const fresh = { ...agency, lastStoredMs: null, validFromMs: nowMs - DAY_MS };
    expect(findSilent([closed, coming, fresh], SETTINGS, nowMs)).toEqual([]);
    const never = findSilent([{ ...agency, lastStoredMs: null }], SETTINGS, nowMs);
    expect(never[0]).toMatchObject({ severity: 'critical', values: { last: '-' } });
  });
});

describe('limits', () => {
  it('open above and close below, with room between', () => {
    const own = {
      storageError: null,
      brokerAwayMs: 0,
      watermarksDue: 0,
      pendingReports: 0,
      delayMs: 0,
      logBytes: 0,
      diskFree: 1,
    };
    const disk = (diskFree: number) => findOwn({ ...own, diskFree }, SETTINGS).map((f) => f.firm);
    expect([disk(0.09), disk(0.11), disk(0.2)]).toEqual([[true], [false], []]);
    const late = (minutes: number) =>
      findOwn({ ...own, delayMs: minutes * MINUTE_MS }, SETTINGS).map((f) => f.firm);
    expect([late(15), late(8), late(7)]).toEqual([[true], [false], []]);
    const share = (rate: number) =>
      findUnderTarget(
        [{ agency: 'H09', month: '2026-10', documents: 20, rate, target: 0.9 }],
        SETTINGS,
      ).map((f) => f.firm);
    expect([share(0.89), share(0.902), share(0.91)]).toEqual([[true], [false], []]);
  });

  it('leave alone what says nothing', () => {
    const few = { agency: 'H09', month: '2026-10', documents: 19, rate: 0, target: 0.9 };
    expect(findUnderTarget([few, { ...few, documents: 99, target: null }], SETTINGS)).toEqual([]);
    expect(findGrowingGaps([{ agency: 'H09', missing: 99 }], undefined, SETTINGS)).toEqual([]);
    const before = new Map([['H09', 95]]);
    expect(findGrowingGaps([{ agency: 'H09', missing: 99 }], before, SETTINGS)).toEqual([]);
    expect(findGrowingGaps([{ agency: 'H09', missing: 105 }], before, SETTINGS)).toHaveLength(1);
  });
});

describe('a clock', () => {
  it('is ahead by one report that comes before its time, behind only when all of them say so', () => {
    const skew = (leastDelayMs: number, reports: number) =>
      findSkewed([{ agency: 'H09', reports, leastDelayMs }], SETTINGS).map((f) => f.values);
    expect(skew(-6 * MINUTE_MS, 1)).toEqual([{ agency: 'H09', minutes: 6, direction: 'ahead' }]);
    expect(skew(6 * MINUTE_MS, 1)).toEqual([]);
    expect(skew(6 * MINUTE_MS, 5)).toEqual([{ agency: 'H09', minutes: 6, direction: 'behind' }]);
    expect(skew(MINUTE_MS, 50)).toEqual([]);
  });
});

describe('a certificate', () => {
  it('warns thirty days before its end, and louder in the last week', () => {
    const nowMs = at('2026-11-20T03:00Z');
    const end = (days: number) =>
      findExpiring(
        [
          {
            owner: 'H09',
            agency: 'H09',
            use: 'seal',
            sha256: 'ab'.repeat(32),
            notAfterMs: nowMs + days * DAY_MS,
          },
        ],
        SETTINGS,
        nowMs,
      ).map((f) => f.severity);
    expect([end(31), end(30), end(7), end(-1)]).toEqual([
      [],
      ['warning'],
      ['critical'],
      ['critical'],
    ]);
  });
});

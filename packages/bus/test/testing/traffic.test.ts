import { describe, expect, it } from 'vitest';

import { encodePayload, payloadHash } from '../../src/index.ts';
import { type TrafficReport, makeCountry, makeReports } from '../../src/testing/index.ts';

function reportsOf(seed: number): TrafficReport[] {
  const country = makeCountry(120, 3);
  const months = { from: '2026-01', months: 3 };
  return [...makeReports({ country, seed, ...months, deliveries: 3_000, oneLostIn: 500 })];
}

describe('made traffic', () => {
  it('is the same for the same seed and another for another', () => {
    const hashes = (seed: number) => reportsOf(seed).map((report) => report.payloadHash);
    expect(hashes(1)).toEqual(hashes(1));
    expect(hashes(1)).not.toEqual(hashes(2));
  });

  it('has the payloads that an agent would sign', () => {
    for (const report of reportsOf(1).slice(0, 500)) {
      const { agency: from, number, previousHash: previous, atMs, entry } = report;
      const at = new Date(atMs).toISOString();
      const payload = encodePayload('report', { from, number, previous, at, entry });
      expect(Buffer.from(report.payload).toString()).toBe(Buffer.from(payload).toString());
      expect(report.payloadHash).toBe(payloadHash(payload));
    }
  });

  it('has documents of all tiers, answers, paper, void numbers, refusals and lost reports', () => {
    const reports = reportsOf(1);
    const kinds = new Set(
      reports.map(({ entry }) => (entry.kind === 'receipt' ? entry.status : entry.kind)),
    );
    const all = ['dispatch', 'paper', 'void', 'withdrawn', '01', '02', '03', '06'];
    expect([...kinds].toSorted()).toEqual(all.toSorted());
    expect(new Set(reports.map(({ tier }) => tier)).size).toBe(4);
    const deliveries = reports.flatMap(({ entry }) =>
      entry.kind === 'dispatch' ? entry.recipients.filter(({ mode }) => mode !== 'P') : [],
    );
    expect(deliveries.length).toBeGreaterThan(2_700);
    expect(deliveries.length).toBeLessThan(3_300);
    const last = new Map(reports.map(({ agency, number }) => [agency, number]));
    const numbered = [...last.values()].reduce((sum, number) => sum + number, 0);
    expect(numbered).toBeGreaterThan(reports.length); // some never came
  });

  it('goes on in the order of time', () => {
    const times = reportsOf(1).map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

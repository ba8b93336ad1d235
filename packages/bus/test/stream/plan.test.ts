import { expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import {
  LOCAL_STREAM_LIMITS,
  consumersOfAgency,
  consumersOfRelay,
  streamsOfSite,
} from '../../src/stream/plan.ts';
import { messageSubject, reportSubject } from '../../src/subject/subject.ts';

const to = parseAgencyCode('H09.12');
const from = parseAgencyCode('G01');

function matches(filter: string, subject: string): boolean {
  const pattern = filter.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace(/\$/g, '\\$');
  return new RegExp(`^${pattern}$`).test(subject);
}

it('gives every message exactly one stream and one lane of its recipient', () => {
  const streams = ['H09', 'TW', 'H44'].flatMap((site) => streamsOfSite(site, LOCAL_STREAM_LIMITS));
  const parts = { tier: 'province', kind: 'doc', toSite: 'H09', fromSite: 'TW' } as const;
  for (const lane of ['urgent', 'normal'] as const) {
    const subject = messageSubject({ ...parts, lane, scope: 'cross', to, from });
    const owners = streams.filter(({ subjects }) => subjects.some((own) => matches(own, subject)));
    expect(owners.map(({ name }) => name)).toEqual(['IN_H09']);
    const consumers = consumersOfAgency(to, 'H09').filter((plan) =>
      matches(plan.filterSubject, subject),
    );
    expect(consumers.map(({ name }) => name)).toEqual([`H09-12_${lane === 'urgent' ? 'u' : 'n'}`]);
  }
});

it('lets a relay read the reports of each site', () => {
  const subject = reportSubject({ tier: 'district', site: 'H09', from: to });
  const plans = consumersOfRelay(parseAgencyCode('A00'), ['H09', 'TW']);
  expect(plans.map(({ stream, name }) => `${stream} ${name}`)).toEqual([
    'REPORT_H09 relay_A00',
    'REPORT_TW relay_A00',
  ]);
  expect(plans.filter((plan) => matches(plan.filterSubject, subject))).toHaveLength(1);
});

it('sets the limits that protect the disk and the unread', () => {
  const streams = streamsOfSite('H09', LOCAL_STREAM_LIMITS);
  for (const plan of streams) {
    expect(plan.maxBytes).toBeGreaterThan(0);
    expect(plan.maxConsumers).toBeGreaterThan(1_000);
    expect(plan.maxAgeMs).toBe(30 * 24 * 3_600_000);
    expect(plan.duplicateWindowMs).toBe(3_600_000);
  }
  expect(streams.reduce((sum, { maxBytes }) => sum + maxBytes, 0)).toBe(1024 ** 3);
});

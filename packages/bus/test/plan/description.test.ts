import { describe, expect, it } from 'vitest';

import { readDescription } from '../../src/plan/description.ts';
import { formatSize, parseSize } from '../../src/plan/size.ts';
import { COUNTRY } from './country.ts';

function faultOf(text: string): string {
  try {
    readDescription(text, 'bus.yaml');
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('the description of a bus', () => {
  it('gives each place its servers, its domain and streams that fit below its disk', () => {
    const plan = readDescription(COUNTRY, 'bus.yaml');
    expect(plan.places.map(({ id, domain }) => [id, domain])).toEqual([
      ['central', 'central'],
      ['TW', 'TW'],
      ['H09', 'H09'],
    ]);
    for (const { servers, reservedBytes } of plan.places) {
      for (const { storeBytes, diskBytes } of servers) {
        expect(storeBytes).toBeLessThan(diskBytes * 0.75);
        expect(reservedBytes).toBeLessThan(storeBytes);
      }
    }
    const [, , site] = plan.places;
    expect(site?.hubs).toEqual([
      'c1.bus.example.vn:7422',
      'c2.bus.example.vn:7422',
      'c3.bus.example.vn:7422',
    ]);
  });

  it.each([
    ['a field that nobody knows', ['server: 2.14.3', 'server: 2.14.3\nsevers: 3'], 'line'],
    [
      'a store that could fill the disk',
      ['c1.bus.example.vn, disk: 500GB', 'c1.bus.example.vn, disk: 500GB, store: 400GB'],
      'line 7: centre.servers.0.store',
    ],
    [
      'a size without a unit',
      ['tw.bus.example.vn, disk: 200GB', 'tw.bus.example.vn, disk: 200'],
      'line 12: sites.0.servers.0.disk',
    ],
    ['a site that must not reach a subject', ['code: H09', "code: '>'"], 'line 13: sites.1.code'],
    ['two servers of the same name', ['name: h09', 'name: tw'], 'two servers are named "tw"'],
    [
      'two servers in a cluster',
      ['    - { name: c3, host: c3.bus.example.vn, disk: 500GB }\n', ''],
      'three in a cluster',
    ],
    [
      'streams that do not fit',
      [
        '    servers: [{ name: h09, host: h09.bus.example.vn, disk: 200GB }]',
        '    servers: [{ name: h09, host: h09.bus.example.vn, disk: 200GB }]\n    limits: { inbox: 190GB }',
      ],
      'the streams reserve',
    ],
    ['a line in the clear between machines', [/^tls:.*\n/m, ''], 'tls: is needed'],
    [
      'a relay at a site that is not there',
      ['TW.RELAY, site: TW', 'TW.RELAY, site: H44'],
      'there is no site H44',
    ],
    [
      'an address where servers of a cluster know each other by name',
      ['host: c2.bus.example.vn', 'host: 10.1.0.2'],
      'line 8: centre.servers.1.host: 10.1.0.2 is an address',
    ],
    ['the same key twice', ['plan: federated', 'plan: federated\nplan: flat'], 'line 3'],
    [
      'a path that leads elsewhere',
      ['/etc/congvan/tls/ca.pem', '/etc/../root/ca.pem'],
      'line 4: tls.ca',
    ],
    ['text that is not YAML', ['name: vietnam', 'name: [vietnam'], 'line'],
  ] as const)('refuses %s, and says where', (_what, [from, to], message) => {
    const changed = COUNTRY.replace(from, to);
    expect(changed).not.toBe(COUNTRY);
    expect(faultOf(changed)).toContain(message);
    expect(faultOf(changed)).toMatch(/^bus\.yaml, line \d+: /);
  });

  it('reads sizes with a unit and nothing else', () => {
    expect(parseSize('1.5TiB')).toBe(1.5 * 1024 ** 4);
    expect(parseSize('500 GB')).toBe(500e9);
    for (const text of ['', '5', 'GB', '-1GB', '1e9 B', '5gb'])
      expect(parseSize(text)).toBe(undefined);
    expect(formatSize(1024 ** 3 * 20)).toBe('20 GiB');
  });
});

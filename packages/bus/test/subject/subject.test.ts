import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  LANES,
  MESSAGE_KINDS,
  type MessageSubject,
  aliveSubject,
  directoryChangedSubject,
  directoryEntrySubject,
  directoryGetSubject,
  directorySinceSubject,
  laneOfPriority,
  messageSubject,
  parseAgencyCode,
  parseAliveSubject,
  parseDirectoryChangedSubject,
  parseDirectoryEntrySubject,
  parseDirectoryGetSubject,
  parseDirectorySinceSubject,
  parseMessageSubject,
  parseReportSubject,
  reportSubject,
  scopeOf,
} from '../../src/index.ts';
import { arbitraryCode, arbitrarySite, arbitraryTier } from '../arbitrary.ts';

const parts: MessageSubject = {
  tier: 'province',
  lane: 'urgent',
  kind: 'doc',
  scope: 'cross',
  toSite: 'H09',
  to: parseAgencyCode('H09.12'),
  fromSite: 'TW',
  from: parseAgencyCode('G22'),
};
const subject = 'vb.msg.province.urgent.doc.cross.H09.H09-12.TW.G22';

const arbitraryMessage = fc
  .record({
    tier: arbitraryTier,
    lane: fc.constantFrom(...LANES),
    kind: fc.constantFrom(...MESSAGE_KINDS),
    toSite: arbitrarySite,
    to: arbitraryCode,
    fromSite: arbitrarySite,
    from: arbitraryCode,
  })
  .map((value) => ({ ...value, scope: scopeOf(value.toSite, value.fromSite) }));

describe('messageSubject', () => {
  it('puts the tier of the recipient first and the sender last', () => {
    expect(messageSubject(parts)).toBe(subject);
    expect(parseMessageSubject(subject)).toEqual(parts);
  });

  it('is read back as it was built, in ten tokens', () => {
    fc.assert(
      fc.property(arbitraryMessage, (value) => {
        const built = messageSubject(value);
        expect(built.split('.')).toHaveLength(10);
        expect(parseMessageSubject(built)).toEqual(value);
      }),
    );
  });

  it('refuses what would not be read back', () => {
    const hostile = 'H09.>' as MessageSubject['to']; // what a caller without types could pass
    expect(() => messageSubject({ ...parts, to: hostile })).toThrow('bad agency code');
    expect(() => messageSubject({ ...parts, toSite: '*' })).toThrow('bad site name');
    expect(() => messageSubject({ ...parts, scope: 'local' })).toThrow(
      expect.objectContaining({ code: 'BUS_SUBJECT_INVALID' }),
    );
  });
});

describe('parseMessageSubject', () => {
  it.each([
    ['a missing token', subject.slice(0, -4)],
    ['an extra token', `${subject}.x`],
    ['another prefix', subject.replace('vb.msg', 'vb.doc')],
    ['an unknown tier', subject.replace('province', 'ward')],
    ['an unknown lane', subject.replace('urgent', 'fast')],
    ['an unknown kind', subject.replace('.doc.', '.docs.')],
    ['a scope that the sites contradict', subject.replace('cross', 'local')],
    ['a wildcard', subject.replace('H09-12', '*')],
    ['a lower-case code', subject.replace('H09-12', 'h09-12')],
    ['a lower-case site', subject.replace('.TW.', '.tw.')],
    ['white space', `${subject} `],
    ['nothing', ''],
  ])('does not read %s', (_what, text) => {
    expect(parseMessageSubject(text)).toBeUndefined();
  });

  it('reads nothing but what it would write', () => {
    const noisy = fc
      .tuple(arbitraryMessage, fc.nat(60), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([value, at, noise]) => {
        const built = messageSubject(value);
        return built.slice(0, at) + noise + built.slice(at + noise.length);
      });
    fc.assert(
      fc.property(noisy, (text) => {
        const read = parseMessageSubject(text);
        expect(read === undefined ? text : messageSubject(read)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the other subjects', () => {
  it('names reporter, presence and directory requests', () => {
    const from = parseAgencyCode('H09.12');
    expect(reportSubject({ tier: 'district', site: 'H09', from })).toBe(
      'vb.report.district.H09.H09-12',
    );
    expect(aliveSubject({ tier: 'commune', site: 'H09', code: from })).toBe(
      'vb.alive.commune.H09.H09-12',
    );
    expect(directoryGetSubject(from)).toBe('vb.directory.get.H09-12');
    expect(directorySinceSubject({ registrar: from, sequence: 17 })).toBe(
      'vb.directory.since.H09-12.17',
    );
    expect(directoryChangedSubject('H09')).toBe('vb.directory.changed.H09');
  });

  it('reads each of them back and no other', () => {
    fc.assert(
      fc.property(arbitraryTier, arbitrarySite, arbitraryCode, fc.nat(), (tier, site, code, n) => {
        const report = reportSubject({ tier, site, from: code });
        const alive = aliveSubject({ tier, site, code });
        expect(parseReportSubject(report)).toEqual({ tier, site, from: code });
        expect(parseAliveSubject(alive)).toEqual({ tier, site, code });
        expect(parseReportSubject(alive)).toBeUndefined();
        expect(parseAliveSubject(report)).toBeUndefined();
        expect(parseDirectoryGetSubject(directoryGetSubject(code))).toBe(code);
        const place = { registrar: code, sequence: n };
        expect(parseDirectorySinceSubject(directorySinceSubject(place))).toEqual(place);
        const entry = parseDirectoryEntrySubject(directoryEntrySubject(place));
        expect(entry).toEqual(n === 0 ? undefined : place);
        expect(parseDirectoryChangedSubject(directoryChangedSubject(site))).toBe(site);
      }),
    );
  });

  it.each([-1, 1.5, Number.NaN, 1e21])('asks for no page since %s', (sequence) => {
    const registrar = parseAgencyCode('H09');
    expect(() => directorySinceSubject({ registrar, sequence })).toThrow('bad sequence');
  });

  it.each(['vb.directory.since.H09.01', 'vb.directory.since.1', 'vb.directory.since.H09.1.2'])(
    'does not read %s',
    (text) => {
      expect(parseDirectorySinceSubject(text)).toBeUndefined();
    },
  );
});

it('gives everything but ordinary documents the urgent lane', () => {
  expect(([0, 1, 2, 3, 4] as const).map(laneOfPriority)).toEqual([
    'normal',
    'urgent',
    'urgent',
    'urgent',
    'urgent',
  ]);
});

import { describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { BusError } from '../../src/errors.ts';
import { accountImports, storeExports } from '../../src/permission/account.ts';
import { agencyPermissions, relayPermissions } from '../../src/permission/user.ts';

const code = parseAgencyCode('H09.12.034');

/** Whether `outer` covers every subject that `inner` covers. */
function covers(outer: string, inner: string): boolean {
  const wide = outer.split('.');
  const narrow = inner.split('.');
  for (const [index, token] of wide.entries()) {
    if (token === '>') return narrow.length > index;
    const other = narrow[index];
    if (other === undefined || other === '>') return false;
    if (token !== '*' && token !== other) return false;
  }
  return wide.length === narrow.length;
}

describe('the rights of an agency', () => {
  it('are exactly these', () => {
    expect(agencyPermissions(code, 'H09')).toEqual({
      publish: [
        'vb.msg.*.*.*.local.H09.*.H09.H09-12-034',
        'vb.msg.*.*.*.cross.*.*.H09.H09-12-034',
        'vb.report.*.H09.H09-12-034',
        'vb.blob.local.H09.H09-12-034.*.*',
        'vb.blob.cross.H09.H09-12-034.*.*',
        'vb.alive.*.H09.H09-12-034',
        'vb.directory.get.*',
        'vb.directory.heads',
        'vb.directory.crls',
        'vb.directory.since.*.*',
        'vb.file.locate.*.*.*',
        'vb.file.drop.H09.H09-12-034.*',
        'vb.renew.H09.H09-12-034',
        '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-12-034_u',
        '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-12-034_n',
        '$JS.ACK.IN_H09.H09-12-034_u.>',
        '$JS.ACK.IN_H09.H09-12-034_n.>',
        '$JS.API.DIRECT.GET.*.vb.blob.>',
      ],
      subscribe: ['_INBOX.H09-12-034.>', 'vb.directory.changed.H09'],
      maxSubscriptions: 50,
      maxPayloadBytes: 262_144,
    });
  });

  it('reach nothing that its account does not import', () => {
    const imports = accountImports('H09').map(({ subject }) => subject);
    const beyond = agencyPermissions(code, 'H09').publish.filter(
      (subject) => !imports.some((wide) => covers(wide, subject)),
    );
    expect(beyond).toEqual([]);
  });

  it('never come from a name that is no code or no site', () => {
    for (const bad of ['*', '>', 'H09.*', 'H09 12', '', 'h09']) {
      expect(() => agencyPermissions(bad as never, 'H09')).toThrow(BusError);
      expect(() => relayPermissions(bad as never, 'H09')).toThrow(BusError);
    }
    for (const bad of ['*', '>', 'H09.12', '', 'h09']) {
      expect(() => agencyPermissions(code, bad)).toThrow(BusError);
      expect(() => accountImports(bad)).toThrow(BusError);
    }
  });
});

describe('the account of a site', () => {
  it('imports only what the store exports, of the same kind', () => {
    const beyond = accountImports('H09').filter(
      ({ subject, type }) =>
        !storeExports().some((entry) => entry.type === type && covers(entry.subject, subject)),
    );
    expect(beyond).toEqual([]);
  });

  it('reaches into another site only with documents and receipts of its own agencies', () => {
    const subjects = accountImports('H09').map(({ subject }) => subject);
    expect(subjects.filter((subject) => !subject.includes('H09'))).toEqual([
      'vb.directory.get.*',
      'vb.directory.heads',
      'vb.directory.crls',
      'vb.directory.since.*.*',
      'vb.file.locate.*.*.*',
      '$JS.API.DIRECT.GET.*.vb.blob.>',
    ]);
    expect(subjects.filter((subject) => subject.includes('.cross.'))).toEqual([
      'vb.msg.*.*.*.cross.*.*.H09.*',
    ]);
  });
});

import { type Site, parseSite } from '../agency/tier.ts';
import { inboxStream } from '../stream/names.ts';

/** The account that owns the streams; only site services, leaf lines and administrators have users in it. */
export const STORE_ACCOUNT = 'STORE';
export const SYSTEM_ACCOUNT = 'SYS';

/**
 * The account of relays. They read what everybody reports, so they are of no site; but whoever has a
 * user beside the streams can purge them through the reply subject, so they are not in there either.
 */
export const RELAY_ACCOUNT = 'RELAY';

/** The account of a site's agencies: no JetStream of its own, only imports from `STORE`. */
export function agencyAccount(site: Site): string {
  return `AGENCY_${parseSite(site)}`;
}

export interface AccountExport {
  readonly name: string;
  readonly subject: string;
  readonly type: 'service' | 'stream';
  /** A pull answers with many messages, everything else with one. */
  readonly responseType?: 'Singleton' | 'Stream';
}

export interface AccountImport {
  readonly name: string;
  readonly subject: string;
  readonly type: 'service' | 'stream';
}

/**
 * What `STORE` offers. It names no site, so adding one never changes this account; each site's
 * account imports only its own part, and every account is signed by the operator.
 */
export function storeExports(): AccountExport[] {
  return [
    service('messages', 'vb.msg.*.*.*.*.*.*.*.*'),
    service('reports', 'vb.report.*.*.*'),
    service('chunks', 'vb.blob.*.*.*.*.*'),
    service('presence', 'vb.alive.*.*.*'),
    service('directory-get', 'vb.directory.get.*'),
    service('directory-heads', 'vb.directory.heads'),
    service('directory-crls', 'vb.directory.crls'),
    service('directory-since', 'vb.directory.since.*.*'),
    service('file-locate', 'vb.file.locate.*.*.*'),
    service('file-drop', 'vb.file.drop.*.*.*'),
    service('renewal', 'vb.renew.*.*'),
    service('acknowledgements', '$JS.ACK.*.*.>'),
    service('chunk-reads', '$JS.API.DIRECT.GET.*.vb.blob.>'),
    { ...service('pulls', '$JS.API.CONSUMER.MSG.NEXT.*.*'), responseType: 'Stream' },
    { name: 'directory-changed', subject: 'vb.directory.changed.*', type: 'stream' },
  ];
}

/** What the account of a site reaches in `STORE`; the local subject is always the same as there. */
export function accountImports(site: Site): AccountImport[] {
  const home = parseSite(site);
  const inbox = inboxStream(home);
  const subjects = [
    `vb.msg.*.*.*.local.${home}.*.${home}.*`,
    `vb.msg.*.*.*.cross.*.*.${home}.*`,
    `vb.report.*.${home}.*`,
    `vb.blob.*.${home}.*.*.*`,
    `vb.alive.*.${home}.*`,
    'vb.directory.get.*',
    'vb.directory.heads',
    'vb.directory.crls',
    'vb.directory.since.*.*',
    'vb.file.locate.*.*.*',
    `vb.file.drop.${home}.*.*`,
    `vb.renew.${home}.*`,
    `$JS.ACK.${inbox}.*.>`,
    // Of any stream: one broker may host the sender's site too, and only chunks have this subject.
    '$JS.API.DIRECT.GET.*.vb.blob.>',
    `$JS.API.CONSUMER.MSG.NEXT.${inbox}.*`,
  ];
  return [
    ...subjects.map((subject): AccountImport => ({ name: subject, subject, type: 'service' })),
    {
      name: 'directory-changed',
      subject: `vb.directory.changed.${home}`,
      type: 'stream',
    },
  ];
}

/** What relays reach in `STORE`; which consumer, and under which name, stands in each relay's own rights. */
export function relayImports(): AccountImport[] {
  const subjects = [
    'vb.msg.*.*.*.*.*.*.*.*',
    'vb.directory.get.*',
    'vb.directory.heads',
    'vb.directory.crls',
    'vb.directory.since.*.*',
    'vb.renew.*.*',
    '$JS.ACK.*.*.>',
    '$JS.API.CONSUMER.MSG.NEXT.*.*',
  ];
  return [
    ...subjects.map((subject): AccountImport => ({ name: subject, subject, type: 'service' })),
    { name: 'directory-changed', subject: 'vb.directory.changed.*', type: 'stream' },
  ];
}

function service(name: string, subject: string): AccountExport {
  return { name, subject, type: 'service', responseType: 'Singleton' };
}

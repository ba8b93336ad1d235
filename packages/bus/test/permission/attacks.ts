/** Who attacks. All of them but the leaf have a connection of their own to a broker of the flat plan. */
export const ROLES = ['agency', 'elsewhere', 'revoked', 'relay'] as const;
export type Role = (typeof ROLES)[number];

/** `refused`: the broker says so. `no connection`: it lets nobody in. `allowed`: it is meant to be. */
export type Outcome = 'refused' | 'no connection' | 'allowed';

export const SHA = 'a'.repeat(64);
export const A_TO_B = 'vb.msg.province.normal.doc.local.H09.H09-02.H09.H09-01';
export const B_TO_A = 'vb.msg.province.normal.doc.local.H09.H09-01.H09.H09-02';
export const B_TO_C = 'vb.msg.central.urgent.doc.cross.TW.G01.H09.H09-02';
export const A_CHUNK = `vb.blob.local.H09.H09-01.${SHA}.1`;
export const B_CHUNK = `vb.blob.local.H09.H09-02.${SHA}.1`;
export const A_REPORT = 'vb.report.province.H09.H09-01';
export const B_REPORT = 'vb.report.province.H09.H09-02';

export interface Attack {
  readonly name: string;
  readonly subject: string;
  /** Where it is not refused; every attack of a revoked agency ends before it begins. */
  readonly allowed?: readonly Role[];
}

export function outcomeOf(attack: Attack, role: Role): Outcome {
  if (role === 'revoked') return 'no connection';
  return attack.allowed?.includes(role) === true ? 'allowed' : 'refused';
}

const attack = (name: string, subject: string, allowed: readonly Role[] = []): Attack => ({
  name,
  subject,
  allowed,
});

/** In each of them H09-02 is the victim. */
export const PUBLISH_ATTACKS: readonly Attack[] = [
  attack('a document as another agency', B_TO_A),
  attack('a document as another agency, across sites', B_TO_C),
  attack(
    'a document as an agency of a third site',
    'vb.msg.province.normal.doc.cross.H09.H09-02.H44.H44-01',
  ),
  attack(
    'a local document into a foreign site',
    'vb.msg.central.normal.doc.local.TW.G02.TW.H09-01',
  ),
  attack(
    'a receipt as another agency',
    'vb.msg.province.normal.receipt.local.H09.H09-01.H09.H09-02',
  ),
  attack('a report as another agency', B_REPORT),
  attack('a chunk as another agency', B_CHUNK),
  attack('a chunk across sites as another agency', `vb.blob.cross.H09.H09-02.${SHA}.1`),
  attack('the mark that drops the chunks of another', `vb.blob.cross.H09.H09-02.${SHA}.dropped`),
  attack('a copy kept by a site', `vb.blob.cache.H09.H09-01.${SHA}.1`),
  attack('a file of another dropped', `vb.file.drop.H09.H09-02.${SHA}`),
  attack('where a file of another is', `vb.file.locate.H09.H09-02.${SHA}`, ['agency', 'elsewhere']),
  attack('a renewal as another agency', 'vb.renew.H09.H09-02'),
  attack('the presence of another agency', 'vb.alive.province.H09.H09-02'),
  attack('a directory entry', 'vb.directory.entry.A00.1'),
  attack('the mark of a stream', 'vb.mark.OUT_H09'),
  attack('the notice of a changed directory', 'vb.directory.changed.H09'),
  attack('a pull of another inbox', '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-02_n'),
  attack("a pull of another relay's reports", '$JS.API.CONSUMER.MSG.NEXT.REPORT_H09.relay_A00'),
  attack('an acknowledgement for another agency', '$JS.ACK.IN_H09.H09-02_n.1.1.1.1.1'),
  attack('the state of a consumer', '$JS.API.CONSUMER.INFO.IN_H09.H09-01_n'),
  attack('the names of consumers', '$JS.API.CONSUMER.NAMES.IN_H09'),
  attack('a consumer made', '$JS.API.CONSUMER.CREATE.IN_H09.spy.vb.msg.>'),
  attack('a durable consumer made', '$JS.API.CONSUMER.DURABLE.CREATE.IN_H09.spy'),
  attack('a consumer of another deleted', '$JS.API.CONSUMER.DELETE.IN_H09.H09-02_n'),
  attack('its own consumer deleted', '$JS.API.CONSUMER.DELETE.IN_H09.H09-01_n'),
  attack('a stream made', '$JS.API.STREAM.CREATE.SPY'),
  attack('a stream changed', '$JS.API.STREAM.UPDATE.IN_H09'),
  attack('a stream deleted', '$JS.API.STREAM.DELETE.IN_H09'),
  attack('the inboxes purged', '$JS.API.STREAM.PURGE.IN_H09'),
  attack('the chunks purged', '$JS.API.STREAM.PURGE.BLOB_H09'),
  attack('the directory purged', '$JS.API.STREAM.PURGE.DIR_H09'),
  attack('a message deleted', '$JS.API.STREAM.MSG.DELETE.IN_H09'),
  attack('a message read', '$JS.API.STREAM.MSG.GET.IN_H09'),
  attack('a stream shown', '$JS.API.STREAM.INFO.IN_H09'),
  attack('the streams listed', '$JS.API.STREAM.LIST'),
  attack('a stream copied out', '$JS.API.STREAM.SNAPSHOT.IN_H09'),
  attack('a stream restored', '$JS.API.STREAM.RESTORE.IN_H09'),
  attack('an inbox read by Direct Get', `$JS.API.DIRECT.GET.IN_H09.${B_TO_A}`),
  attack('an inbox read by Direct Get and number', '$JS.API.DIRECT.GET.IN_H09'),
  attack('reports read by Direct Get', `$JS.API.DIRECT.GET.REPORT_H09.${B_REPORT}`),
  attack('entries read by Direct Get', '$JS.API.DIRECT.GET.DIR_H09.vb.directory.entry.A00.1'),
  attack('a chunk of another', `$JS.API.DIRECT.GET.BLOB_H09.${B_CHUNK}`, ['agency', 'elsewhere']),
  attack('the account shown', '$JS.API.INFO'),
  attack('another JetStream domain', '$JS.central.API.STREAM.PURGE.XCH'),
  attack('the servers shown', '$SYS.REQ.SERVER.PING'),
  attack('an account changed', '$SYS.REQ.CLAIMS.UPDATE'),
];

export const LISTEN_ATTACKS: readonly Attack[] = [
  attack('everything', '>'),
  attack('everything of the bus', 'vb.>'),
  attack('all documents', 'vb.msg.>'),
  attack('all reports', 'vb.report.*.H09.*'),
  attack('all chunks', 'vb.blob.>'),
  attack('all presence', 'vb.alive.>'),
  attack('the look-ups of others', 'vb.directory.get.*'),
  attack('the file requests of others', 'vb.file.>'),
  attack('the renewals of others', 'vb.renew.>'),
  attack('the changes of a third site', 'vb.directory.changed.H44', ['relay']),
  attack('all inboxes', '_INBOX.>'),
  attack('the inbox of another agency', '_INBOX.H09-02.>'),
  attack('the inbox of the site service', '_INBOX_site.>'),
  attack('the inbox of another relay', '_INBOX_relay_A00.>'),
  attack('acknowledgements', '$JS.ACK.>'),
  attack('the JetStream API', '$JS.API.>'),
  attack('JetStream events', '$JS.EVENT.>'),
  attack('answers between accounts', '_R_.>'),
  attack('the system', '$SYS.>'),
];

/** Where an attacker would like an answer to go. */
export const REPLY_TARGETS: readonly string[] = [
  '$JS.API.STREAM.PURGE.IN_H09',
  '$JS.API.STREAM.PURGE.REPORT_H09',
  '$JS.API.STREAM.PURGE.BLOB_H09',
  '$JS.API.STREAM.PURGE.DIR_H09',
  '$JS.API.STREAM.DELETE.IN_H09',
  '$JS.API.STREAM.DELETE.BLOB_H09',
  '$JS.API.STREAM.MSG.DELETE.IN_H09',
  '$JS.API.CONSUMER.DELETE.IN_H09.H09-02_n',
  '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-02_n',
  '$JS.ACK.IN_H09.H09-02_n.1.1.1.1.1',
  B_TO_A,
  B_TO_C,
  B_REPORT,
  B_CHUNK,
  `vb.blob.cross.H09.H09-02.${SHA}.dropped`,
  `vb.file.drop.H09.H09-02.${SHA}`,
  'vb.renew.H09.H09-02',
  'vb.directory.entry.A00.1',
  'vb.alive.province.H09.H09-02',
  'vb.directory.changed.H09',
  '_INBOX.H09-02.x',
  '$SYS.REQ.CLAIMS.UPDATE',
];

/** A request that the role may make, whose answer is sent to each of the targets. */
export interface Carrier {
  readonly name: string;
  readonly role: Exclude<Role, 'revoked'>;
  readonly subject: string;
  readonly payload: string;
}

const carrier = (role: Carrier['role'], name: string, subject: string, payload = ''): Carrier => ({
  role,
  name,
  subject,
  payload,
});
const PULL_NOTHING = '{"batch":1,"no_wait":true}';
const PULL_SOME = '{"batch":5,"no_wait":true}';

export const CARRIERS: readonly Carrier[] = [
  carrier('agency', 'the answer for a document', A_TO_B),
  carrier('agency', 'the answer for a report', A_REPORT),
  carrier('agency', 'the answer for a chunk that is there', A_CHUNK),
  carrier(
    'agency',
    'the empty status of a pull',
    '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-01_u',
    PULL_NOTHING,
  ),
  carrier(
    'agency',
    'a message out of a pull',
    '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-01_n',
    PULL_SOME,
  ),
  carrier('agency', 'a chunk of its own', `$JS.API.DIRECT.GET.BLOB_H09.${A_CHUNK}`),
  carrier('agency', 'a chunk of another', `$JS.API.DIRECT.GET.BLOB_H09.${B_CHUNK}`),
  carrier('agency', 'a chunk that is not there', `$JS.API.DIRECT.GET.BLOB_H09.${A_CHUNK}9`),
  carrier('agency', 'a chunk out of the wrong stream', `$JS.API.DIRECT.GET.IN_H09.${A_CHUNK}`),
  carrier(
    'agency',
    'the answer to an acknowledgement',
    '$JS.ACK.IN_H09.H09-01_n.1.1.1.1.1',
    '+ACK',
  ),
  carrier(
    'agency',
    'the next message after an acknowledgement',
    '$JS.ACK.IN_H09.H09-01_n.1.1.1.1.1',
    '+NXT 1',
  ),
  carrier('agency', 'a directory entry', 'vb.directory.get.H09-01'),
  carrier('agency', 'an empty directory answer', 'vb.directory.get.H99'),
  carrier('agency', 'the heads of the directory', 'vb.directory.heads'),
  carrier('agency', 'the answer about revocation lists', 'vb.directory.crls', '[]'),
  carrier('agency', 'a directory page', 'vb.directory.since.A00.0'),
  carrier('agency', 'where a file is', `vb.file.locate.H09.H09-02.${SHA}`, '{"chunkCount":1}'),
  carrier('agency', 'the answer to a drop of its own', `vb.file.drop.H09.H09-01.${SHA}`),
  carrier('agency', 'the answer to a renewal of its own', 'vb.renew.H09.H09-01'),
  carrier('agency', 'the answer to its presence', 'vb.alive.province.H09.H09-01'),
  carrier(
    'elsewhere',
    'the answer for a document',
    'vb.msg.province.normal.doc.cross.H09.H09-02.TW.G01',
  ),
  carrier(
    'elsewhere',
    'the empty status of a pull',
    '$JS.API.CONSUMER.MSG.NEXT.IN_TW.G01_n',
    PULL_NOTHING,
  ),
  carrier('elsewhere', 'a chunk of another', `$JS.API.DIRECT.GET.BLOB_H09.${B_CHUNK}`),
  carrier('elsewhere', 'where a file is', `vb.file.locate.H09.H09-02.${SHA}`, '{"chunkCount":1}'),
  carrier(
    'relay',
    'the answer for a message',
    'vb.msg.province.normal.receipt.cross.H09.H09-02.TW.A00-9',
  ),
  carrier(
    'relay',
    'the empty status of a pull',
    '$JS.API.CONSUMER.MSG.NEXT.REPORT_TW.relay_A00-9',
    PULL_NOTHING,
  ),
  carrier(
    'relay',
    'a report out of a pull',
    '$JS.API.CONSUMER.MSG.NEXT.REPORT_H09.relay_A00-9',
    PULL_SOME,
  ),
  carrier(
    'relay',
    'the answer to an acknowledgement',
    '$JS.ACK.REPORT_H09.relay_A00-9.1.1.1.1.1',
    '+ACK',
  ),
  carrier('relay', 'a directory entry', 'vb.directory.get.H09-01'),
];

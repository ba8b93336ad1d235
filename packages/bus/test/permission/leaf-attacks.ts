/** What the taken-over server of H09 sends to the centre, over its own line. */
export interface LeafAttack {
  readonly name: string;
  readonly subject: string;
  readonly payload: string;
  /** True for what the line is there for. */
  readonly allowed: boolean;
}

const EXCHANGE = '$JS.central.API.CONSUMER.CREATE.XCH';
const OWN_FILTER = 'vb.msg.*.*.*.cross.H09.>';
const FOREIGN_FILTER = 'vb.msg.*.*.*.cross.H44.>';

const attack = (name: string, subject: string, payload = '', allowed = false): LeafAttack => ({
  name,
  subject,
  payload,
  allowed,
});

/** A consumer of `XCH`, as the JetStream API wants to be asked. */
function consumer(name: string, filter: string, deliver: string): string {
  const config = {
    name,
    filter_subject: filter,
    deliver_subject: deliver,
    deliver_policy: 'all',
    ack_policy: 'none',
    replay_policy: 'instant',
    mem_storage: true,
  };
  return JSON.stringify({ stream_name: 'XCH', config });
}

export const LEAF_ATTACKS: readonly LeafAttack[] = [
  attack(
    'its own part of the exchange',
    `${EXCHANGE}.own.${OWN_FILTER}`,
    consumer('own', OWN_FILTER, 'sd.H09.own'),
    true,
  ),
  attack(
    'the part of another site',
    `${EXCHANGE}.spy1.${FOREIGN_FILTER}`,
    consumer('spy1', FOREIGN_FILTER, 'sd.H09.spy1'),
  ),
  attack(
    'the part of another site, with its own in the subject',
    `${EXCHANGE}.spy2.${OWN_FILTER}`,
    consumer('spy2', FOREIGN_FILTER, 'sd.H09.spy2'),
  ),
  attack('the whole exchange', `${EXCHANGE}.spy3`, consumer('spy3', '', 'sd.H09.spy3')),
  attack(
    'a durable reader of the exchange',
    '$JS.central.API.CONSUMER.DURABLE.CREATE.XCH.spy4',
    consumer('spy4', '', 'sd.H09.spy4'),
  ),
  attack(
    "everybody's reports",
    '$JS.central.API.CONSUMER.CREATE.REPORTS.spy5.vb.report.>',
    consumer('spy5', 'vb.report.>', 'sd.H09.spy5'),
  ),
  attack('the exchange purged', '$JS.central.API.STREAM.PURGE.XCH'),
  attack('the exchange deleted', '$JS.central.API.STREAM.DELETE.XCH'),
  attack('the exchange changed', '$JS.central.API.STREAM.UPDATE.XCH', '{"name":"XCH"}'),
  attack('the exchange shown', '$JS.central.API.STREAM.INFO.XCH'),
  attack('a message of the exchange read', '$JS.central.API.STREAM.MSG.GET.XCH', '{"seq":1}'),
  attack('a message of the exchange deleted', '$JS.central.API.STREAM.MSG.DELETE.XCH', '{"seq":1}'),
  attack(
    'the exchange copied out',
    '$JS.central.API.STREAM.SNAPSHOT.XCH',
    '{"deliver_subject":"sd.H09.copy"}',
  ),
  attack('the reports purged', '$JS.central.API.STREAM.PURGE.REPORTS'),
  attack('the chunks of all purged', '$JS.central.API.STREAM.PURGE.BLOBX'),
  attack('the directory of all purged', '$JS.central.API.STREAM.PURGE.DIRX'),
  attack(
    'a stream made at the centre',
    '$JS.central.API.STREAM.CREATE.SPY',
    '{"name":"SPY","subjects":["spy"]}',
  ),
  attack('the streams of the centre listed', '$JS.central.API.STREAM.LIST'),
  attack('the consumers of the exchange listed', '$JS.central.API.CONSUMER.NAMES.XCH'),
  attack('the state of the centre', '$JS.central.API.INFO'),
  attack('reports read by Direct Get', '$JS.central.API.DIRECT.GET.REPORTS', '{"seq":1}'),
  attack('the exchange purged without the domain', '$JS.API.STREAM.PURGE.XCH'),
  attack('the inboxes of another site purged', '$JS.H44.API.STREAM.PURGE.IN_H44'),
  attack('the outbox of another site purged', '$JS.H44.API.STREAM.PURGE.OUT_H44'),
  attack(
    'a reader of the outbox of another site',
    '$JS.H44.API.CONSUMER.CREATE.OUT_H44.spy6.vb.msg.>',
    consumer('spy6', 'vb.msg.>', 'sd.H09.spy6'),
  ),
  attack(
    'a document sent past the exchange',
    'vb.msg.province.normal.doc.cross.H44.H44-01.H09.H09-01',
    'x',
  ),
  attack('a document as another site', 'vb.msg.province.normal.doc.cross.TW.G01.H44.H44-01', 'x'),
  attack('a report as another site', 'vb.report.province.H44.H44-01', 'x'),
  attack('a directory entry at the centre', 'vb.directory.entry.A00.1', 'x'),
  attack('a chunk as another site', `vb.blob.cross.H44.H44-01.${'a'.repeat(64)}.0`, 'x'),
  attack('a delivery in the name of another site', 'sd.central.H44.x', 'x'),
  attack('the servers of the centre shown', '$SYS.REQ.SERVER.PING'),
  attack('an account of the centre changed', '$SYS.REQ.CLAIMS.UPDATE', 'x'),
];

/** Consumers of its own part that send what they deliver where it does harm; H44 sends the empty messages. */
export const DELIVER_TARGETS: readonly string[] = [
  '$JS.API.STREAM.PURGE.XCH',
  '$JS.central.API.STREAM.PURGE.XCH',
  '$JS.API.STREAM.DELETE.REPORTS',
  '$JS.H44.API.STREAM.PURGE.IN_H44',
  'vb.report.province.H44.H44-01',
  'sd.central.H44.x',
  '$SYS.REQ.CLAIMS.UPDATE',
];

export function deliverAttack(index: number, target: string): LeafAttack {
  const name = `deliver${index}`;
  return attack(target, `${EXCHANGE}.${name}.${OWN_FILTER}`, consumer(name, OWN_FILTER, target));
}

/** What is said at the centre and must not be heard on the line of H09. */
export const UNHEARD: readonly string[] = [
  'vb.msg.province.normal.doc.cross.H09.H09-01.H44.H44-01',
  'vb.report.province.H44.H44-01',
  'vb.alive.province.H44.H44-01',
  'vb.directory.changed.H44',
  'sd.H44.x',
  'sd.central.H44.x',
  '_INBOX_site_H44.x',
  '_INBOX_centre.x',
  '_INBOX_administrator.x',
  '$JS.H44.API.STREAM.INFO.OUT_H44',
  '$JS.ACK.XCH.x.1.1.1.1.1',
  '$JS.EVENT.ADVISORY.x',
];

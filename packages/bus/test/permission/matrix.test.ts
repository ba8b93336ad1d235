import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, connect, credsAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Enrolled } from '../../src/site/index.ts';
import { type LocalBus, startLocalBus } from '../../src/testing/index.ts';

// A attacks; B is its neighbour at the same site, C an agency of another site.
let bus: LocalBus;
let a: Enrolled;
let b: Enrolled;
let attacker: NatsConnection;
let victim: NatsConnection;
let admin: NatsConnection;
let manager: JetStreamManager;

const SHA = 'a'.repeat(64);
const A_TO_B = 'vb.msg.province.normal.doc.local.H09.H09-02.H09.H09-01';
const B_TO_A = 'vb.msg.province.normal.doc.local.H09.H09-01.H09.H09-02';
const B_TO_C = 'vb.msg.central.urgent.doc.cross.TW.G01.H09.H09-02';
const A_CHUNK = `vb.blob.local.H09.H09-01.${SHA}.1`;
const B_CHUNK = `vb.blob.local.H09.H09-02.${SHA}.1`;
const A_REPORT = 'vb.report.province.H09.H09-01';
const B_REPORT = 'vb.report.province.H09.H09-02';
/** Subjects under which A may store: what stands there is no forgery. */
const OWN =
  /^vb\.(?:msg\..*\.H09\.H09-01|report\.province\.H09\.H09-01|blob\.local\.H09\.H09-01\..*)$/;

beforeAll(async () => {
  bus = await startLocalBus({ sites: ['H09', 'TW'] });
  a = await bus.addAgency({ code: 'H09.01', site: 'H09' });
  b = await bus.addAgency({ code: 'H09.02', site: 'H09' });
  await bus.addAgency({ code: 'G01', site: 'TW' });
  const credentials = await bus.server().operator.mint({
    account: 'STORE',
    name: 'admin',
    permissions: 'all',
    expiresAt: null,
    now: new Date(),
  });
  attacker = await open(a.credentials, '_INBOX.H09-01');
  victim = await open(b.credentials, '_INBOX.H09-02');
  admin = await open(credentials, '_INBOX_admin');
  manager = await jetstreamManager(admin);
  for (const subject of [B_TO_A, B_TO_C, B_CHUNK, B_REPORT]) await victim.request(subject, 'of B');
  for (const subject of [A_TO_B, A_CHUNK, A_REPORT]) await attacker.request(subject, '');
});

afterAll(async () => {
  await attacker?.close();
  await victim?.close();
  await admin?.close();
  await bus?.stop();
});

async function open(credentials: Uint8Array, inboxPrefix: string): Promise<NatsConnection> {
  return await connect({
    servers: bus.url,
    authenticator: credsAuthenticator(credentials),
    inboxPrefix,
    noAsyncTraces: true,
  });
}

/** Everything on the broker that is not A's own: streams, consumers, messages by subject. */
async function snapshot(): Promise<unknown> {
  const streams: unknown[] = [];
  for await (const { config } of manager.streams.list()) {
    const { state } = await manager.streams.info(config.name, { subjects_filter: '>' });
    const foreign = Object.entries(state.subjects ?? {}).filter(([subject]) => !OWN.test(subject));
    const consumers: string[] = [];
    for await (const consumer of manager.consumers.list(config.name)) consumers.push(consumer.name);
    streams.push({
      name: config.name,
      firstSeq: state.first_seq,
      deleted: state.num_deleted ?? 0,
      foreign: Object.fromEntries(foreign.toSorted(([left], [right]) => (left < right ? -1 : 1))),
      consumers: consumers.toSorted(),
    });
  }
  return streams;
}

/** Lets whatever was sent take its effect: a round trip on every connection, twice. */
async function settle(): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await attacker.flush();
    await victim.flush();
    await admin.flush();
    await manager.streams.info('IN_H09');
  }
}

describe('what an agency may do', () => {
  it('stores under its own name, looks the directory up and reads its own inbox', async () => {
    const stored = await attacker.request(A_TO_B, 'hello');
    expect(stored.json()).toMatchObject({ stream: 'IN_H09' });
    const cross = 'vb.msg.central.urgent.receipt.cross.TW.G01.H09.H09-01';
    expect((await attacker.request(cross, 'hello')).json()).toMatchObject({ stream: 'IN_TW' });
    const entry = await attacker.request('vb.directory.get.H09-02', '');
    expect(Buffer.compare(entry.data, b.record)).toBe(0);
    const next = '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-01_n';
    const pull = '{"batch":1,"no_wait":true}';
    const message = await attacker.request(next, pull, { noMux: true, timeout: 2_000 });
    expect(message).toMatchObject({ subject: B_TO_A });
    expect(message.string()).toBe('of B');
  });

  it('reads any chunk, since chunks are sealed', async () => {
    const got = await attacker.request(`$JS.API.DIRECT.GET.BLOB_H09.${B_CHUNK}`, '');
    expect(got.string()).toBe('of B');
  });
});

describe('what an agency tries directly', () => {
  it.each([
    ['a document as another agency', B_TO_A],
    ['a document as another agency across sites', B_TO_C],
    [
      'a document as an agency of another site',
      'vb.msg.province.normal.doc.cross.H09.H09-02.TW.G01',
    ],
    ['a local document into another site', 'vb.msg.central.normal.doc.local.TW.G01.TW.H09-01'],
    ['a report as another agency', B_REPORT],
    ['a chunk as another agency', B_CHUNK],
    ['a copy kept by a site', `vb.blob.cache.H09.H09-01.${SHA}.1`],
    ['the presence of another agency', 'vb.alive.province.H09.H09-02'],
    ['the notice of a changed directory', 'vb.directory.changed.H09'],
    ['a pull of another inbox', '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-02_n'],
    ['a pull of reports', '$JS.API.CONSUMER.MSG.NEXT.REPORT_H09.relay_A00'],
    ['an acknowledgement for another agency', '$JS.ACK.IN_H09.H09-02_n.1.1.1.1.1'],
    ['the state of its own consumer', '$JS.API.CONSUMER.INFO.IN_H09.H09-01_n'],
    ['a consumer of its own', '$JS.API.CONSUMER.CREATE.IN_H09.spy.vb.msg.>'],
    ['a durable consumer', '$JS.API.CONSUMER.DURABLE.CREATE.IN_H09.spy'],
    ['a deleted consumer', '$JS.API.CONSUMER.DELETE.IN_H09.H09-02_n'],
    ['its own consumer deleted', '$JS.API.CONSUMER.DELETE.IN_H09.H09-01_n'],
    ['a stream made', '$JS.API.STREAM.CREATE.SPY'],
    ['a stream changed', '$JS.API.STREAM.UPDATE.IN_H09'],
    ['a stream deleted', '$JS.API.STREAM.DELETE.IN_H09'],
    ['a stream purged', '$JS.API.STREAM.PURGE.IN_H09'],
    ['a message deleted', '$JS.API.STREAM.MSG.DELETE.IN_H09'],
    ['a message read', '$JS.API.STREAM.MSG.GET.IN_H09'],
    ['an inbox read by Direct Get', `$JS.API.DIRECT.GET.IN_H09.${B_TO_A}`],
    ['a stream copied out', '$JS.API.STREAM.SNAPSHOT.IN_H09'],
    ['the streams listed', '$JS.API.STREAM.LIST'],
    ['the account shown', '$JS.API.INFO'],
    ['the servers shown', '$SYS.REQ.SERVER.PING'],
    ['an account changed', '$SYS.REQ.CLAIMS.UPDATE'],
  ])('%s is refused', async (_name, subject) => {
    const before = await snapshot();
    const attempt = attacker.request(subject, '{}', { timeout: 2_000 });
    await expect(attempt).rejects.toThrow(/permissions violation/i);
    expect(await snapshot()).toEqual(before);
  });

  it.each([
    'vb.>',
    'vb.msg.>',
    'vb.report.*.H09.*',
    'vb.alive.>',
    'vb.directory.get.*',
    'vb.directory.changed.TW',
    '_INBOX.>',
    '_INBOX.H09-02.>',
    '_INBOX_site.>',
    '$JS.ACK.>',
    '$JS.API.>',
    '$JS.EVENT.>',
    '_R_.>',
    '$SYS.>',
    '>',
  ])('listening to %s is refused', async (subject) => {
    const { promise, resolve } = Promise.withResolvers<Error | null>();
    const subscription = attacker.subscribe(subject, { callback: (error) => resolve(error) });
    await attacker.flush();
    expect((await promise)?.message).toMatch(/permissions violation/i);
    subscription.unsubscribe();
  });
});

// An answer can be sent anywhere inside the agencies' own account: into an inbox whose random name
// would have to be guessed, or as one more notice of a changed directory, which is only a hint.
describe('what an agency tries through the reply subject', () => {
  const targets = [
    '$JS.API.STREAM.PURGE.IN_H09',
    '$JS.API.STREAM.PURGE.REPORT_H09',
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
    'vb.alive.province.H09.H09-02',
    'vb.directory.changed.H09',
    '_INBOX.H09-02.x',
    '$SYS.REQ.CLAIMS.UPDATE',
  ];
  const next = '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-01';
  const carriers: readonly (readonly [string, string, string])[] = [
    ['the answer of a stream', A_TO_B, ''],
    ['the answer for a report', A_REPORT, ''],
    ['the answer for a chunk that is there', A_CHUNK, ''],
    ['the empty status of a pull', `${next}_u`, '{"batch":1,"no_wait":true}'],
    ['a message out of a pull', `${next}_n`, '{"batch":5,"no_wait":true}'],
    ['a chunk of its own', `$JS.API.DIRECT.GET.BLOB_H09.${A_CHUNK}`, ''],
    ['a chunk of another', `$JS.API.DIRECT.GET.BLOB_H09.${B_CHUNK}`, ''],
    ['the answer to an acknowledgement', '$JS.ACK.IN_H09.H09-01_n.1.1.1.1.1', '+ACK'],
    ['the next message after an acknowledgement', '$JS.ACK.IN_H09.H09-01_n.1.1.1.1.1', '+NXT 1'],
    ['a directory entry', 'vb.directory.get.H09-01', ''],
    ['an empty directory answer', 'vb.directory.get.H99', ''],
    ['a directory page', 'vb.directory.since.0', ''],
    ['a presence notice', 'vb.alive.province.H09.H09-01', ''],
  ];
  it.each(carriers)('%s changes nothing of others', async (_name, subject, payload) => {
    const heard: string[] = [];
    const ear = admin.subscribe('vb.alive.>', {
      callback: (_error, msg) => void heard.push(msg.subject),
    });
    await settle();
    const before = await snapshot();
    for (const reply of targets) attacker.publish(subject, payload, { reply });
    await settle();
    expect(await snapshot()).toEqual(before);
    expect(heard.filter((what) => what !== 'vb.alive.province.H09.H09-01')).toEqual([]);
    ear.unsubscribe();
  });
});

it('knows what the attacks would do where agencies and streams share an account', async () => {
  const { agencyPermissions } = await import('../../src/permission/user.ts');
  const credentials = await bus.server().operator.mint({
    account: 'STORE',
    name: 'flat',
    permissions: agencyPermissions(a.entry.code, 'H09'),
    expiresAt: null,
    now: new Date(),
  });
  const flat = await open(credentials, '_INBOX.H09-01');
  const before = await manager.streams.info('BLOB_H09');
  expect(before.state.messages).toBeGreaterThan(0);
  // The payload of the chunk is empty, which the API reads as "no options".
  flat.publish(`$JS.API.DIRECT.GET.BLOB_H09.${A_CHUNK}`, '', {
    reply: '$JS.API.STREAM.DELETE.BLOB_H09',
  });
  await flat.flush();
  await settle();
  await expect(manager.streams.info('BLOB_H09')).rejects.toThrow(/stream not found/);
  await flat.close();
});

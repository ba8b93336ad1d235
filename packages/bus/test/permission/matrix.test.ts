import { type NatsConnection, headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { revokeUser } from '../../src/operator/push.ts';
import { agencyPermissions } from '../../src/permission/user.ts';
import { type Enrolled } from '../../src/site/index.ts';
import { type LocalBus, startLocalBus } from '../../src/testing/index.ts';
import { type Attacker, type Watcher, openAttacker, openWatcher } from './attacker.ts';
import {
  A_CHUNK,
  A_REPORT,
  A_TO_B,
  B_CHUNK,
  B_REPORT,
  B_TO_A,
  B_TO_C,
  CARRIERS,
  LISTEN_ATTACKS,
  PUBLISH_ATTACKS,
  REPLY_TARGETS,
  type Role,
  SHA,
  outcomeOf,
} from './attacks.ts';
import { serversUnderTest } from './servers.ts';

type Connected = Exclude<Role, 'revoked'>;
const CONNECTED = ['agency', 'elsewhere', 'relay'] as const;

/** Subjects under which an attacker may store: what stands there is no forgery. */
const OWN: Readonly<Record<Connected, RegExp>> = {
  agency:
    /^vb\.(?:msg\..*\.H09\.H09-01|report\.province\.H09\.H09-01|blob\.(?:local|cross)\.H09\.H09-01\..*)$/,
  elsewhere: /^vb\.(?:msg\..*\.TW\.G01|report\..*\.TW\.G01|blob\.(?:local|cross)\.TW\.G01\..*)$/,
  relay: /^vb\.msg\..*\.TW\.A00-9$/,
};

const servers = await serversUnderTest();

describe.each(servers)('nats-server $version', (server) => {
  let bus: LocalBus;
  let a: Enrolled;
  let b: Enrolled;
  let revoked: Enrolled;
  let attackers: Readonly<Record<Connected, Attacker>>;
  let victim: NatsConnection;
  let watcher: Watcher;

  beforeAll(async () => {
    bus = await startLocalBus({ sites: ['H09', 'TW'], server });
    a = await bus.addAgency({ code: 'H09.01', site: 'H09' });
    b = await bus.addAgency({ code: 'H09.02', site: 'H09' });
    revoked = await bus.addAgency({ code: 'H09.03', site: 'H09' });
    const c = await bus.addAgency({ code: 'G01', site: 'TW' });
    const relay = await bus.addRelay({ code: 'A00.9', site: 'TW' });
    attackers = {
      agency: await openAttacker(bus.url, a.credentials, '_INBOX.H09-01'),
      elsewhere: await openAttacker(bus.url, c.credentials, '_INBOX.G01'),
      relay: await openAttacker(bus.url, relay.credentials, '_INBOX_relay_A00-9'),
    };
    ({ connection: victim } = await openAttacker(bus.url, b.credentials, '_INBOX.H09-02'));
    watcher = await openWatcher(bus.url, await mintAdministrator(bus));
    for (const subject of [B_TO_A, B_TO_C, B_CHUNK, B_REPORT])
      await victim.request(subject, 'of B');
    for (const subject of [A_TO_B, A_CHUNK, A_REPORT]) {
      await attackers.agency.connection.request(subject, '');
    }
  });

  afterAll(async () => {
    for (const role of CONNECTED) await attackers?.[role].connection.close();
    await victim?.close();
    await watcher?.close();
    await bus?.stop();
  });

  /** Lets whatever was sent take its effect: a round trip on every connection, twice. */
  async function settle(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      for (const role of CONNECTED) await attackers[role].connection.flush();
      await victim.flush();
      await watcher.manager.streams.info('IN_H09');
    }
  }

  describe('what an agency may do', () => {
    it('stores under its own name, looks the directory up and reads its own inbox', async () => {
      const { connection } = attackers.agency;
      const stored = await connection.request(A_TO_B, 'hello');
      expect(stored.json()).toMatchObject({ stream: 'IN_H09' });
      const cross = 'vb.msg.central.urgent.receipt.cross.TW.G01.H09.H09-01';
      expect((await connection.request(cross, 'hello')).json()).toMatchObject({ stream: 'IN_TW' });
      const entry = await connection.request('vb.directory.get.H09-02', '');
      expect(Buffer.compare(entry.data, b.record)).toBe(0);
      const next = '$JS.API.CONSUMER.MSG.NEXT.IN_H09.H09-01_n';
      const pull = '{"batch":1,"no_wait":true}';
      const message = await connection.request(next, pull, { noMux: true, timeout: 2_000 });
      expect(message).toMatchObject({ subject: B_TO_A });
      expect(message.string()).toBe('of B');
    });

    it('reads any chunk, of another site too, since chunks are sealed', async () => {
      for (const role of ['agency', 'elsewhere'] as const) {
        const { connection } = attackers[role];
        const got = await connection.request(`$JS.API.DIRECT.GET.BLOB_H09.${B_CHUNK}`, '');
        expect(got.string()).toBe('of B');
      }
    });
  });

  describe.each(CONNECTED)('what an attacker tries directly: %s', (role) => {
    it.each(PUBLISH_ATTACKS)('$name', async (attack) => {
      const refused = await attackers[role].publishIsRefused(attack.subject, '{}');
      expect(refused ? 'refused' : 'allowed').toBe(outcomeOf(attack, role));
    });

    it.each(LISTEN_ATTACKS)('listening to $name', async (attack) => {
      const refused = await attackers[role].listenIsRefused(attack.subject);
      expect(refused ? 'refused' : 'allowed').toBe(outcomeOf(attack, role));
    });

    it('changes nothing of others by all of that', async () => {
      await settle();
      const before = await watcher.snapshot(OWN[role]);
      for (const { subject } of PUBLISH_ATTACKS) attackers[role].connection.publish(subject, '{}');
      await settle();
      expect(await watcher.snapshot(OWN[role])).toEqual(before);
    });
  });

  // An answer can be sent anywhere inside the attacker's own account: into an inbox whose random
  // name would have to be guessed, or as one more notice of a changed directory, a mere hint.
  describe('what an attacker tries through the reply subject', () => {
    it.each(CARRIERS)('$role: $name changes nothing of others', async (carrier) => {
      const heard: string[] = [];
      const ear = victim.subscribe('_INBOX.H09-02.x', {
        callback: (_error, message) => void heard.push(message.subject),
      });
      await settle();
      const before = await watcher.snapshot(OWN[carrier.role]);
      for (const reply of REPLY_TARGETS) {
        attackers[carrier.role].connection.publish(carrier.subject, carrier.payload, { reply });
      }
      await settle();
      expect(await watcher.snapshot(OWN[carrier.role])).toEqual(before);
      // A neighbour in the same account may be sent junk; one in another account may not.
      expect(carrier.role === 'agency' ? [] : heard).toEqual([]);
      ear.unsubscribe();
    });
  });

  describe('what an attacker tries inside an allowed request', () => {
    it('reads nothing but chunks by Direct Get, whatever the body asks for', async () => {
      const bodies = [
        '{"seq":1}',
        '{"seq":1,"next_by_subj":"vb.msg.>"}',
        `{"last_by_subj":"${B_TO_A}"}`,
        '{"next_by_subj":">","seq":1,"batch":10}',
        '{"multi_last":["vb.msg.>"],"batch":10}',
        '{"start_time":"2020-01-01T00:00:00Z","next_by_subj":"vb.>"}',
      ];
      const { connection } = attackers.agency;
      const heard: string[] = [];
      const ear = connection.subscribe('_INBOX.H09-01.peek', {
        callback: (_error, message) => void heard.push(`${message.headers?.get('Nats-Subject')}`),
      });
      for (const stream of ['IN_H09', 'REPORT_H09', 'DIR_H09', 'BLOB_H09']) {
        for (const subject of [B_CHUNK, 'vb.blob.>', 'vb.blob.*.H09.H09-02.*.*']) {
          for (const body of bodies) {
            const reply = '_INBOX.H09-01.peek';
            connection.publish(`$JS.API.DIRECT.GET.${stream}.${subject}`, body, { reply });
          }
        }
      }
      await settle();
      const inboxes = heard.filter((subject) => /^vb\.(?:msg|report|directory)\./.test(subject));
      expect(inboxes).toEqual([]);
      ear.unsubscribe();
    });

    it('cannot roll a stream up or change its limits by the headers of a message', async () => {
      const before = await watcher.snapshot(OWN.agency);
      for (const [name, value] of [
        ['Nats-Rollup', 'all'],
        ['Nats-Rollup', 'sub'],
        ['Nats-Purge', 'all'],
        ['Nats-TTL', '1s'],
        ['Nats-Schedule', '@at 2020-01-01T00:00:00Z'],
        ['KV-Operation', 'PURGE'],
      ] as const) {
        const set = headers();
        set.set(name, value);
        for (const subject of [A_TO_B, A_REPORT, `vb.blob.local.H09.H09-01.${SHA}.2`]) {
          attackers.agency.connection.publish(subject, 'x', { headers: set });
        }
      }
      await settle();
      expect(await watcher.snapshot(OWN.agency)).toEqual(before);
    });
  });

  it('a revoked agency has no connection left to attack from', async () => {
    const { connection } = await openAttacker(bus.url, revoked.credentials, '_INBOX.H09-03');
    const closed = connection.closed();
    const { operator } = bus.server();
    const user = { site: 'H09', userPublicKey: revoked.entry.natsUserKey ?? '' };
    await revokeUser(operator, user, { servers: [bus.url] });
    await closed;
    const again = openAttacker(bus.url, revoked.credentials, '_INBOX.H09-03');
    await expect(again).rejects.toThrow(/authorization|authentication/i);
  });

  it('knows what the attacks would do where agencies and streams share an account', async () => {
    const credentials = await bus.server().operator.mint({
      account: 'STORE',
      name: 'flat',
      permissions: agencyPermissions(a.entry.code, 'H09'),
      expiresAt: null,
      now: new Date(),
    });
    const { connection: flat } = await openAttacker(bus.url, credentials, '_INBOX.H09-01');
    const before = await watcher.manager.streams.info('BLOB_H09');
    expect(before.state.messages).toBeGreaterThan(0);
    // The payload of the chunk is empty, which the API reads as "no options".
    flat.publish(`$JS.API.DIRECT.GET.BLOB_H09.${A_CHUNK}`, '', {
      reply: '$JS.API.STREAM.DELETE.BLOB_H09',
    });
    await flat.flush();
    await settle();
    await expect(watcher.manager.streams.info('BLOB_H09')).rejects.toThrow(/stream not found/);
    await flat.close();
  });
});

async function mintAdministrator(bus: LocalBus): Promise<Uint8Array> {
  return await bus.server().operator.mint({
    account: 'STORE',
    name: 'admin',
    permissions: 'all',
    expiresAt: null,
    now: new Date(),
  });
}

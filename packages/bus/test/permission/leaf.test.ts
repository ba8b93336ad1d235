import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type NatsConnection, connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readCredentials } from '../../src/broker/jwt.ts';
import type { FoundServer } from '../../src/local-server/find.ts';
import { chooseFreePort, isPortFree } from '../../src/local-server/loopback.ts';
import { endProcess, spawnServer } from '../../src/local-server/process.ts';
import { revokeServiceUser } from '../../src/operator/push.ts';
import { leafPermissions } from '../../src/permission/leaf.ts';
import { type TestPlan, startPlan, waitUntil } from '../../src/testing/index.ts';
import { type Attacker, type Watcher, openAttacker, openWatcher } from './attacker.ts';
import {
  DELIVER_TARGETS,
  LEAF_ATTACKS,
  type LeafAttack,
  UNHEARD,
  deliverAttack,
} from './leaf-attacks.ts';
import { serversUnderTest } from './servers.ts';

const FENCE = '$JS.central.API.DIRECT.GET.BLOBX.vb.blob.cross.H09.fence';
const TO_H09 = 'vb.msg.province.normal.doc.cross.H09.H09-01.H44.H44-01';
const TO_TW = 'vb.msg.central.normal.doc.cross.TW.G01.H44.H44-01';
const TO_H44 = 'vb.msg.province.normal.doc.cross.H44.H44-01.H44.H44-02';

const NO_RESPONDERS = 503;
/** A changed account waits for the next second. */
const ACCOUNT_PAUSE_MS = 1_000;
/** A leaf server whose line was ended tries again after a second. */
const RECONNECT_MS = 3_000;

const servers = await serversUnderTest();

/** A nats-server of the attacker's own, which asks nobody for anything, on the line of H09. */
interface Thief {
  readonly client: NatsConnection;
  end(): Promise<void>;
}

async function startThief(
  server: FoundServer,
  hubPort: number,
  credentials: string,
): Promise<Thief> {
  const folder = await mkdtemp(join(tmpdir(), 'congvan-thief-'));
  const port = await chooseFreePort();
  const config = join(folder, 'thief.conf');
  await writeFile(
    config,
    `listen: "127.0.0.1:${port}"
leafnodes {
  remotes: [ { urls: ["nats-leaf://127.0.0.1:${hubPort}"], credentials: ${JSON.stringify(credentials)} } ]
}
`,
  );
  const child = spawnServer(server.path, ['-c', config], join(folder, 'log'), false);
  await waitUntil(async () => !(await isPortFree(port)), 10_000);
  const client = await connect({
    servers: `127.0.0.1:${port}`,
    inboxPrefix: '_INBOX_site_H09',
    noAsyncTraces: true,
  });
  return {
    client,
    end: async () => {
      await client.close();
      if (child.pid !== undefined) await endProcess(child.pid, 10_000);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

describe.each(servers)('nats-server $version', (server) => {
  let plan: TestPlan;
  let thief: Thief;
  let friend: Attacker;
  let centre: Watcher;
  let other: Watcher;
  let speaker: NatsConnection;

  beforeAll(async () => {
    plan = await startPlan({ plan: 'federated', sites: ['H09', 'H44'], centralServers: 1, server });
    const { credentials } = await plan.addAgency({ code: 'H44.01', site: 'H44' });
    friend = await openAttacker(plan.url('H44'), credentials, '_INBOX.H44-01');
    centre = await openWatcher(plan.central[0]?.url ?? '', await administrator('central'));
    other = await openWatcher(plan.url('H44'), await administrator('H44'));
    speaker = (
      await openAttacker(
        plan.central[0]?.url ?? '',
        await administrator('central'),
        '_INBOX_speaker',
      )
    ).connection;
    await friend.connection.request(TO_H09, '');
    await friend.connection.request(TO_TW, 'x');
    await waitUntil(async () => (await exchanged()) > 1, 20_000);
    await plan.sites['H09']?.stop();
    thief = await startThief(server, hubPort(), join(plan.folder, 'h09', 'leaf.creds'));
    await waitUntil(
      async () =>
        await fence().then(
          () => true,
          () => false,
        ),
      20_000,
    );
  }, 90_000);

  afterAll(async () => {
    await thief?.end();
    await friend?.connection.close();
    await speaker?.close();
    await centre?.close();
    await other?.close();
    await plan?.stop();
  }, 60_000);

  function hubPort(): number {
    return plan.plan.places.find(({ id }) => id === 'central')?.servers[0]?.leafPort ?? 0;
  }

  async function administrator(place: string): Promise<Uint8Array> {
    return await plan.operator(place).mint({
      account: 'STORE',
      name: 'admin',
      permissions: 'all',
      expiresAt: null,
      now: new Date(),
    });
  }

  /** What the plan writes for a site whose old line was revoked. */
  async function leafCredentials(): Promise<Uint8Array> {
    return await plan.operator('central').mint({
      account: 'STORE',
      name: 'leaf H09',
      permissions: leafPermissions('H09'),
      expiresAt: null,
      now: new Date(),
    });
  }

  async function exchanged(): Promise<number> {
    return (await centre.manager.streams.info('XCH')).state.messages;
  }

  /** What was sent over the line before this has arrived when it returns. */
  async function fence(): Promise<void> {
    await thief.client.request(FENCE, '', { timeout: 500 });
    await centre.manager.streams.info('XCH');
  }

  /** @returns true when the centre did what it was asked to. */
  async function isAnswered({ subject, payload }: LeafAttack): Promise<boolean> {
    const answers: string[] = [];
    const reply = `_INBOX_site_H09.answer.${Math.random().toString(36).slice(2)}`;
    const ear = thief.client.subscribe(reply, {
      callback: (_error, message) => {
        // The thief's own server says so when nobody on the line wants to hear of it.
        if (message.headers?.code !== NO_RESPONDERS) answers.push(message.string());
      },
    });
    await fence();
    thief.client.publish(subject, payload, { reply });
    await fence();
    await fence();
    ear.unsubscribe();
    return answers.some((answer) => !answer.includes('"error"'));
  }

  async function everything(): Promise<unknown> {
    const [atCentre, atOther] = await Promise.all([centre.snapshot(/^$/), other.snapshot(/^$/)]);
    return JSON.parse(JSON.stringify([atCentre, atOther], withoutSourceConsumers)) as unknown;
  }

  describe('what the taken-over server of a site tries at the centre', () => {
    it.each(LEAF_ATTACKS)('$name', async (attack) => {
      const before = await everything();
      expect(await isAnswered(attack)).toBe(attack.allowed);
      await thief.client
        .request('$JS.central.API.CONSUMER.DELETE.XCH.own', '')
        .catch(() => undefined);
      expect(await everything()).toEqual(before);
    });

    it.each(DELIVER_TARGETS)(
      'a reader of its own part that delivers to %s does no harm',
      async (target) => {
        const before = await everything();
        const index = DELIVER_TARGETS.indexOf(target);
        // It may be made, but nobody on the line may ask to hear of its target: so nothing is sent.
        await isAnswered(deliverAttack(index, target));
        await friend.connection.request(TO_H09, '');
        await fence();
        await thief.client
          .request(`$JS.central.API.CONSUMER.DELETE.XCH.deliver${index}`, '')
          .catch(() => undefined);
        expect(withoutCount(await everything(), TO_H09)).toEqual(withoutCount(before, TO_H09));
      },
    );

    it('hears nothing of the centre and of other sites', async () => {
      const heard: string[] = [];
      const ear = thief.client.subscribe('>', {
        callback: (_error, message) => void heard.push(message.subject),
      });
      await fence();
      for (const subject of UNHEARD) speaker.publish(subject, 'x');
      await speaker.flush();
      await friend.connection.request(TO_H44, 'x').catch(() => undefined);
      await fence();
      ear.unsubscribe();
      expect(heard.filter((subject) => UNHEARD.includes(subject))).toEqual([]);
      expect(heard.filter((subject) => subject.startsWith('vb.'))).toEqual([]);
    });

    it('cannot come in as a client with the credentials of the line', async () => {
      const credentials = await readFile(join(plan.folder, 'h09', 'leaf.creds'));
      const client = openAttacker(plan.central[0]?.url ?? '', credentials, '_INBOX_site_H09');
      await expect(client).rejects.toThrow(/authorization|authentication/i);
    });

    it('finds nothing behind the credentials of its own service at another place', async () => {
      const credentials = await plan.operator('H09').serviceCredentials(new Date());
      const places = [plan.central[0]?.url ?? '', plan.url('H44')];
      const clients = places.map((url) => openAttacker(url, credentials, '_INBOX_site_H09'));
      const results = await Promise.allSettled(clients);
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    });

    it('ends when its line is revoked, for good, and new credentials open another', async () => {
      const file = join(plan.folder, 'h09', 'leaf.creds');
      const { userPublicKey } = await readCredentials(await readFile(file));
      const operator = plan.operator('central');
      const user = { account: 'STORE', userPublicKey } as const;
      const servers = plan.central.map(({ url }) => url);
      expect(await revokeServiceUser(operator, user, { servers })).toEqual([
        { server: servers[0] },
      ]);
      const isCut = async (): Promise<boolean> =>
        await fence().then(
          () => false,
          () => true,
        );
      await waitUntil(isCut, ACCOUNT_PAUSE_MS + 1_000);
      // It goes on trying, also at a server that was killed and started again.
      await plan.central[0]?.kill();
      await plan.central[0]?.restart();
      const isBack = async (): Promise<boolean> =>
        await exchanged().then(
          (count) => count > 0,
          () => false,
        );
      await waitUntil(isBack, 20_000);
      await sleep(RECONNECT_MS);
      expect(await isCut()).toBe(true);

      // What the plan writes for the site anew opens a line again.
      const fresh = join(plan.folder, 'fresh.creds');
      await writeFile(fresh, await leafCredentials());
      const owner = await startThief(server, hubPort(), fresh);
      const asks = async (): Promise<boolean> =>
        await owner.client.request(FENCE, '', { timeout: 500 }).then(
          () => true,
          () => false,
        );
      await waitUntil(asks, 20_000);
      await owner.end();
    });
  });
});

/** The consumers by which streams fill have names of their own that come and go. */
function withoutSourceConsumers(key: string, value: unknown): unknown {
  if (key !== 'consumers' || !Array.isArray(value)) return value;
  return value.filter((name) => /^(?:own|spy|deliver|H44|relay)/.test(String(name)));
}

function withoutCount(snapshot: unknown, subject: string): unknown {
  return JSON.parse(
    JSON.stringify(snapshot, (key, value: unknown) => (key === subject ? 'some' : value)),
  ) as unknown;
}

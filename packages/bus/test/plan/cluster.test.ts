import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PeerState } from '../../src/broker/peer-state.ts';
import type { JetStreamState } from '../../src/broker/server-monitor.ts';
import type { StreamState } from '../../src/broker/stream-admin.ts';
import { judgeCluster, judgeJetStream } from '../../src/plan/cluster-health.ts';
import { readDescription } from '../../src/plan/description.ts';
import type { HealthFinding } from '../../src/plan/health.ts';
import type { PlanServerHandle } from '../../src/testing/plan-server.ts';
import { type TestPlan, startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import { COUNTRY } from './country.ts';
import { inspectPlace } from './inspect-place.ts';

const TIMEOUT_MS = 60_000;
const STREAM: StreamState = {
  name: 'XCH',
  messageCount: 1,
  bytes: 10,
  maxBytes: 1_000,
  consumerCount: 0,
  firstSeq: 1,
  lastSeq: 1,
  createdAt: new Date(0),
  leader: 'c1',
  copies: [],
  sources: [],
};

describe('three servers of one place', { timeout: TIMEOUT_MS }, () => {
  let bus: TestPlan;

  beforeAll(async () => {
    bus = await startPlan({ plan: 'flat', sites: ['H09'], centralServers: 3 });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await bus?.stop();
  });

  const inspect = async (): Promise<HealthFinding[]> => await inspectPlace(bus, 'bus');
  const troubles = async (): Promise<string[]> =>
    (await inspect())
      .filter(({ state, code }) => state === 'fail' && !code.startsWith('site-service'))
      .map(({ code, about }) => `${code} ${about}`)
      .toSorted();
  const about = (findings: readonly HealthFinding[], code: HealthFinding['code']): string[] =>
    findings.filter((finding) => finding.code === code).map((finding) => finding.about);
  const server = (name: string): PlanServerHandle => {
    const found = bus.servers.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no server ${name}`);
    return found;
  };

  it('are looked at one by one: version, accounts, clock and store', async () => {
    await waitUntil(async () => (await troubles()).length === 0, TIMEOUT_MS);
    const findings = await inspect();
    for (const code of ['accounts', 'clock', 'jetstream'] as const) {
      expect(about(findings, code)).toEqual(['n1', 'n2', 'n3']);
    }
    const probe = findings.find(({ code }) => code === 'probe');
    expect(probe?.values['copyCount']).toBe(3);
    const cluster = findings.find(({ code }) => code === 'cluster');
    expect(['n1', 'n2', 'n3']).toContain(cluster?.values['leader']);
  });

  it('are named when one is down, and have no leader when two are', async () => {
    const leader = (await inspect()).find(({ code }) => code === 'cluster')?.values['leader'];
    const down = server(leader === 'n3' ? 'n2' : 'n3');
    await down.kill();
    const named = [`peer-down ${down.name}`, `unreachable ${down.name}`];
    await waitUntil(async () => (await troubles()).join() === named.join(), TIMEOUT_MS);
    const probe = (await inspect()).find(({ code }) => code === 'probe');
    expect(probe?.values['copyCount']).toBe(2);
    // With the second one gone nobody leads any more, and the third says so itself.
    await server(down.name === 'n3' ? 'n2' : 'n3').kill();
    const isNamed = async (): Promise<boolean> =>
      (await troubles()).includes('cluster-no-leader bus');
    await waitUntil(isNamed, TIMEOUT_MS);
    expect(await troubles()).toEqual(
      expect.arrayContaining(['unreachable n2', 'unreachable n3', 'cluster-no-leader bus']),
    );
  });
});

describe('what the servers of a cluster say of each other', () => {
  const heard = (name: string): PeerState => ({
    name,
    isHeard: true,
    isCurrent: true,
    lagCount: 0,
  });
  const says = (leader: string | null, peers: readonly PeerState[] = []): JetStreamState => ({
    usedBytes: 10,
    maxBytes: 100,
    leader,
    peers,
  });
  const judge = (
    said: Readonly<Record<string, JetStreamState | null>>,
    copies: readonly PeerState[] = [],
  ): string[] => {
    const [central] = readDescription(COUNTRY, 'bus.yaml').places;
    if (central === undefined) throw new Error('no centre');
    const xch: StreamState = { ...STREAM, copies };
    const streams = new Map([['XCH', xch]]);
    return judgeCluster(central, new Map(Object.entries(said)), streams).map(
      ({ code, about, values }) => `${code} ${about} ${values['streams'] ?? ''}`.trim(),
    );
  };
  const others = { c2: says('c1'), c3: says('c1') };

  it('names one that answers and that the others do not hear', () => {
    const lost = { ...heard('c3'), isHeard: false, isCurrent: false };
    expect(judge({ ...others, c1: says('c1', [heard('c2'), lost]) })).toEqual([
      'cluster central',
      'peer-apart c3',
    ]);
  });

  it('names one whose copies are far behind, and none that lacks a few entries', () => {
    const c1 = says('c1', [heard('c2'), heard('c3')]);
    const behind = (lagCount: number): PeerState => ({
      ...heard('c2'),
      isCurrent: false,
      lagCount,
    });
    expect(judge({ ...others, c1 }, [behind(5)])).toEqual(['cluster central']);
    expect(judge({ ...others, c1 }, [behind(5_000)])).toEqual([
      'cluster central',
      'stream-stale-copy c2 XCH',
    ]);
  });

  it('names one that was taken out of the plan and still counts', () => {
    const c1 = says('c1', [heard('c2'), heard('c3'), heard('c9')]);
    expect(judge({ ...others, c1 })).toEqual(['cluster central', 'peer-unplanned c9']);
  });

  it('says that nobody leads, also when one runs without its store', () => {
    expect(judge({ c1: says(null), c2: null })).toEqual(['cluster-no-leader central']);
  });

  it('fails for a store that is full or off', () => {
    const store = (usedBytes: number) =>
      judgeJetStream('H09', 'h09', { ...says('h09'), usedBytes });
    expect(store(79)).toMatchObject({ code: 'jetstream', state: 'ok' });
    expect(store(80)).toMatchObject({ code: 'store-full', state: 'warn' });
    expect(store(95)).toMatchObject({ code: 'store-full', state: 'fail' });
    expect(judgeJetStream('H09', 'h09', null)).toMatchObject({
      code: 'jetstream-off',
      state: 'fail',
    });
  });
});

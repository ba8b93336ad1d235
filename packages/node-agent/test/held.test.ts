import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { RelayConnection } from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Agent, Log, OpenAgentOptions } from '../src/index.ts';
import { takeOverBroker } from './support/broker.ts';
import { documentSubject, forgeDelivery } from './support/forge.ts';
import { type Office, type Town, foundTown } from './support/town.ts';

const WAIT_MS = 15_000;
/** Longer than a test: only news judge again. */
const NEVER_MS = 10 * 60_000;

/** One town; the ministry opens its agent with other limits in each test. */
describe('what cannot be judged yet', () => {
  let town: Town;
  let commune: Office;
  let district: Office;
  let ministry: Office;
  let broker: RelayConnection;
  let recipient: Agent | undefined;
  let crls: string;
  let copies = 0;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
    ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    crls = join(ministry.home, 'trust', 'crls');
    broker = await takeOverBroker(town);
  });
  afterEach(async () => {
    await recipient?.close();
    recipient = undefined;
  });
  afterAll(async () => {
    await broker.close();
    await town[Symbol.asyncDispose]();
  });

  async function open(
    holdLimits: OpenAgentOptions['holdLimits'],
    log?: Partial<Log>,
  ): Promise<Agent> {
    const quiet: Log = { info() {}, warn() {}, error() {}, ...log };
    const agent = await ministry.open({ holdLimits: { leftMs: 200, ...holdLimits }, log: quiet });
    recipient = agent;
    await waitUntil(() => agent.status().directoryEntries >= 4, WAIT_MS);
    return agent;
  }

  async function deliver(from: Office): Promise<string> {
    const { message, documentId } = await forgeDelivery({
      from: from.code,
      to: ministry.code,
      seal: from.seal,
      node: from.node,
      encryption: ministry.encryption.certificate,
    });
    copies += 1;
    const to = { tier: 'central', toSite: 'TW', to: ministry.code } as const;
    const natsSubject = documentSubject({ ...to, fromSite: 'H09', from: from.code });
    await broker.publishMessage(natsSubject, message, { messageId: `copy ${copies}` });
    return documentId;
  }

  const hideLists = async (agent: Agent): Promise<void> => {
    await rename(crls, `${crls}.away`);
    await mkdir(crls);
    await agent.reloadTrust();
  };
  const showLists = async (): Promise<void> => {
    await rm(crls, { recursive: true });
    await rename(`${crls}.away`, crls);
  };
  const hasArrived = (agent: Agent, documentId: string): boolean =>
    agent.listInbox().some((row) => row.documentId === documentId);

  it('of one sender takes only its share of the room; the rest stays with the broker', async () => {
    const said: string[] = [];
    const agent = await open(
      { perSender: 2, firstRetryMs: NEVER_MS, maxRetryMs: NEVER_MS },
      { warn: (_fields, text) => said.push(text) },
    );
    await hideLists(agent);
    const first = [await deliver(commune), await deliver(commune), await deliver(commune)];
    await waitUntil(() => said.some((text) => text.startsWith('left with the broker')), WAIT_MS);
    const other = await deliver(district);
    await waitUntil(() => agent.listHeld().some(({ from }) => from === district.code), WAIT_MS);
    expect(agent.listHeld().map(({ from }) => from)).toEqual([
      commune.code,
      commune.code,
      district.code,
    ]);
    await showLists();
    await waitUntil(() => [...first, other].every((id) => hasArrived(agent, id)), WAIT_MS);
  });

  it('is still held after a restart, and ends in quarantine with a refusal', async () => {
    const before = await open({ firstRetryMs: NEVER_MS, maxRetryMs: NEVER_MS });
    await hideLists(before);
    await deliver(commune);
    await waitUntil(() => before.listHeld().length === 1, WAIT_MS);
    await before.close();
    // The row falls due at once in the agent of a month later.
    const monthLater = () => new Date(Date.now() + 31 * 24 * 3_600_000);
    recipient = await ministry.open({ now: monthLater });
    const agent = recipient;
    await waitUntil(() => agent.listQuarantine().length === 1, WAIT_MS);
    expect(agent.listQuarantine()).toMatchObject([
      { finding: 'HELD_TOO_LONG', claimedFrom: commune.code, refusalSent: true },
    ]);
    expect(agent.listHeld()).toEqual([]);
    await showLists();
  });

  it('is woken by new revocation lists, without the broker too', async () => {
    const agent = await open({ firstRetryMs: NEVER_MS, maxRetryMs: NEVER_MS });
    await hideLists(agent);
    const documentId = await deliver(commune);
    await waitUntil(() => agent.listHeld().length === 1, WAIT_MS);
    const [held] = agent.listHeld();
    expect(held).toMatchObject({ from: commune.code, lacks: 'revocation' });
    expect(held?.reason).toContain('REVOCATION_UNKNOWN');
    expect(agent.status().inbox.held).toBe(1);
    await town.bus.kill();
    await showLists();
    await waitUntil(() => hasArrived(agent, documentId), WAIT_MS);
    expect(agent.listHeld()).toEqual([]);
  });
});

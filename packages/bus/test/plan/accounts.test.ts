import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createNatsKey } from '../../src/broker/keys.ts';
import { type LocalOperator, openOperator } from '../../src/operator/operator.ts';
import type { Place } from '../../src/plan/bus-plan.ts';
import { judgeAccounts } from '../../src/plan/health.ts';
import { inspectPlan } from '../../src/plan/inspect.ts';
import { pushPlaceAccounts } from '../../src/plan/push-accounts.ts';
import { type TestPlan, startPlan } from '../../src/testing/start-plan.ts';

const TIMEOUT_MS = 60_000;

describe('the accounts of a server', { timeout: TIMEOUT_MS }, () => {
  let bus: TestPlan;
  let operator: LocalOperator;
  let place: Place;

  beforeAll(async () => {
    bus = await startPlan({ plan: 'flat', sites: ['H09'], centralServers: 1 });
    operator = bus.operator('bus');
    const [only] = bus.plan.places;
    if (only === undefined) throw new Error('no place');
    place = only;
  }, TIMEOUT_MS);
  afterAll(async () => {
    await bus?.stop();
  });

  const accountsBy = async (keys: LocalOperator): Promise<string[]> => {
    const found = await inspectPlan({
      plan: bus.plan,
      operators: new Map([['bus', keys]]),
      now: () => new Date(),
      thorough: true,
    });
    return found
      .flatMap(({ findings }) => findings)
      .filter(({ code }) => code.startsWith('account'))
      .map(({ code, state, values }) => `${code} ${state} ${values['accounts'] ?? ''}`.trim());
  };
  const revoke = async (): Promise<void> => {
    await operator.revokeUser('H09', createNatsKey('user').publicKey);
  };

  it('fail when a revocation has not reached it, until the account is handed over', async () => {
    expect(await accountsBy(operator)).toEqual(['accounts ok']);
    await revoke();
    expect(await accountsBy(operator)).toEqual(['account-older fail AGENCY_H09']);
    await pushPlaceAccounts(place, operator, {});
    expect(await accountsBy(operator)).toEqual(['accounts ok']);
  });

  it('fail when it has lost its data folder, and with it who was revoked', async () => {
    await revoke();
    await pushPlaceAccounts(place, operator, {});
    const [server] = bus.central;
    if (server === undefined) throw new Error('no server');
    await server.kill();
    await rm(join(server.folder, 'jwt'), { recursive: true });
    await server.restart();
    expect(await accountsBy(operator)).toEqual(['account-older fail AGENCY_H09']);
    await pushPlaceAccounts(place, operator, {});
    expect(await accountsBy(operator)).toEqual(['accounts ok']);
  });

  it('fail when the keys are an older copy than the server, also one signed anew', async () => {
    const copied = join(bus.folder, 'yesterday');
    await cp(operator.folder, copied, { recursive: true });
    await revoke();
    await pushPlaceAccounts(place, operator, {});
    const yesterday = await openOperator(copied);
    expect(await accountsBy(yesterday)).toEqual(['account-newer fail AGENCY_H09']);
    await yesterday.setSiteNetworks('H09', ['10.0.0.0/8']);
    expect(await accountsBy(yesterday)).toEqual(['account-newer fail AGENCY_H09']);
  });

  it('fail when it does not know a new site', async () => {
    await operator.addSite('H44');
    expect(await accountsBy(operator)).toEqual(['account-missing fail AGENCY_H44']);
    await pushPlaceAccounts(place, operator, {});
    expect(await accountsBy(operator)).toEqual(['accounts ok']);
  });

  it('are named, ten at most', () => {
    const states = new Map(Array.from({ length: 12 }, (_, site) => [`A${site}`, 'older'] as const));
    const [finding] = judgeAccounts('bus', 'n1', states);
    expect(finding?.values['count']).toBe(12);
    expect(finding?.values['accounts']).toMatch(/A9, …$/);
  });
});

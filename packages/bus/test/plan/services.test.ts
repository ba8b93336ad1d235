import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openCentre } from '../../src/site/centre.ts';
import { mintCentreCredentials } from '../../src/site/credentials.ts';
import { type TestPlan, startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import { inspectPlace } from './inspect-place.ts';
import { type Correspondent, addCorrespondent, texts } from './traffic.ts';

const TIMEOUT_MS = 60_000;

describe('the services of a country', { timeout: TIMEOUT_MS }, () => {
  let bus: TestPlan;
  let agencies: Correspondent[];

  beforeAll(async () => {
    bus = await startPlan({ plan: 'federated', sites: ['H09', 'H44'], centralServers: 1 });
    agencies = [
      await addCorrespondent(bus, 'H09.01', 'H09'),
      await addCorrespondent(bus, 'H44.01', 'H44'),
    ];
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const one of agencies) await one[Symbol.asyncDispose]();
    await bus?.stop();
  });

  const servicesAt = async (place: string): Promise<string[]> => {
    const findings = await inspectPlace(bus, place);
    return findings
      .filter(({ code }) => code.includes('-service'))
      .map(({ code, state }) => `${code} ${state}`);
  };

  it('fail when a site with agencies has no site service any more, and are well when it is back', async () => {
    expect(await servicesAt('H09')).toEqual(['site-service ok']);
    await bus.service('H09').close();
    expect(await servicesAt('H09')).toEqual(['site-service-silent fail']);
    expect(await servicesAt('H44')).toEqual(['site-service ok']);
    await bus.services.reopen('H09');
    expect(await servicesAt('H09')).toEqual(['site-service ok']);
  });

  it('fail when nobody watches a centre that documents have crossed', async () => {
    const [from, to] = agencies;
    if (from === undefined || to === undefined) throw new Error('no agencies');
    await from.send(to, texts('across', 2));
    await waitUntil(() => to.arrived.size === 2, TIMEOUT_MS);
    expect(await servicesAt('central')).toEqual(['centre-service-silent fail']);
    const central = bus.plan.places.find(({ id }) => id === 'central');
    await using _centre = await openCentre({
      servers: (central?.servers ?? []).map(
        ({ host, clientPort }) => `nats://${host}:${clientPort}`,
      ),
      credentials: await mintCentreCredentials(bus.operator('central'), new Date()),
      streams: central?.streams ?? [],
    });
    await waitUntil(
      async () => (await servicesAt('central')).includes('centre-service ok'),
      TIMEOUT_MS,
    );
  });
});

import { expect, it } from 'vitest';

import { startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import { addCorrespondent, texts } from './traffic.ts';

it('carries documents between sites and inside them, in the federated plan', async () => {
  await using bus = await startPlan({ plan: 'federated', sites: ['H09', 'H44'] });
  await using a = await addCorrespondent(bus, 'H09.01', 'H09');
  await using b = await addCorrespondent(bus, 'H44.01', 'H44');
  await using c = await addCorrespondent(bus, 'H09.02', 'H09');

  const started = performance.now();
  await a.send(b, texts('first', 1));
  await waitUntil(() => b.arrived.size === 1, 20_000);
  console.log('first cross', performance.now() - started);
  await a.send(b, texts('ab', 200));
  await b.send(a, texts('ba', 200));
  await a.send(c, texts('ac', 200));
  await waitUntil(() => b.arrived.size === 201 && a.arrived.size === 200, 20_000);
  await waitUntil(() => c.arrived.size === 200, 20_000);
  expect([...a.arrived.values(), ...b.arrived.values()].every((count) => count === 1)).toBe(true);
});

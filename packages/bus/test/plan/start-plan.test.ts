import { expect, it } from 'vitest';

import { startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import { addCorrespondent, texts } from './traffic.ts';

const ARRIVAL_MS = 30_000;

for (const plan of ['federated', 'flat'] as const) {
  it(`carries documents between sites and inside them, once each, in the ${plan} plan`, async () => {
    await using bus = await startPlan({
      plan,
      sites: ['H09', 'H44'],
      centralServers: plan === 'flat' ? 1 : 3,
    });
    await using a = await addCorrespondent(bus, 'H09.01', 'H09');
    await using b = await addCorrespondent(bus, 'H44.01', 'H44');
    await using c = await addCorrespondent(bus, 'H09.02', 'H09');

    await Promise.all([
      a.send(b, texts('ab', 200)),
      b.send(a, texts('ba', 200)),
      a.send(c, texts('ac', 200)),
    ]);
    await waitUntil(() => [a, b, c].every(({ arrived }) => arrived.size === 200), ARRIVAL_MS);
    for (const { arrived } of [a, b, c]) {
      expect(new Set(arrived.values())).toEqual(new Set([1]));
    }
  });
}

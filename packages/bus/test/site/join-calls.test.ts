import { setImmediate as turn } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { joinCalls } from '../../src/site/join-calls.ts';

/** Work that ends when it is told to. */
function createWork() {
  const runs: { readonly seen: number; end(error?: Error): void }[] = [];
  const state = { value: 0 };
  const call = joinCalls(async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    runs.push({
      seen: state.value,
      end: (error) => (error === undefined ? resolve() : reject(error)),
    });
    await promise;
  });
  return { runs, state, call };
}

it('runs once more for all who ask while it runs, and that run sees what they changed', async () => {
  const { runs, state, call } = createWork();
  const first = call();
  state.value = 1;
  const others = Array.from({ length: 1_000 }, call);
  await turn();
  expect(runs.map(({ seen }) => seen)).toEqual([0]);
  runs[0]?.end();
  await first;
  await turn();
  expect(runs.map(({ seen }) => seen)).toEqual([0, 1]);
  runs[1]?.end();
  await Promise.all(others);
  await turn();
  expect(runs).toHaveLength(2);
});

it('begins anew when nothing is under way, also after a failure', async () => {
  const { runs, call } = createWork();
  const failing = call();
  const next = call();
  runs[0]?.end(new Error('the broker is away'));
  await expect(failing).rejects.toThrow('the broker is away');
  await turn();
  runs[1]?.end();
  await next;
  const later = call();
  runs[2]?.end();
  await later;
  expect(runs).toHaveLength(3);
});

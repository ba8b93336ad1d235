import { expect, it } from 'vitest';

import { createLanes } from '../../src/keys/lanes.ts';
import { rejection } from '../support/rejection.ts';

/** A job that ends when it is told to. */
function job(name: string, log: string[]) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const run = async (lane: number): Promise<string> => {
    log.push(`${name} on ${lane}`);
    return await promise;
  };
  return { run, end: () => resolve(name) };
}

it('serves as many at once as there are lanes, the others in the order they came', async () => {
  const log: string[] = [];
  const lanes = createLanes(2);
  const jobs = ['a', 'b', 'c', 'd'].map((name) => job(name, log));
  const all = Promise.all(jobs.map(({ run }) => lanes.run(run)));
  expect(log).toEqual(['a on 0', 'b on 1']);
  for (const index of [1, 0, 2, 3]) {
    jobs[index]?.end();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  expect(await all).toEqual(['a', 'b', 'c', 'd']);
  expect(log).toEqual(['a on 0', 'b on 1', 'c on 1', 'd on 0']);
});

it('refuses more than may wait', async () => {
  const lanes = createLanes(1, 1);
  const [running, waiting] = [job('a', []), job('b', [])];
  const both = [lanes.run(running.run), lanes.run(waiting.run)];
  expect(await rejection(lanes.run(async () => 'c'))).toMatch(
    /^SIGNER_SIGN_FAILED: 1 signatures wait/,
  );
  running.end();
  waiting.end();
  expect(await Promise.all(both)).toEqual(['a', 'b']);
});

it('frees the lane of a job that fails', async () => {
  const lanes = createLanes(1);
  const failing = lanes.run(() => Promise.reject(new RangeError('no')));
  expect(await rejection(failing)).toBe('foreign: RangeError: no');
  expect(await lanes.run(async () => 'next')).toBe('next');
});

it('refuses what waits when it is closed, and waits for what runs', async () => {
  const lanes = createLanes(1);
  const running = job('a', []);
  const first = lanes.run(running.run);
  const second = rejection(lanes.run(async () => 'b'));
  let isClosed = false;
  const closing = lanes.close().then(() => (isClosed = true));
  expect(await second).toMatch(/^SIGNER_SIGN_FAILED: the key was closed/);
  expect(isClosed).toBe(false);
  running.end();
  expect(await first).toBe('a');
  await closing;
  expect(await rejection(lanes.run(async () => 'c'))).toMatch(/^SIGNER_SIGN_FAILED: /);
});

import { expect, it } from 'vitest';

import { runKills } from '../../campaign/relay/run.ts';

/** `npm run campaign -- relay` does the same with 200 kills. */
it(
  'loses and doubles nothing and says the same as before when the relay is killed 26 times at every step',
  { timeout: 10 * 60_000 },
  async () => {
    const lines: string[] = [];
    const {
      kills,
      seconds: _,
      records,
      ...outcome
    } = await runKills({
      seed: 7,
      kills: 26,
      signal: new AbortController().signal,
      tell: (line) => lines.push(line),
    });
    expect({ ...outcome, lines }).toMatchObject({
      lost: 0,
      doubled: 0,
      altered: 0,
      differences: [],
      faults: [],
    });
    expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBe(26);
    expect(records).toBeGreaterThan(200);
  },
);

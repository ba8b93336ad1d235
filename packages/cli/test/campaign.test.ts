import { expect, it } from 'vitest';

import { runPartition } from '../campaign/partition/run.ts';

/** `npm run campaign -- partition` does the same with thousands of documents and every disturbance. */
it(
  'loses and doubles nothing when a site server, an agent in an upload and a line fail in turn',
  { timeout: 10 * 60_000 },
  async () => {
    const lines: string[] = [];
    const outcome = await runPartition({
      seed: 3,
      documents: 40,
      only: ['cut', 'site-server', 'upload'],
      signal: new AbortController().signal,
      tell: (line) => lines.push(line),
    });
    expect({ faults: outcome.verdict.faults, lines }).toEqual({ faults: [], lines });
    expect(outcome.verdict).toMatchObject({
      documents: 41, // One more for the upload.
      lost: 0,
      doubled: 0,
      unreceipted: 0,
      numberFaults: 0,
      brokenChains: 0,
      relayDifferences: 0,
    });
    expect(outcome.verdict.handedOver).toBe(outcome.verdict.deliveries);
    // Nor has a stream left out what another held: agents had nothing to repeat.
    expect(outcome.leftOutByStreams).toBe(0);
    expect(outcome.killsInTransfer).toBe(1);
    expect(outcome.disturbances).toEqual({ cut: 1, 'site-server': 1, upload: 1 });
  },
);

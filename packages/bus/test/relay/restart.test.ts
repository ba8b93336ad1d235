import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { BATCH_STEPS, type RelayStep } from '../../src/relay/index.ts';
import { waitUntil } from '../../src/testing/index.ts';
import { type RelayBus, startRelayBus } from './relay-bus.ts';
import { dispatch, electronic, receipt } from './relay-database.ts';
import { tiersOf } from './figures/tiers-of.ts';

const CHILD = fileURLToPath(new URL('relay-child.ts', import.meta.url));
const JULY = { period: '2026-07' };
/** Apart, so that the relay sees many small batches and reaches each step often enough. */
const PAUSE_MS = 50;

async function startChild(world: RelayBus, step: RelayStep, times: number): Promise<ChildProcess> {
  const folder = dirname(world.home);
  const { keys, certificate } = world.relaySigner;
  const pem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
  await writeFile(join(folder, 'node.key'), pem, { mode: 0o600 });
  await writeFile(join(folder, 'node.crt'), certificate.der);
  const files = [join(folder, 'node.key'), join(folder, 'node.crt')];
  return spawn(process.execPath, [CHILD, world.home, ...files, step, String(times)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

describe('a relay killed with SIGKILL', () => {
  it.each(BATCH_STEPS)(
    'at %s goes on without losing or counting anything twice',
    async (step) => {
      await using world = await startRelayBus();
      const sender = await world.addReporter('H09', 'province', 'H09');
      const recipient = await world.addReporter('G12', 'central', 'TW');
      const child = await startChild(world, step, 2);
      const ended = once(child, 'exit');
      let total = 0;
      while (child.signalCode === null && child.exitCode === null) {
        total += 1;
        await sender.report(dispatch(total, [electronic('G12')]));
        await recipient.report(receipt('H09', total, '01'));
        await Promise.race([ended, setTimeout(PAUSE_MS)]);
      }
      expect(child.signalCode).toBe('SIGKILL');

      await using relay = await world.openRelay();
      await waitUntil(() => relay.counts().reports === 2 * total, 20_000);
      expect(relay.counts()).toMatchObject({
        dispatches: total,
        deliveries: total,
        receipts: { '01': total },
        rejected: 0,
        contradictions: 0,
      });
      expect(tiersOf(relay, JULY).province).toMatchObject({ E: total, receipted_01: total });
      await waitUntil(() => sender.watermarks.at(-1)?.upTo === total, 20_000);
      await waitUntil(() => recipient.watermarks.at(-1)?.upTo === total, 20_000);
      const upTo = sender.watermarks.map((watermark) => watermark.upTo);
      expect(upTo).toEqual(upTo.toSorted((a, b) => a - b));
      // What the kill left open is said once more, under an id of its own, and not for each repeat.
      const said = sender.watermarks.map((one) => JSON.stringify([one.upTo, one.missing]));
      expect(said.length - new Set(said).size).toBeLessThanOrEqual(1);
    },
    60_000,
  );
});

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, it } from 'vitest';

import { openRelayReader } from '../../src/relay/index.ts';
import { waitUntil } from '../../src/testing/index.ts';
import { startRelayBus } from './relay-bus.ts';
import { paper } from './relay-database.ts';

const REPORTS = 40;
const WAIT_MS = 30_000;

/** A real file system of 8 MiB; needs the right to mount, as the agent's test of a full disk does. */
it('says that its disk is full, keeps what it has, and goes on when there is room', async () => {
  await using world = await startRelayBus();
  const commune = await world.addReporter('H09.12.034', 'commune', 'H09');
  const small = join(dirname(world.home), 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
  try {
    const home = join(small, 'relay');
    cpSync(world.home, home, { recursive: true });
    await using relay = await world.openRelay({ home });
    await commune.report(paper(1));
    await waitUntil(() => commune.watermarks.at(-1)?.upTo === 1, WAIT_MS);

    const filler = join(small, 'filler');
    fill(filler);
    for (let number = 2; number <= REPORTS; number += 1) await commune.report(paper(number));
    await waitUntil(() => relay.status().storageFailing !== null, WAIT_MS);
    expect(relay.status()).toMatchObject({ broker: 'connected' });
    expect(relay.status().storageFailing?.error).toMatch(/full/);
    expect(relay.counts().papers).toBeGreaterThanOrEqual(1);
    // Nothing was confirmed that is not on disk.
    const confirmed = commune.watermarks.at(-1)?.upTo ?? 0;
    using reader = openRelayReader(home);
    expect(confirmed).toBeLessThanOrEqual(reader.counts().papers);

    rmSync(filler);
    await waitUntil(() => commune.watermarks.at(-1)?.upTo === REPORTS, WAIT_MS);
    expect(relay.counts()).toMatchObject({ papers: REPORTS, rejected: 0, contradictions: 0 });
    expect(relay.status().storageFailing).toBeNull();
  } finally {
    execFileSync('umount', ['-l', small]);
  }
});

/** Takes all room but a page or two. */
function fill(filler: string): void {
  const { bavail, bsize } = statfsSync(dirname(filler));
  try {
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail) * bsize));
  } catch (error) {
    // The relay itself may have taken some of it in between: full is full.
    if (!String(error).includes('ENOSPC')) throw error;
  }
}

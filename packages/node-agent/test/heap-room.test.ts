import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('../src/heap-room.ts', import.meta.url));

/** Runs `body` in a process like that of `congvan agent run`; it says how much room there is, in MiB. */
function roomsOf(body: string): number[] {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { heapRoom } from ${JSON.stringify(MODULE)};
    const rooms = [];
    const say = () => {
      const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
      rooms.push(space.space_size / 2 ** 20);
    };
    const room = heapRoom();
    let nowMs = performance.now();
    const work = (commits) => {
      nowMs += 2_000;
      room.look(commits, nowMs);
      let kept = [];
      for (let index = 0; index < 1_000_000; index += 1) {
        kept.push({ index, text: String(index) });
        if (kept.length > 20_000) kept = [];
      }
    };
    const rest = () => {
      for (let index = 0; index < 11; index += 1) room.look(0, (nowMs += 2_000));
    };
    rest();
    ${body}
    console.log(JSON.stringify(rooms));`;
  const flags = ['--max-semi-space-size=8', '--expose-gc', '--input-type=module', '-e', program];
  return JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8' })) as number[];
}

/** Beside the two halves of 1 MiB, V8 now and then keeps a page that it has just left. */
const NARROW_MIB = 3;

describe('the room for new objects of an agent', () => {
  it('widens in a rush of documents and is given back when it is over', () => {
    const [start, rush, after] = roomsOf('say(); work(1_000); work(1_000); say(); rest(); say();');
    expect(start).toBeLessThanOrEqual(NARROW_MIB);
    expect(rush).toBeGreaterThan(2 * NARROW_MIB);
    expect(after).toBeLessThanOrEqual(NARROW_MIB);
  });

  it('stays narrow while little is committed, whatever is computed', () => {
    const [busy] = roomsOf('work(10); work(10); work(10); say();');
    expect(busy).toBeLessThanOrEqual(NARROW_MIB);
  });
});

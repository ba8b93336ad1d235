import { describe, expect, it } from 'vitest';

import { LineGate } from '../../src/outbox/line-gate.ts';

/** A message that stays under way until it is told to arrive. */
function underWay(): { send: () => Promise<void>; started: () => boolean; arrive: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = false;
  return {
    send: async () => {
      begun = true;
      await promise;
    },
    started: () => begun,
    arrive: resolve,
  };
}

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

describe('the gate to the line', () => {
  it('keeps the bytes of the normal lane under its limit', async () => {
    const gate = new LineGate(100);
    const messages = [underWay(), underWay(), underWay()];
    const passed = messages.map((message) => gate.pass('normal', 50, message.send));
    await turn();
    expect(messages.map((message) => message.started())).toEqual([true, true, false]);
    messages[0]?.arrive();
    await turn();
    expect(messages.map((message) => message.started())).toEqual([true, true, true]);
    for (const message of messages) message.arrive();
    await Promise.all(passed);
    expect(gate.bytesInFlight).toBe(0);
  });

  it('lets a message larger than all the room go alone', async () => {
    const gate = new LineGate(100);
    await gate.pass('normal', 1_000, async () => await turn());
    expect(gate.bytesInFlight).toBe(0);
  });

  it('starts no ordinary message while an urgent one is on its way', async () => {
    const gate = new LineGate(100);
    const urgent = underWay();
    const normal = underWay();
    const first = gate.pass('urgent', 50, urgent.send);
    const second = gate.pass('normal', 10, normal.send);
    await turn();
    expect(urgent.started()).toBe(true);
    expect(normal.started()).toBe(false);
    urgent.arrive();
    normal.arrive();
    await Promise.all([first, second]);
    expect(normal.started()).toBe(true);
  });

  it('lets an urgent message pass however full the line is', async () => {
    const gate = new LineGate(100);
    const normal = underWay();
    const first = gate.pass('normal', 100, normal.send);
    let passed = false;
    await gate.pass('urgent', 100, async () => {
      await turn();
      passed = true;
    });
    expect(passed).toBe(true);
    normal.arrive();
    await first;
  });

  it('gives its room back when sending fails', async () => {
    const gate = new LineGate(100);
    const failing = gate.pass('normal', 100, async () => await Promise.reject(new Error('cut')));
    await expect(failing).rejects.toThrow('cut');
    expect(gate.bytesInFlight).toBe(0);
  });
});

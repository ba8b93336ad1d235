import { describe, expect, it } from 'vitest';

import { AGENT_LIMITS } from '../../src/limits.ts';
import { Breaker } from '../../src/outbox/breaker.ts';

const NOW_MS = 1_000_000;

function broken(breaker: Breaker, times: number = AGENT_LIMITS.breakerFailures): void {
  for (let count = 0; count < times; count += 1) breaker.failed('a', NOW_MS);
}

describe('the breaker', () => {
  it('lets everything pass until a destination has failed five times in a row', () => {
    const breaker = new Breaker(() => 1);
    broken(breaker, AGENT_LIMITS.breakerFailures - 1);
    expect(breaker.ask('a', NOW_MS)).toBe(0);
    breaker.failed('a', NOW_MS);
    expect(breaker.ask('a', NOW_MS)).toBe(NOW_MS + AGENT_LIMITS.breakerFirstPauseMs);
    expect(breaker.paused(NOW_MS)).toEqual(['a']);
  });

  it('does not hold back one destination for the failures of another', () => {
    const breaker = new Breaker(() => 1);
    broken(breaker);
    expect(breaker.ask('b', NOW_MS)).toBe(0);
  });

  it('lets one message probe after the pause and all when it passes', () => {
    const breaker = new Breaker(() => 1);
    broken(breaker);
    const afterMs = NOW_MS + AGENT_LIMITS.breakerFirstPauseMs;
    expect(breaker.ask('a', afterMs)).toBe(0);
    expect(breaker.ask('a', afterMs)).toBeGreaterThan(afterMs);
    breaker.succeeded('a');
    expect(breaker.ask('a', afterMs)).toBe(0);
    expect(breaker.ask('a', afterMs)).toBe(0);
  });

  it('pauses twice as long after each probe that fails, five minutes at most', () => {
    const breaker = new Breaker(() => 1);
    broken(breaker);
    let nowMs = NOW_MS;
    const pauses: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const untilMs = breaker.ask('a', nowMs);
      pauses.push(untilMs - nowMs);
      nowMs = untilMs;
      expect(breaker.ask('a', nowMs)).toBe(0);
      breaker.failed('a', nowMs);
    }
    expect(pauses.slice(0, 3)).toEqual([1_000, 2_000, 4_000]);
    expect(Math.max(...pauses)).toBe(AGENT_LIMITS.breakerMaxPauseMs);
  });

  it('counts what was under way together as one pause', () => {
    const breaker = new Breaker(() => 1);
    broken(breaker, 64);
    expect(breaker.ask('a', NOW_MS)).toBe(NOW_MS + AGENT_LIMITS.breakerFirstPauseMs);
  });

  it('probes again when the answer to a probe never came', () => {
    const breaker = new Breaker(() => 1);
    broken(breaker);
    const afterMs = NOW_MS + AGENT_LIMITS.breakerFirstPauseMs;
    expect(breaker.ask('a', afterMs)).toBe(0);
    expect(breaker.ask('a', afterMs + AGENT_LIMITS.publishTimeoutMs)).toBe(0);
  });

  it('does not pause for ever when the clock was ahead', () => {
    const breaker = new Breaker(() => 1);
    for (let count = 0; count < 5; count += 1) breaker.failed('a', NOW_MS + 86_400_000);
    expect(breaker.ask('a', NOW_MS)).toBe(0);
  });
});

import { chmod, mkdir, writeFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { createTown, readJson, type Town } from './town.ts';

interface Health {
  readonly healthy: boolean;
  readonly checks: readonly { name: string; state: string; todo: string; detail: string }[];
}

async function examine(town: Town, now?: () => Date): Promise<Health & { code: number }> {
  const { code, out } = await town.run(['doctor', '--json'], now === undefined ? {} : { now });
  return { code, ...readJson<Health>(out) };
}

describe('doctor', () => {
  it('finds a new installation sound', async () => {
    await using town = await createTown();
    const { code, healthy, checks } = await examine(town);
    expect({ code, healthy }).toEqual({ code: 0, healthy: true });
    const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ node: 'ok', 'nats-server': 'ok', home: 'ok', bus: 'skip' });
  });

  it('names a wrong clock with the next step', async () => {
    await using town = await createTown();
    const { code, checks } = await examine(town, () => new Date('2001-01-01T00:00:00Z'));
    expect(code).toBe(6);
    const clock = checks.find(({ name }) => name === 'clock');
    expect(clock?.state).toBe('fail');
    expect(clock?.todo).toContain('clock');
  });

  it('notices a clock that was set back', async () => {
    await using town = await createTown();
    await mkdir(town.path('agents'));
    const { checks } = await examine(town, () => new Date(Date.now() - 3_600_000));
    expect(checks.find(({ name }) => name === 'clock')?.state).toBe('warn');
  });

  it('tells a damaged agency from a sound one', async () => {
    await using town = await createTown();
    await mkdir(town.path('agents', 'H09'), { recursive: true });
    await writeFile(town.path('agents', 'H09', 'agent.json'), '{"code":');
    const { code, checks } = await examine(town);
    expect(code).toBe(6);
    const agency = checks.find(({ name }) => name === 'agency');
    expect(agency?.state).toBe('fail');
    expect(agency?.todo).not.toBe('');
  });

  it.skipIf(process.getuid?.() === 0)('finds a home that is not writable', async () => {
    await using town = await createTown();
    await chmod(town.home, 0o500);
    const { checks } = await examine(town);
    await chmod(town.home, 0o700);
    expect(checks.find(({ name }) => name === 'home')?.state).toBe('fail');
  });
});

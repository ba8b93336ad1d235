import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { memoryFlags } from '../src/running/small-memory.ts';

it('an agent, and whoever seals or checks a large file, runs with little memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'congvan-memory-'));
  const [small, large] = [join(folder, 'small.pdf'), join(folder, 'large.bin')];
  for (const file of [small, large]) await writeFile(file, 'x');
  await truncate(large, 64 * 1024 * 1024);
  const wanted = (...argv: string[]): boolean => memoryFlags(argv).length > 0;
  expect(wanted('--home', folder, 'agent', 'run')).toBe(true);
  expect(wanted('send', small, '--attach', large)).toBe(true);
  expect(wanted('send', small, `--attach=${large}`)).toBe(true);
  expect(wanted('verify', large)).toBe(true);
  expect(wanted('package', 'create', large)).toBe(true);
  expect(wanted('send', small, '--abstract', 'V/v \u{0000}')).toBe(false);
  expect(wanted('send', small, '--abstract', 'dài '.repeat(2_000))).toBe(false);
  expect(wanted('verify', folder)).toBe(false);
  expect(wanted('inbox', large)).toBe(false);
  await rm(folder, { recursive: true });
});

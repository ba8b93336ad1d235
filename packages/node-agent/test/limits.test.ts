import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { AGENT_LIMITS, CONDITIONS } from '../src/index.ts';

const pageOf = (name: string): string =>
  readFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), 'utf8');

it('lists every limit with its value in the reference', () => {
  const listed = [...pageOf('limits.md').matchAll(/^\| `(\w+)` *\| *(\d+) *\|/gm)].map(
    ([, name = '', value]) => [name, Number(value)],
  );
  expect(listed).toEqual(Object.entries(AGENT_LIMITS));
});

it('lists every condition with its severity in the reference', () => {
  const listed = [...pageOf('conditions.md').matchAll(/^\| `([A-Z_]+)` *\| *(\w+) *\|/gm)].map(
    ([, code, severity]) => [code, severity],
  );
  expect(listed).toEqual(
    Object.entries(CONDITIONS).map(([code, { severity }]) => [code, severity]),
  );
});

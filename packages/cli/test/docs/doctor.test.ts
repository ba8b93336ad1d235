import { readFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { planEn } from '../../src/messages/plan/en.ts';
import { planVi } from '../../src/messages/plan/vi.ts';

const PAGE = new URL('../../../../docs/reference/doctor.md', import.meta.url);

it('docs/reference/doctor.md has a row for each finding, and both languages say what to do', async () => {
  const page = await readFile(PAGE, 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, code]) => code ?? '');
  const codes = Object.keys(planEn.found);
  expect(rows.toSorted()).toEqual(codes.toSorted());
  for (const texts of [planEn, planVi])
    expect(Object.keys(texts.todo).toSorted()).toEqual(rows.toSorted());
});

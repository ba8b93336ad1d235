import { expect, it } from 'vitest';

import { codeOf, dispatch, electronic, paper } from '../relay-database.ts';
import { openHttpTown } from './http-town.ts';

const MOVED = 'H09.7';
const MOVE = '2026-06-30T17:00:00.000Z';

it('what an agency stated before it moved is shown to whoever it stands below today', async () => {
  await using town = await openHttpTown({
    fill: (database) => {
      for (const code of ['H09', 'H10']) database.addAgency(code, 'province');
      database.addAgency(MOVED, 'commune', { parent: codeOf('H09'), validTo: MOVE });
      const at = '2026-06-10T02:00:00.000Z';
      database.report(MOVED, paper(1, '2026-06-10'), at);
      const again = dispatch(1, [electronic('H10')], { issuedOn: '2026-06-10' });
      database.report(MOVED, again, at);
      database.db.exec('INSERT OR IGNORE INTO late_report SELECT id FROM stored_report');
      database.addAgency(MOVED, 'commune', { parent: codeOf('H10'), validFrom: MOVE });
    },
  });
  const tokens = {
    H09: await town.account({ name: 'an', role: 'auditor', scope: 'H09' }),
    H10: await town.account({ name: 'binh', role: 'auditor', scope: 'H10' }),
  };
  const ask = async (scope: keyof typeof tokens, path: string) => {
    const { status, text } = await town.ask(`/api/v1/${path}`, { token: tokens[scope] });
    return { status, answer: JSON.parse(text) as Record<string, unknown> };
  };
  const rowsOf = async (scope: keyof typeof tokens, path: string): Promise<number | string> => {
    const { status, answer } = await ask(scope, path);
    return Array.isArray(answer['rows']) ? answer['rows'].length : `${status}`;
  };
  const june = `period=2026-06&agency=${MOVED}`;

  expect(await rowsOf('H10', `register?${june}`)).toBe(1);
  expect(await rowsOf('H10', 'contradictions')).toBe(1);
  expect(await rowsOf('H10', 'late')).toBe(2);
  expect(await rowsOf('H09', `register?${june}`)).toBe('404');
  expect(await rowsOf('H09', 'contradictions')).toBe(0);
  expect(await rowsOf('H09', 'late')).toBe(0);
  // Figures count it where it stood on the day of issue unless today's structure is asked for.
  expect(await ask('H10', `figures?${june}`)).toMatchObject({
    answer: { figures: { P: 0, contradictions: 0 } },
  });
  expect(await ask('H10', `figures?${june}&structure=now`)).toMatchObject({
    answer: { figures: { P: 1, contradictions: 1 } },
  });
  expect(await ask('H09', 'figures?period=2026-06')).toMatchObject({
    answer: { figures: { P: 1, contradictions: 1 } },
  });
});

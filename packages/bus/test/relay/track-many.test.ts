import { expect, it } from 'vitest';

import { MAX_TRACKED_DOCUMENTS } from '../../src/relay/queries.ts';
import { RelayDatabase, dispatch, electronic } from './relay-database.ts';

it('a number that everybody gives is shown of the first, and of whoever is named', () => {
  using town = new RelayDatabase();
  const count = MAX_TRACKED_DOCUMENTS + 20;
  const codes = Array.from({ length: count }, (_, index) => `H${String(index + 1_000)}`);
  town.intake.inTransaction(() => {
    for (const code of codes) {
      const { verified, entry } = town.compose(code, dispatch(1, [electronic('G12')]));
      town.intake.take({ report: verified, entry });
    }
  });
  const last = codes.at(-1) ?? '';
  const { queries } = town;

  expect(queries.track('1/UBND-VP')).toHaveLength(MAX_TRACKED_DOCUMENTS);
  expect(queries.track('1/UBND-VP', last)).toMatchObject([{ from: last }]);
  expect(queries.track('1/UBND-VP', undefined, (from) => from === last)).toMatchObject([
    { from: last },
  ]);
});

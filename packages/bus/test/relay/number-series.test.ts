import fc from 'fast-check';
import { expect, it } from 'vitest';

import { type NumberRange, admitNumber } from '../../src/relay/number-series.ts';

function missingAfter(numbers: readonly number[]): NumberRange[] {
  let highest = 0;
  let missing: NumberRange[] = [];
  for (const number of numbers) {
    const open = missing.find(([first, last]) => first <= number && number <= last);
    const change = admitNumber(highest, open, number);
    highest = change.highest;
    missing = [...missing.filter((range) => range !== change.closed), ...change.opened];
  }
  return missing;
}

it('names exactly the numbers below the highest that never came, in any order of arrival', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), (numbers) => {
      const missing = missingAfter(numbers).flatMap(([first, last]) =>
        Array.from({ length: last - first + 1 }, (_, index) => first + index),
      );
      const highest = Math.max(0, ...numbers);
      const expected = Array.from({ length: highest }, (_, index) => index + 1).filter(
        (number) => !numbers.includes(number),
      );
      expect(missing.toSorted((a, b) => a - b)).toEqual(expected);
    }),
  );
});

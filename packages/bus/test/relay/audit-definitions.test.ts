import { expect, it } from 'vitest';

import { DEFINITIONS } from '../../src/relay/audit/definitions.ts';
import { figures } from '../../src/relay/http/schemas.ts';

it('an audit file defines every figure that is published, each once', () => {
  const defined = DEFINITIONS.flatMap(({ field }) => field.split(', '));
  const published = [...Object.keys(figures.shape), 'agencies', 'agencies_silent'];
  expect(defined.toSorted()).toEqual(published.toSorted());
});

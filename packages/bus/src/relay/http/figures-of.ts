import type { RelayFigures } from '../figures/types.ts';
import type { RelayReader } from '../reader.ts';
import { Problem } from './problem.ts';

/** The figures of a reader; one that has none yet says so. */
export function figuresOf(reader: RelayReader): RelayFigures {
  if (hasFigures(reader)) return reader;
  const none = (): never => {
    throw new Problem('not-available', 'this relay keeps no figures yet');
  };
  return {
    asOf: () => ({ record: 0, day: '1970-01-01' }),
    figures: none,
    breakdown: none,
    deliveries: none,
    gaps: none,
    agencies: none,
  };
}

function hasFigures(reader: RelayReader): reader is RelayReader & RelayFigures {
  return 'figures' in reader;
}

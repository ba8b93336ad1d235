import type { ListCounters } from '../storage/figure-store.ts';
import { counterIndex, forEachPair } from './cell.ts';

const [E, EP, P] = [counterIndex('E'), counterIndex('EP'), counterIndex('P')];
const [DELIVERIES, OVERDUE] = [counterIndex('deliveries'), counterIndex('overdue')];

/** The counters of a cell that lists of agencies are sorted by. */
export function listCountersOf(cell: Uint8Array | undefined): ListCounters {
  const found = { e: 0, ep: 0, p: 0, deliveries: 0, overdue: 0 };
  forEachPair(cell, (index, amount) => {
    if (index === E) found.e = amount;
    else if (index === EP) found.ep = amount;
    else if (index === P) found.p = amount;
    else if (index === DELIVERIES) found.deliveries = amount;
    else if (index === OVERDUE) found.overdue = amount;
  });
  return found;
}

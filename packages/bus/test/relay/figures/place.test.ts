import { expect, it } from 'vitest';

import { addDays } from '../../../src/calendar/vietnam-time.ts';
import { type PlaceEntry, placesOf } from '../../../src/relay/figures/place.ts';

it('of an agency that moved more often than is told apart, the latest places are', () => {
  const moves = 260;
  const entries = Array.from({ length: moves }, (_, index): PlaceEntry => {
    const fromDay = addDays('2025-01-01', index);
    const parent = index % 2 === 0 ? 'H09' : 'H10';
    const isLast = index === moves - 1;
    const lastDay = isLast ? null : fromDay;
    return {
      name: 'x',
      tier: 'commune',
      parent,
      site: 'H09',
      isAgency: true,
      fromDay,
      lastDay,
      successors: [],
    };
  }).toReversed();
  const top: PlaceEntry = {
    name: 'x',
    tier: 'province',
    parent: null,
    site: 'H09',
    isAgency: true,
    fromDay: '2020-01-01',
    lastDay: null,
    successors: [],
  };
  const places = placesOf('X', (code) => (code === 'X' ? entries : [top])) ?? [];
  const aboveOn = (day: string) => places.findLast(({ fromDay }) => fromDay <= day)?.above;
  expect(aboveOn(addDays('2025-01-01', moves - 1))).toEqual(['H10']);
  expect(aboveOn(addDays('2025-01-01', moves - 2))).toEqual(['H09']);
  expect(aboveOn(addDays('2025-01-01', moves - 100))).toEqual(['H09']);
});

import { describe, expect, it } from 'vitest';

import { FigureAnswers } from '../../../src/relay/figures/answers.ts';
import type { BreakdownRequest } from '../../../src/relay/figures/types.ts';
import { RelayDatabase, codeOf, dispatch, electronic, paper } from '../relay-database.ts';

const TARGETS = { 2026: { central: 0.95, province: 0.9, commune: 0.6 } };

/** The province reaches its target, two of three documents of its commune are electronic. */
function oneProvince(): RelayDatabase {
  const relay = new RelayDatabase();
  relay.addAgency('G12', 'central');
  relay.addAgency('H09', 'province');
  relay.addAgency('H09.40', 'commune', { parent: codeOf('H09') });
  relay.report('G12', paper(1));
  relay.report('H09', dispatch(1, [electronic('G12')]));
  for (const number of [1, 2]) {
    const own = { documentId: `commune-${number}` };
    relay.report('H09.40', dispatch(number, [electronic('H09')], own));
  }
  relay.report('H09.40', paper(3));
  return relay;
}

function targetsOf(relay: RelayDatabase, change: Partial<BreakdownRequest> = {}) {
  const request = { period: '2026-07', by: 'parent' as const, ...change };
  const { rows } = new FigureAnswers(relay.db, TARGETS).breakdown(request);
  return Object.fromEntries(rows.map(({ key, target }) => [key, target]));
}

describe('the target of an agency', () => {
  it('stands beside each of its months, also where only those under it are asked for', () => {
    using relay = oneProvince();
    const own = { by: 'month', agency: codeOf('H09.40'), period: '2026-06..2026-07' } as const;
    expect(targetsOf(relay, own)).toEqual({ '2026-06': 0.6, '2026-07': 0.6 });
    relay.report('H09.40', paper(4));
    relay.report('H09.40', paper(5));
    expect(targetsOf(relay, { ...own, underTarget: true })).toEqual({ '2026-07': 0.6 });
    expect(targetsOf(relay, { ...own, by: 'urgency' })).toEqual({ urgent: 0.6, normal: 0.6 });
  });
});

describe('the target of a row with all below an agency', () => {
  it('is none where tiers with targets of their own stand together', () => {
    using relay = oneProvince();
    expect(targetsOf(relay)).toEqual({ G12: 0.95, H09: null });
    expect(targetsOf(relay, { underTarget: true })).toEqual({ G12: 0.95 });
  });

  it('is that of the tier that is asked for, not that of the agency above', () => {
    using relay = oneProvince();
    expect(targetsOf(relay, { tier: 'commune' })).toEqual({ H09: 0.6 });
    expect(targetsOf(relay, { tier: 'commune', underTarget: true })).toEqual({});
  });

  it('is its own where nobody stands below it', () => {
    using relay = oneProvince();
    expect(targetsOf(relay, { under: codeOf('H09') })).toEqual({ 'H09.40': 0.6 });
  });
});

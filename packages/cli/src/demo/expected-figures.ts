import { TIERS, type Tier } from '@congvan/bus';

import { CAST, castAgency } from './agencies.ts';
import type { CheckedFigures, ShareFigures } from './figures.ts';
import { ALTERED, decide, DOCUMENT_KEYS, FORGED, PAPERS, plannedDocument } from './scenario.ts';

/** What the databases must hold at the end, worked out from the plan alone. */
export function expectedFigures(): CheckedFigures {
  const documents = DOCUMENT_KEYS.map((key) => ({ key, ...plannedDocument(key) }));
  const deliveries = documents.flatMap(({ key, from, to }) =>
    to.map((code) => ({ key, from, to: code })),
  );
  const arrived = deliveries.filter(
    ({ key, to }) => !(key === ALTERED.document && to === ALTERED.to),
  );
  const decisions = arrived.map(({ from, to }) => decide(to, { from }).kind);
  const count = (kind: string): number => decisions.filter((decision) => decision === kind).length;
  const quarantined = [ALTERED, FORGED].length;
  return {
    agencies: CAST.length,
    dispatches: documents.length,
    deliveries: deliveries.length,
    receipts: {
      '01': arrived.length,
      // The clerk's refusal, and the altered delivery's; the forged one belongs to no dispatch.
      '02': count('refuse') + 1,
      '03': count('accept') + count('complete'),
      '06': count('complete'),
    },
    quarantined,
    duplicates_suppressed: 1,
    share: {
      central: expectedShare('central'),
      province: expectedShare('province'),
      district: expectedShare('district'),
      commune: expectedShare('commune'),
      all: expectedShare(undefined),
    },
  };
}

function expectedShare(tier: Tier | undefined): ShareFigures {
  const tiers = tier === undefined ? TIERS : [tier];
  const isOfTier = (code: string): boolean => tiers.includes(castAgency(code).tier);
  const sent = DOCUMENT_KEYS.map(plannedDocument).filter(({ from }) => isOfTier(from));
  const EP = sent.filter(
    ({ alsoPaperTo, paperTo }) => (alsoPaperTo ?? paperTo) !== undefined,
  ).length;
  const P = PAPERS.filter(({ from }) => isOfTier(from)).length;
  return shareOf(sent.length - EP, EP, P, sent.length);
}

/** The rates of the share; every document of the demo that is sent electronically is signed. */
function shareOf(E: number, EP: number, P: number, signed: number): ShareFigures {
  const all = E + EP + P;
  return {
    E,
    EP,
    P,
    rate_electronic: all === 0 ? null : E / all,
    rate_any: all === 0 ? null : (E + EP) / all,
    rate_signed: E + EP === 0 ? null : signed / (E + EP),
  };
}

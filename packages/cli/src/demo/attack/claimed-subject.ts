import { messageSubject, parseAgencyCode, parseSite, scopeOf } from '@congvan/bus';

import type { CastAgency } from '../agencies.ts';

/** Where a document to `victim` goes that comes, by its subject, from `claimed`. */
export function claimedSubject(claimed: CastAgency, victim: CastAgency): string {
  const toSite = parseSite(victim.site);
  const fromSite = parseSite(claimed.site);
  return messageSubject({
    tier: victim.tier,
    lane: 'normal',
    kind: 'doc',
    scope: scopeOf(toSite, fromSite),
    toSite,
    to: parseAgencyCode(victim.code),
    fromSite,
    from: parseAgencyCode(claimed.code),
  });
}

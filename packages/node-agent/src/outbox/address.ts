import {
  type AgencyCode,
  type Site,
  type Tier,
  messageSubject,
  parseAgencyCode,
  reportSubject,
  scopeOf,
} from '@congvan/bus';

import type { DirectoryCopy } from '../directory/copy.ts';
import type { DueRow } from '../storage/outbox-store.ts';

/** The agency that sends; its site is bound to its broker credentials. */
export interface Sender {
  readonly code: AgencyCode;
  readonly tier: Tier;
  readonly site: Site;
}

/** How a row leaves, by one look at the directory. */
export interface Route {
  readonly natsSubject: string;
  /** Which stream it goes to, as far as a sender can tell: what fails there fails for all its rows. */
  readonly destination: string;
  /**
   * Whether it may have to pass more streams than the one that acknowledges it: what goes to another
   * site, and every report, since the relay may read them at the centre.
   */
  readonly further: boolean;
  /** The directory's signed word that the recipient closes then; `null` when it stays. */
  readonly closesMs: number | null;
}

/**
 * The way of a row that leaves now. Tiers and sites are directory data, and a row may wait for days:
 * what counts is the directory when it leaves, as it does for the receiver who compares.
 *
 * @returns `undefined` when the directory has no such recipient.
 */
export function routeOf(
  row: Pick<DueRow, 'purpose' | 'recipient' | 'lane'>,
  sender: Sender,
  directory: Pick<DirectoryCopy, 'find'>,
): Route | undefined {
  const { code: from, site: fromSite } = sender;
  if (row.purpose === 'report') {
    const { tier, site } = directory.find(from) ?? sender;
    const natsSubject = reportSubject({ tier, site, from });
    return { natsSubject, destination: 'reports', further: true, closesMs: null };
  }
  const entry = directory.find(parseAgencyCode(row.recipient));
  if (entry === undefined) return undefined;
  const { tier, site: toSite, code: to, validTo } = entry;
  const kind = row.purpose === 'document' ? 'doc' : 'receipt';
  const scope = scopeOf(toSite, fromSite);
  const { lane } = row;
  return {
    natsSubject: messageSubject({ tier, lane, kind, scope, toSite, to, fromSite, from }),
    destination: `${scope} ${toSite}`,
    further: scope === 'cross',
    closesMs: validTo === null ? null : Date.parse(validTo),
  };
}

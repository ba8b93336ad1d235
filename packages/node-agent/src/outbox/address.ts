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

/**
 * The subject that a row leaves under. Tiers and sites are directory data, and a row may wait for
 * days: what counts is the directory when it leaves, as it does for the receiver who compares.
 *
 * @returns `undefined` when the directory has no such recipient.
 */
export function addressOf(
  row: Pick<DueRow, 'purpose' | 'recipient' | 'lane'>,
  sender: Sender,
  directory: DirectoryCopy,
): string | undefined {
  const { code: from, site: fromSite } = sender;
  if (row.purpose === 'report') {
    const { tier, site } = directory.find(from) ?? sender;
    return reportSubject({ tier, site, from });
  }
  const entry = directory.find(parseAgencyCode(row.recipient));
  if (entry === undefined) return undefined;
  const { tier, site: toSite, code: to } = entry;
  const kind = row.purpose === 'document' ? 'doc' : 'receipt';
  const scope = scopeOf(toSite, fromSite);
  return messageSubject({ tier, lane: row.lane, kind, scope, toSite, to, fromSite, from });
}

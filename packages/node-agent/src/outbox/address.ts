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

/**
 * Which stream a row goes to, as far as a sender can tell: what fails there fails for all its rows.
 *
 * @returns `undefined` when the directory has no such recipient.
 */
export function destinationOf(
  row: Pick<DueRow, 'purpose' | 'recipient'>,
  sender: Sender,
  directory: DirectoryCopy,
): string | undefined {
  if (row.purpose === 'report') return 'reports';
  const toSite = directory.find(parseAgencyCode(row.recipient))?.site;
  return toSite === undefined ? undefined : `${scopeOf(toSite, sender.site)} ${toSite}`;
}

/**
 * Whether a message may have to pass more streams than the one that acknowledges it: what goes to
 * another site, and every report, since the relay may read them at the centre.
 */
export function goesFurther(
  row: Pick<DueRow, 'purpose' | 'recipient'>,
  sender: Sender,
  directory: DirectoryCopy,
): boolean {
  if (row.purpose === 'report') return true;
  const toSite = directory.find(parseAgencyCode(row.recipient))?.site;
  return toSite !== undefined && scopeOf(toSite, sender.site) === 'cross';
}

/** The directory's signed word that the recipient has closed: nobody would fetch the message. */
export function isClosed(
  row: Pick<DueRow, 'purpose' | 'recipient'>,
  directory: DirectoryCopy,
  nowMs: number,
): boolean {
  if (row.purpose === 'report') return false;
  const validTo = directory.find(parseAgencyCode(row.recipient))?.validTo ?? null;
  return validTo !== null && Date.parse(validTo) <= nowMs;
}

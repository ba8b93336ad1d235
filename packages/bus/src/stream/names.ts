import { type AgencyCode, codeToToken } from '../agency/code.ts';
import { type Site, parseSite } from '../agency/tier.ts';
import type { Lane } from '../subject/lane.ts';

/** The stream that holds every inbox of a site. */
export function inboxStream(site: Site): string {
  return `IN_${parseSite(site)}`;
}

/** The stream of what the agencies of a site report to the relay. */
export function reportStream(site: Site): string {
  return `REPORT_${parseSite(site)}`;
}

/** The stream of the sealed parts that the agencies of a site upload in chunks. */
export function blobStream(site: Site): string {
  return `BLOB_${parseSite(site)}`;
}

/** The durable consumer behind one lane of an agency: `H09-12-034_u` or `H09-12-034_n`. */
export function inboxConsumer(code: AgencyCode, lane: Lane): string {
  return `${codeToToken(code)}_${lane === 'urgent' ? 'u' : 'n'}`;
}

/**
 * What stands first in a stream that others fill from, so that no document does: see
 * `StreamPlan.countsFromTime`. No source asks for it, so it never leaves its stream.
 */
export function markSubject(stream: string): string {
  return `vb.mark.${stream}`;
}

/** The durable consumer of a relay on each `REPORT_<site>`. */
export function relayConsumer(code: AgencyCode): string {
  return `relay_${codeToToken(code)}`;
}

/** The JetStream domain of the centre in a federated plan; a site's own domain is its code. */
export const CENTRAL_DOMAIN = 'central';
/** At the centre: what travels between sites. It owns no subject and fills from `OUT_<site>`. */
export const EXCHANGE_STREAM = 'XCH';
/** At the centre: what the agencies of all sites report. */
export const REPORTS_STREAM = 'REPORTS';
/** At the centre: sealed parts with a recipient on another site. */
export const BLOB_EXCHANGE_STREAM = 'BLOBX';
/** At the centre: the directory entries of all registrars. */
export const DIRECTORY_EXCHANGE_STREAM = 'DIRX';

/** Federated plan: what leaves a site. */
export function outboxStream(site: Site): string {
  return `OUT_${parseSite(site)}`;
}

/** Federated plan: the directory entries that a site's own registrar made. */
export function directoryStream(site: Site): string {
  return `DIR_${parseSite(site)}`;
}

/** Federated plan: the directory entries of all registrars, as they came from the centre. */
export function directoryInboxStream(site: Site): string {
  return `DIRIN_${parseSite(site)}`;
}

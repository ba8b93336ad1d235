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

/** The durable consumer of a relay on each `REPORT_<site>`. */
export function relayConsumer(code: AgencyCode): string {
  return `relay_${codeToToken(code)}`;
}

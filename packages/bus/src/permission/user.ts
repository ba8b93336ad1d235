import { type AgencyCode, codeToToken } from '../agency/code.ts';
import { type Site, parseSite } from '../agency/tier.ts';
import { LANES } from '../subject/lane.ts';
import { inboxConsumer, inboxStream, relayConsumer } from '../stream/names.ts';

/** What a user of the broker may do; everything else is refused. */
export interface UserPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** How many answers to one request, and for how long: only for who answers requests. */
  readonly responses?: { readonly max: number; readonly ttlMs: number };
  readonly maxSubscriptions: number;
  readonly maxPayloadBytes: number;
  /** What may connect with them; the default is a client. */
  readonly link?: 'client' | 'leaf';
}

/** 200 KiB of package, its records, subject and headers; chunks of large parts are 128 KiB. */
export const MAX_AGENCY_PAYLOAD_BYTES = 256 * 1024;
export const MAX_AGENCY_SUBSCRIPTIONS = 50;
/** The server's own limit for one message. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;
/**
 * The server's limit for one line of the protocol. A client signs on with its rights in that line,
 * and those of a service that works for every province exceed the server's own 4 KiB.
 */
export const MAX_CONTROL_LINE_BYTES = 64 * 1024;

/** The inbox prefix of a client: its answers arrive under its own name and nobody else's. */
export function inboxPrefix(name: string): string {
  return `_INBOX_${name}`;
}

/** The code is a token of its own: nats-server 2.9 fills in templates by whole tokens only. */
export function agencyInboxPrefix(code: AgencyCode): string {
  return `_INBOX.${codeToToken(code)}`;
}

export function relayInboxPrefix(code: AgencyCode): string {
  return inboxPrefix(`relay_${codeToToken(code)}`);
}

export const CLAIMS_INBOX_PREFIX = inboxPrefix('claims');
export const MONITOR_INBOX_PREFIX = inboxPrefix('monitor');

/** Of a site service that works for every site of one broker. */
export const SITE_INBOX_PREFIX = inboxPrefix('site');

/** Of a site service with a server of its own: answers from the centre pass the line by this name. */
export function siteInboxPrefix(site: Site): string {
  return inboxPrefix(`site_${parseSite(site)}`);
}

/**
 * The rights of one agency inside the account `AGENCY_<site>`, derived from code and site alone.
 *
 * They are safe only in that account: publish rights are not checked on the reply subject, so in
 * the account that owns the streams this same list would allow a purge (docs/explanation).
 */
export function agencyPermissions(code: AgencyCode, site: Site): UserPermissions {
  const consumers = LANES.map((lane) => inboxConsumer(code, lane));
  return fillAgencyPermissions(site, codeToToken(code), consumers);
}

/**
 * The same rights as a template that the server itself fills in: `{{name()}}` from the name of the
 * user's JWT, `{{tag(inbox)}}` once for each of {@link agencyTags}. The site stands in it as it is,
 * so no name whatever reaches beyond the site.
 */
export function agencyTemplate(site: Site): UserPermissions {
  return fillAgencyPermissions(site, '{{name()}}', ['{{tag(inbox)}}']);
}

/** What a JWT under {@link agencyTemplate} carries besides its name: the consumers of its lanes. */
export function agencyTags(code: AgencyCode): string[] {
  return LANES.map((lane) => `inbox:${inboxConsumer(code, lane)}`);
}

function fillAgencyPermissions(
  site: Site,
  token: string,
  consumers: readonly string[],
): UserPermissions {
  const home = parseSite(site);
  const stream = inboxStream(home);
  return {
    publish: [
      `vb.msg.*.*.*.local.${home}.*.${home}.${token}`,
      `vb.msg.*.*.*.cross.*.*.${home}.${token}`,
      `vb.report.*.${home}.${token}`,
      `vb.blob.local.${home}.${token}.*.*`,
      `vb.blob.cross.${home}.${token}.*.*`,
      `vb.alive.*.${home}.${token}`,
      'vb.directory.get.*',
      'vb.directory.heads',
      'vb.directory.crls',
      'vb.directory.since.*.*',
      'vb.file.locate.*.*.*',
      `vb.file.drop.${home}.${token}.*`,
      `vb.renew.${home}.${token}`,
      ...consumers.map((consumer) => `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`),
      ...consumers.map((consumer) => `$JS.ACK.${stream}.${consumer}.>`),
      '$JS.API.DIRECT.GET.*.vb.blob.>',
    ],
    subscribe: [`_INBOX.${token}.>`, `vb.directory.changed.${home}`],
    maxSubscriptions: MAX_AGENCY_SUBSCRIPTIONS,
    maxPayloadBytes: MAX_AGENCY_PAYLOAD_BYTES,
  };
}

/** A system user that reads the accounts of a server and hands it others; it takes only what the operator signed. */
export function claimsPermissions(): UserPermissions {
  return {
    publish: ['$SYS.REQ.CLAIMS.UPDATE', '$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP'],
    subscribe: [`${CLAIMS_INBOX_PREFIX}.>`],
    maxSubscriptions: MAX_AGENCY_SUBSCRIPTIONS,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  };
}

/** A system user that reads how a server is and which accounts it has; it changes nothing. */
export function monitorPermissions(): UserPermissions {
  return {
    publish: [
      '$SYS.REQ.SERVER.*.JSZ',
      '$SYS.REQ.SERVER.*.ACCOUNTZ',
      '$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP',
    ],
    subscribe: [`${MONITOR_INBOX_PREFIX}.>`],
    maxSubscriptions: MAX_AGENCY_SUBSCRIPTIONS,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  };
}

/** The rights of a relay inside `RELAY`: reads all reports, writes to agencies under its own name. */
export function relayPermissions(code: AgencyCode, site: Site): UserPermissions {
  const token = codeToToken(code);
  const home = parseSite(site);
  const consumer = relayConsumer(code);
  return {
    publish: [
      `vb.msg.*.*.*.*.*.*.${home}.${token}`,
      'vb.directory.get.*',
      'vb.directory.heads',
      'vb.directory.crls',
      'vb.directory.since.*.*',
      `vb.renew.${home}.${token}`,
      `$JS.API.CONSUMER.MSG.NEXT.*.${consumer}`,
      `$JS.ACK.*.${consumer}.>`,
    ],
    subscribe: [`${relayInboxPrefix(code)}.>`, 'vb.directory.changed.*'],
    maxSubscriptions: -1,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  };
}

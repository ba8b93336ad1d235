import { type AgencyCode, codeToToken } from '../agency/code.ts';
import { type Site, parseSite } from '../agency/tier.ts';
import { LANES } from '../subject/lane.ts';
import { blobStream, inboxConsumer, inboxStream, relayConsumer } from '../stream/names.ts';

/** What a user of the broker may do; everything else is refused. */
export interface UserPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** How many answers to one request, and for how long: only for who answers requests. */
  readonly responses?: { readonly max: number; readonly ttlMs: number };
  readonly maxSubscriptions: number;
  readonly maxPayloadBytes: number;
}

/** 200 KiB of package, its records, subject and headers; chunks of large parts are 128 KiB. */
export const MAX_AGENCY_PAYLOAD_BYTES = 256 * 1024;
export const MAX_AGENCY_SUBSCRIPTIONS = 50;
/** The server's own limit for one message. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;

/** The inbox prefix of a client: its answers arrive under its own name and nobody else's. */
export function inboxPrefix(name: string): string {
  return `_INBOX_${name}`;
}

export function agencyInboxPrefix(code: AgencyCode): string {
  return inboxPrefix(codeToToken(code));
}

export function relayInboxPrefix(code: AgencyCode): string {
  return inboxPrefix(`relay_${codeToToken(code)}`);
}

export const SITE_INBOX_PREFIX = inboxPrefix('site');

/**
 * The rights of one agency inside the account `AGENCY_<site>`, derived from code and site alone.
 *
 * They are safe only in that account: publish rights are not checked on the reply subject, so in
 * the account that owns the streams this same list would allow a purge (docs/explanation).
 */
export function agencyPermissions(code: AgencyCode, site: Site): UserPermissions {
  const token = codeToToken(code);
  const home = parseSite(site);
  const stream = inboxStream(home);
  const consumers = LANES.map((lane) => inboxConsumer(code, lane));
  return {
    publish: [
      `vb.msg.*.*.*.local.${home}.*.${home}.${token}`,
      `vb.msg.*.*.*.cross.*.*.${home}.${token}`,
      `vb.report.*.${home}.${token}`,
      `vb.blob.local.${home}.${token}.*.*`,
      `vb.blob.cross.${home}.${token}.*.*`,
      `vb.alive.*.${home}.${token}`,
      'vb.directory.get.*',
      'vb.directory.since.*',
      ...consumers.map((consumer) => `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`),
      ...consumers.map((consumer) => `$JS.ACK.${stream}.${consumer}.>`),
      `$JS.API.DIRECT.GET.${blobStream(home)}.vb.blob.>`,
    ],
    subscribe: [`${agencyInboxPrefix(code)}.>`, `vb.directory.changed.${home}`],
    maxSubscriptions: MAX_AGENCY_SUBSCRIPTIONS,
    maxPayloadBytes: MAX_AGENCY_PAYLOAD_BYTES,
  };
}

/** The rights of a relay inside `STORE`: reads all reports, writes to agencies under its own name. */
export function relayPermissions(code: AgencyCode, site: Site): UserPermissions {
  const token = codeToToken(code);
  const home = parseSite(site);
  const consumer = relayConsumer(code);
  return {
    publish: [
      `vb.msg.*.*.*.*.*.*.${home}.${token}`,
      `vb.alive.*.${home}.${token}`,
      'vb.directory.get.*',
      'vb.directory.since.*',
      `$JS.API.CONSUMER.MSG.NEXT.*.${consumer}`,
      `$JS.API.CONSUMER.INFO.*.${consumer}`,
      `$JS.ACK.*.${consumer}.>`,
    ],
    subscribe: [`${relayInboxPrefix(code)}.>`, 'vb.alive.>', 'vb.directory.changed.*'],
    maxSubscriptions: -1,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  };
}

/** The rights of a site service inside `STORE`: makes streams and consumers, answers the directory. */
export function sitePermissions(): UserPermissions {
  return {
    publish: [
      '$JS.API.INFO',
      '$JS.API.STREAM.INFO.*',
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.CREATE.*',
      '$JS.API.STREAM.UPDATE.*',
      '$JS.API.CONSUMER.INFO.*.*',
      '$JS.API.CONSUMER.NAMES.*',
      '$JS.API.CONSUMER.LIST.*',
      '$JS.API.CONSUMER.CREATE.>',
      '$JS.API.CONSUMER.DURABLE.CREATE.*.*',
      '$JS.API.CONSUMER.DELETE.*.*',
      'vb.directory.changed.*',
    ],
    subscribe: [
      `${SITE_INBOX_PREFIX}.>`,
      'vb.directory.get.*',
      'vb.directory.since.*',
      'vb.alive.>',
    ],
    responses: { max: 1, ttlMs: 60_000 },
    maxSubscriptions: -1,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  };
}

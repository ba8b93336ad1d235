import { type Site, parseSite } from '../agency/tier.ts';
import {
  BLOB_EXCHANGE_STREAM,
  CENTRAL_DOMAIN,
  DIRECTORY_EXCHANGE_STREAM,
  EXCHANGE_STREAM,
  blobStream,
  directoryInboxStream,
  directoryStream,
  markSubject,
  outboxStream,
  reportStream,
} from '../stream/names.ts';
import {
  MAX_PAYLOAD_BYTES,
  SITE_INBOX_PREFIX,
  type UserPermissions,
  inboxPrefix,
  siteInboxPrefix,
} from './user.ts';

/** Making and changing streams and consumers; nothing here deletes a stream. */
const ADMINISTRATION: readonly string[] = [
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
];

/**
 * A purge of the empty stream sets where its sequence starts (`StreamPlan.countsFromTime`). The
 * right to change a stream could empty it as well, so this adds none.
 */
function startPurges(site: Site): string[] {
  const streams = [outboxStream(site), reportStream(site), directoryStream(site)];
  return streams.map((stream) => `$JS.API.STREAM.PURGE.${stream}`);
}

/** What stands first in the streams that the centre fills from; nobody is sent it. */
function marks(site: Site): string[] {
  const streams = [outboxStream, reportStream, blobStream, directoryStream];
  return streams.map((streamOf) => markSubject(streamOf(site)));
}

export const CENTRE_INBOX_PREFIX = inboxPrefix('centre');

/**
 * The rights inside `STORE` of the service that works for these sites: it makes streams and
 * consumers, answers look-ups, keeps the chunks and hands directory entries on.
 *
 * It can make and change streams but not delete one, and never purges an inbox.
 */
export function sitePermissions(sites: readonly Site[]): UserPermissions {
  const homes = sites.map(parseSite);
  const directories = homes.flatMap((site) => [directoryStream(site), directoryInboxStream(site)]);
  return {
    publish: [
      ...ADMINISTRATION,
      '$JS.API.DIRECT.GET.*.vb.blob.>',
      '$JS.API.DIRECT.GET.*.vb.directory.entry.>',
      `$JS.${CENTRAL_DOMAIN}.API.DIRECT.GET.${BLOB_EXCHANGE_STREAM}.vb.blob.cross.>`,
      ...homes.map((site) => `$JS.API.STREAM.PURGE.${blobStream(site)}`),
      ...homes.map((site) => `$JS.API.CONSUMER.MSG.NEXT.${blobStream(site)}.*`),
      ...homes.flatMap(startPurges),
      ...homes.flatMap(marks),
      ...directories.map((stream) => `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`),
      ...directories.map((stream) => `$JS.ACK.${stream}.>`),
      'vb.blob.cache.*.*.*.*',
      ...homes.map((site) => `vb.blob.cross.${site}.*.*.dropped`),
      'vb.directory.entry.*.*',
      'vb.directory.changed.*',
    ],
    subscribe: [
      `${SITE_INBOX_PREFIX}.>`,
      ...homes.map((site) => `${siteInboxPrefix(site)}.>`),
      'vb.directory.get.*',
      'vb.directory.heads',
      'vb.directory.crls',
      'vb.directory.since.*.*',
      'vb.file.locate.*.*.*',
      'vb.file.drop.*.*.*',
      'vb.renew.*.*',
      'vb.alive.*.*.*',
    ],
    responses: { max: 1, ttlMs: 60_000 },
    maxSubscriptions: -1,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  };
}

/**
 * The rights of the service at the centre of a federated plan: it makes the streams that join the
 * sites, watches them, and lets go of chunks that their site has dropped.
 */
export function centrePermissions(): UserPermissions {
  return {
    publish: [
      ...ADMINISTRATION,
      `$JS.API.STREAM.PURGE.${BLOB_EXCHANGE_STREAM}`,
      `$JS.API.STREAM.PURGE.${EXCHANGE_STREAM}`,
      `$JS.API.STREAM.PURGE.${DIRECTORY_EXCHANGE_STREAM}`,
      `$JS.API.CONSUMER.MSG.NEXT.${BLOB_EXCHANGE_STREAM}.*`,
      `$JS.ACK.${BLOB_EXCHANGE_STREAM}.>`,
      markSubject(EXCHANGE_STREAM),
      markSubject(DIRECTORY_EXCHANGE_STREAM),
    ],
    subscribe: [`${CENTRE_INBOX_PREFIX}.>`],
    maxSubscriptions: -1,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  };
}

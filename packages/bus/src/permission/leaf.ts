import { type Site, parseSite } from '../agency/tier.ts';
import {
  BLOB_EXCHANGE_STREAM,
  CENTRAL_DOMAIN,
  DIRECTORY_EXCHANGE_STREAM,
  EXCHANGE_STREAM,
  blobStream,
  directoryStream,
  outboxStream,
  reportStream,
} from '../stream/names.ts';
import { type UserPermissions, siteInboxPrefix } from './user.ts';

/**
 * The rights of the line between a site's server and the centre, in the centre's `STORE`.
 *
 * `publish` is what the site's server may send to the centre, `subscribe` what it may be sent. A
 * site reads from the exchange what is addressed to it, and chunks; the filter stands in the
 * subject, so the server checks it. It reaches no other site, and deletes nothing at the centre.
 */
export function leafPermissions(site: Site): UserPermissions {
  const home = parseSite(site);
  const centre = `$JS.${CENTRAL_DOMAIN}.API`;
  const own = `$JS.${home}.API`;
  const read = [outboxStream(home), reportStream(home), directoryStream(home)];
  return {
    publish: [
      `${centre}.CONSUMER.CREATE.${EXCHANGE_STREAM}.*.vb.msg.*.*.*.cross.${home}.>`,
      `${centre}.CONSUMER.DELETE.${EXCHANGE_STREAM}.>`,
      `${centre}.CONSUMER.CREATE.${DIRECTORY_EXCHANGE_STREAM}.*.vb.directory.entry.>`,
      `${centre}.CONSUMER.DELETE.${DIRECTORY_EXCHANGE_STREAM}.>`,
      `${centre}.DIRECT.GET.${BLOB_EXCHANGE_STREAM}.vb.blob.cross.>`,
      '$JSC.R.>',
      '$JS.FC.>',
      `sd.${CENTRAL_DOMAIN}.${home}.>`,
    ],
    subscribe: [
      ...read.flatMap((stream) => [
        `${own}.CONSUMER.CREATE.${stream}.>`,
        `${own}.CONSUMER.DELETE.${stream}.>`,
      ]),
      `${own}.CONSUMER.CREATE.${blobStream(home)}.*.vb.blob.cross.${home}.>`,
      `${own}.CONSUMER.DELETE.${blobStream(home)}.>`,
      '$JSC.R.>',
      '$JS.FC.>',
      `sd.${home}.>`,
      `${siteInboxPrefix(home)}.>`,
    ],
    maxSubscriptions: -1,
    maxPayloadBytes: -1,
    link: 'leaf',
  };
}

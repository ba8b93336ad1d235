import { type AgencyCode, codeToToken } from '../agency/code.ts';
import { type Site, parseSite } from '../agency/tier.ts';
import { LANES } from '../subject/lane.ts';
import { blobStream, inboxConsumer, inboxStream, relayConsumer, reportStream } from './names.ts';

const MEBIBYTE = 1024 * 1024;
const HOUR_MS = 3_600_000;

/** After this a message that nobody fetched is gone; the sender then calls it undelivered. */
export const STREAM_RETENTION_MS = 30 * 24 * HOUR_MS;
/** A message id repeated within this time is stored once. */
export const DUPLICATE_WINDOW_MS = HOUR_MS;
/** nats-server 2.15 allows 1000 unless a stream says otherwise; an agency needs two. */
export const MAX_CONSUMERS_PER_STREAM = 20_000;
/** Messages handed out and not yet acknowledged, per lane of an agency. */
export const MAX_ACK_PENDING_INBOX = 2_000;
export const MAX_ACK_PENDING_RELAY = 20_000;
/** How long the broker waits for an acknowledgement before it hands a message out again, per attempt. */
export const REDELIVERY_BACKOFF_MS: readonly number[] = [30_000, 60_000, 120_000, 300_000];

/** Where a stream fills from: a stream of another JetStream domain, reached over a leaf connection. */
export interface StreamSource {
  readonly stream: string;
  readonly filterSubject: string;
  readonly domain: string;
  /** What the other side sends goes below this subject. */
  readonly deliverPrefix: string;
}

/** One stream, as wanted; times in milliseconds, sizes in bytes. All keep by limits and refuse new messages when full. */
export interface StreamPlan {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly sources: readonly StreamSource[];
  readonly maxBytes: number;
  /** 0: for ever. */
  readonly maxAgeMs: number;
  readonly maxConsumers: number;
  readonly duplicateWindowMs: number;
  readonly maxMessageBytes: number;
  /** One message per subject, written once, and readable by Direct Get. */
  readonly writeOnce: boolean;
  /** Readable by Direct Get without being write-once: a full collection must not refuse a repeat. */
  readonly directReads: boolean;
  readonly replicas: 1 | 3;
  /**
   * A stream that others fill from must never count from 1 again after its disk was lost: they go
   * on behind the last sequence they saw, and would wait for it in silence. Its first sequence is
   * therefore the time at which it was made, in milliseconds.
   *
   * Its first message is a mark (`markSubject`), since 2.9 and 2.10 can leave out the first one that
   * they find when the line breaks at the wrong moment.
   */
  readonly countsFromTime: boolean;
}

/** One durable pull consumer, as wanted: explicit acknowledgement, every message from the first. */
export interface ConsumerPlan {
  readonly stream: string;
  readonly name: string;
  readonly filterSubject: string;
  readonly maxAckPending: number;
  readonly backoffMs: readonly number[];
}

/** `maxBytes` is a reservation: the server refuses streams whose sum is over its `max_file_store`. */
export interface StreamLimits {
  readonly inboxBytes: number;
  readonly reportBytes: number;
  readonly blobBytes: number;
  readonly replicas: 1 | 3;
}

/** For one machine: about 1 GiB of disk per site. */
export const LOCAL_STREAM_LIMITS: StreamLimits = {
  inboxBytes: 384 * MEBIBYTE,
  reportBytes: 128 * MEBIBYTE,
  blobBytes: 512 * MEBIBYTE,
  replicas: 1,
};

/**
 * The streams of one site in the flat plan: one server or one cluster that hosts any number of sites.
 *
 * Retention is by limits: the relay must be able to read again, and a forged acknowledgement must
 * not destroy the only copy. A full stream refuses (`discard: new`), so that nobody's unread
 * document makes room for another.
 */
export function streamsOfSite(site: Site, limits: StreamLimits): StreamPlan[] {
  const token = parseSite(site);
  const common = {
    maxAgeMs: STREAM_RETENTION_MS,
    maxConsumers: MAX_CONSUMERS_PER_STREAM,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    maxMessageBytes: MEBIBYTE,
    writeOnce: false,
    directReads: false,
    replicas: limits.replicas,
    sources: [],
    countsFromTime: false,
  };
  return [
    {
      ...common,
      name: inboxStream(token),
      subjects: [`vb.msg.*.*.*.*.${token}.*.*.*`],
      maxBytes: limits.inboxBytes,
    },
    {
      ...common,
      name: reportStream(token),
      subjects: [`vb.report.*.${token}.*`],
      maxBytes: limits.reportBytes,
    },
    {
      ...common,
      name: blobStream(token),
      subjects: [`vb.blob.*.${token}.*.*.*`],
      maxBytes: limits.blobBytes,
      writeOnce: true,
    },
  ];
}

/** The two inbox lanes of an agency; made by the site service, never by the agency. */
export function consumersOfAgency(
  code: AgencyCode,
  site: Site,
  backoffMs = REDELIVERY_BACKOFF_MS,
): ConsumerPlan[] {
  const to = `${parseSite(site)}.${codeToToken(code)}`;
  return LANES.map((lane) => ({
    stream: inboxStream(site),
    name: inboxConsumer(code, lane),
    // A trailing `>` would be wider than the stream's own subjects, and 2.9 refuses that.
    filterSubject: `vb.msg.*.${lane}.*.*.${to}.*.*`,
    maxAckPending: MAX_ACK_PENDING_INBOX,
    backoffMs,
  }));
}

/** What a relay reads: everything that the agencies of these sites report. */
export function consumersOfRelay(
  code: AgencyCode,
  sites: readonly Site[],
  backoffMs = REDELIVERY_BACKOFF_MS,
): ConsumerPlan[] {
  return sites.map((site) => ({
    stream: reportStream(site),
    name: relayConsumer(code),
    filterSubject: `vb.report.*.${parseSite(site)}.*`,
    maxAckPending: MAX_ACK_PENDING_RELAY,
    backoffMs,
  }));
}

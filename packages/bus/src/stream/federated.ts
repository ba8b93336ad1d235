import { type Site, parseSite } from '../agency/tier.ts';
import {
  BLOB_EXCHANGE_STREAM,
  CENTRAL_DOMAIN,
  DIRECTORY_EXCHANGE_STREAM,
  EXCHANGE_STREAM,
  REPORTS_STREAM,
  blobStream,
  directoryInboxStream,
  directoryStream,
  inboxStream,
  markSubject,
  outboxStream,
  reportStream,
} from './names.ts';
import {
  DUPLICATE_WINDOW_MS,
  MAX_CONSUMERS_PER_STREAM,
  STREAM_RETENTION_MS,
  type StreamLimits,
  type StreamPlan,
  type StreamSource,
} from './plan.ts';

const MEBIBYTE = 1024 * 1024;

/** Of a site in the federated plan; `maxBytes` is a reservation there, too. */
export interface FederatedLimits extends StreamLimits {
  readonly outboxBytes: number;
  readonly directoryBytes: number;
}

/** Of the centre. */
export interface CentralLimits {
  readonly exchangeBytes: number;
  readonly reportsBytes: number;
  readonly blobBytes: number;
  readonly directoryBytes: number;
  readonly replicas: 1 | 3;
}

/** The directory entries that registrars publish: `vb.directory.entry.<registrar>.<n>`. */
export const DIRECTORY_ENTRY_FILTER = 'vb.directory.entry.*.*';

export function reservedBytesOfSite(limits: FederatedLimits): number {
  const { inboxBytes, reportBytes, blobBytes, outboxBytes, directoryBytes } = limits;
  return inboxBytes + reportBytes + blobBytes + outboxBytes + 2 * directoryBytes;
}

export function reservedBytesOfCentre(limits: CentralLimits): number {
  const { exchangeBytes, reportsBytes, blobBytes, directoryBytes } = limits;
  return exchangeBytes + reportsBytes + blobBytes + directoryBytes;
}

/** What a site sends below this subject to a stream of the centre. */
function deliverPrefixToCentre(site: Site): string {
  return `sd.${CENTRAL_DOMAIN}.${parseSite(site)}`;
}

/** What the centre sends below this subject to the streams of a site. */
function deliverPrefixToSite(site: Site): string {
  return `sd.${parseSite(site)}`;
}

/**
 * The streams of one site in the federated plan, all in the JetStream domain of that site.
 *
 * What stays inside goes straight into `IN_<site>`; what leaves goes into `OUT_<site>`, where it is
 * kept while the line to the centre is cut; what comes from other sites is fetched from the
 * exchange. No stream takes from one that takes from it, so nothing can run in a circle.
 */
export function federatedStreamsOfSite(site: Site, limits: FederatedLimits): StreamPlan[] {
  const home = parseSite(site);
  const common = commonPlan(limits.replicas);
  const fromCentre = (stream: string, filterSubject: string): StreamSource => ({
    stream,
    filterSubject,
    domain: CENTRAL_DOMAIN,
    deliverPrefix: deliverPrefixToSite(home),
  });
  return [
    {
      ...common,
      name: outboxStream(home),
      subjects: [`vb.msg.*.*.*.cross.*.*.${home}.*`, markSubject(outboxStream(home))],
      maxBytes: limits.outboxBytes,
      countsFromTime: true,
    },
    {
      ...common,
      name: inboxStream(home),
      subjects: [`vb.msg.*.*.*.local.${home}.*.${home}.*`],
      sources: [fromCentre(EXCHANGE_STREAM, exchangeFilter(home))],
      maxBytes: limits.inboxBytes,
    },
    {
      ...common,
      name: reportStream(home),
      subjects: [`vb.report.*.${home}.*`, markSubject(reportStream(home))],
      maxBytes: limits.reportBytes,
      countsFromTime: true,
    },
    {
      ...common,
      name: blobStream(home),
      // Copies of other sites' parts stand here too, so no site is named; the accounts name it.
      subjects: ['vb.blob.>', markSubject(blobStream(home))],
      maxBytes: limits.blobBytes,
      writeOnce: true,
      countsFromTime: true,
    },
    {
      ...common,
      name: directoryStream(home),
      subjects: [DIRECTORY_ENTRY_FILTER, markSubject(directoryStream(home))],
      maxBytes: limits.directoryBytes,
      maxAgeMs: 0,
      writeOnce: true,
      countsFromTime: true,
    },
    {
      ...common,
      name: directoryInboxStream(home),
      subjects: [],
      sources: [fromCentre(DIRECTORY_EXCHANGE_STREAM, DIRECTORY_ENTRY_FILTER)],
      maxBytes: limits.directoryBytes,
      maxAgeMs: 0,
    },
  ];
}

/** The streams of the centre: no subjects but their marks, everything comes from the sites. */
export function centralStreams(sites: readonly Site[], limits: CentralLimits): StreamPlan[] {
  const common = { ...commonPlan(limits.replicas), subjects: [] };
  const fromSites = (
    streamOf: (site: Site) => string,
    filterOf: (site: Site) => string,
  ): StreamSource[] =>
    sites.map((site) => ({
      stream: streamOf(site),
      filterSubject: filterOf(parseSite(site)),
      domain: parseSite(site),
      deliverPrefix: deliverPrefixToCentre(site),
    }));
  return [
    {
      ...common,
      name: EXCHANGE_STREAM,
      subjects: [markSubject(EXCHANGE_STREAM)],
      sources: fromSites(outboxStream, (site) => `vb.msg.*.*.*.cross.*.*.${site}.*`),
      maxBytes: limits.exchangeBytes,
      countsFromTime: true,
    },
    {
      ...common,
      name: REPORTS_STREAM,
      sources: fromSites(reportStream, (site) => `vb.report.*.${site}.*`),
      maxBytes: limits.reportsBytes,
    },
    {
      ...common,
      name: BLOB_EXCHANGE_STREAM,
      sources: fromSites(blobStream, (site) => `vb.blob.cross.${site}.>`),
      maxBytes: limits.blobBytes,
      directReads: true,
    },
    {
      ...common,
      name: DIRECTORY_EXCHANGE_STREAM,
      subjects: [markSubject(DIRECTORY_EXCHANGE_STREAM)],
      sources: fromSites(directoryStream, () => DIRECTORY_ENTRY_FILTER),
      maxBytes: limits.directoryBytes,
      maxAgeMs: 0,
      countsFromTime: true,
    },
  ];
}

/** What a site takes from the exchange: only what is addressed to it. */
function exchangeFilter(site: Site): string {
  return `vb.msg.*.*.*.cross.${parseSite(site)}.>`;
}

function commonPlan(replicas: 1 | 3) {
  return {
    maxAgeMs: STREAM_RETENTION_MS,
    maxConsumers: MAX_CONSUMERS_PER_STREAM,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    maxMessageBytes: MEBIBYTE,
    writeOnce: false,
    directReads: false,
    replicas,
    sources: [],
    countsFromTime: false,
  };
}

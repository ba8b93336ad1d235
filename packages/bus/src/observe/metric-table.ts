/** Which running part shows a metric. */
export type Part = 'agent' | 'site' | 'relay';

interface MetricRule {
  readonly part: Part;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every metric of our own; `docs/reference/metrics.md` lists them, a test compares. */
export const METRICS = {
  congvan_agent_connected: { part: 'agent', labels: [], help: '1 while the broker is connected' },
  congvan_agent_condition: { part: 'agent', labels: ['code'], help: '1 while this is wrong' },
  congvan_agent_condition_since_seconds: {
    part: 'agent',
    labels: ['code'],
    help: 'Unix time at which a condition began',
  },
  congvan_agent_outbox_messages: {
    part: 'agent',
    labels: ['state'],
    help: 'Messages waiting, published without an answer yet, and undelivered',
  },
  congvan_agent_published_per_second: {
    part: 'agent',
    labels: ['lane'],
    help: 'Messages that left over the last minute, a second',
  },
  congvan_agent_inbox_documents: {
    part: 'agent',
    labels: ['state'],
    help: 'Documents that nobody has answered yet, and quarantined messages',
  },
  congvan_agent_report_number: {
    part: 'agent',
    labels: ['of'],
    help: 'Last report of the chain, and the last that the relay has confirmed',
  },
  congvan_agent_directory_entries: { part: 'agent', labels: [], help: 'Agencies in the copy' },
  congvan_site_connected: { part: 'site', labels: [], help: '1 while the broker is connected' },
  congvan_site_directory_entries: { part: 'site', labels: [], help: 'Entries of the directory' },
  congvan_site_agencies_present: {
    part: 'site',
    labels: [],
    help: 'Agencies heard of in the last three minutes',
  },
  congvan_site_agencies_silent: {
    part: 'site',
    labels: [],
    help: 'Open agencies not heard of for three minutes',
  },
  congvan_site_agency_conditions: {
    part: 'site',
    labels: ['code'],
    help: 'Agencies that tell of this condition',
  },
  congvan_site_condition: {
    part: 'site',
    labels: ['code'],
    help: '1 while this is wrong with the service',
  },
  congvan_relay_connected: { part: 'relay', labels: [], help: '1 while the broker is connected' },
  congvan_relay_condition: {
    part: 'relay',
    labels: ['code'],
    help: '1 while this is wrong with the relay',
  },
  congvan_relay_directory_entries: { part: 'relay', labels: [], help: 'Agencies in the copy' },
  congvan_relay_sites: { part: 'relay', labels: [], help: 'Sites whose reports are read' },
  congvan_relay_storage_failing: {
    part: 'relay',
    labels: [],
    help: '1 while what comes in cannot be stored',
  },
  congvan_relay_reports_pending: {
    part: 'relay',
    labels: [],
    help: 'Reports that the broker has for the relay, as of the last batch',
  },
  congvan_relay_reports: {
    part: 'relay',
    labels: ['outcome'],
    help: 'Reports read since the start',
  },
  congvan_relay_alert: { part: 'relay', labels: ['code'], help: 'Alerts that stand' },
} as const satisfies Record<string, MetricRule>;

export type MetricName = keyof typeof METRICS;

/** One value, as of the moment of the scrape. */
export interface Sample {
  readonly name: MetricName;
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

import type { ObserveServer, Part, Sample, Unreadiness } from '@congvan/bus/observe';
import type { Relay, RelayState } from '@congvan/bus/relay';
import type { SiteService } from '@congvan/bus/site';
import type { Agent } from '@congvan/node-agent';

import type { EndedLists } from './ended-lists.ts';
import type { RunLog } from './run-log.ts';

export interface MetricsOptions {
  readonly metrics?: string;
}

interface Observed {
  readonly part: Part;
  readonly samples: () => readonly Sample[];
  readonly conditions: () => readonly Unreadiness[];
}

/** Serves metrics and health of a running part, where the operator asked for it. */
export async function observe(
  options: MetricsOptions,
  log: RunLog,
  observed: Observed,
): Promise<ObserveServer | undefined> {
  if (options.metrics === undefined) return undefined;
  const { startObserveServer } = await import('@congvan/bus/observe');
  const { part, samples, conditions } = observed;
  const withConditions = (): Sample[] => [...samples(), ...conditionSamples(part, conditions())];
  const server = await startObserveServer({
    part,
    samples: part === 'agent' ? samples : withConditions,
    conditions,
    address: options.metrics,
  });
  log('info', 'metrics', { url: `${server.url}/metrics` });
  return server;
}

function conditionSamples(part: Part, conditions: readonly Unreadiness[]): Sample[] {
  const name = part === 'site' ? 'congvan_site_condition' : 'congvan_relay_condition';
  const codes = new Set(conditions.map(({ code }) => code));
  return [...codes].map((code) => ({ name, labels: { code }, value: 1 }));
}

/** Figures of all agents of one process, added up; a condition counts those that have it. */
export function agentSamples(agents: readonly Agent[]): Sample[] {
  const sums = new Map<string, Sample>();
  const add = (name: Sample['name'], value: number, labels: Record<string, string> = {}): void => {
    const key = `${name} ${JSON.stringify(labels)}`;
    sums.set(key, { name, labels, value: (sums.get(key)?.value ?? 0) + value });
  };
  for (const agent of agents) {
    const { broker, outbox, inbox, rates, report, directoryEntries, conditions } = agent.status();
    add('congvan_agent_connected', broker === 'connected' ? 1 : 0);
    for (const state of ['waiting', 'published', 'undelivered'] as const) {
      add('congvan_agent_outbox_messages', outbox[state], { state });
    }
    for (const lane of ['urgent', 'normal'] as const) {
      add('congvan_agent_published_per_second', rates[lane], { lane });
    }
    add('congvan_agent_inbox_documents', inbox.open, { state: 'open' });
    add('congvan_agent_inbox_documents', inbox.quarantined, { state: 'quarantined' });
    add('congvan_agent_inbox_documents', inbox.held, { state: 'held' });
    add('congvan_agent_report_number', report.last, { of: 'last' });
    add('congvan_agent_report_number', report.watermark, { of: 'confirmed' });
    add('congvan_agent_directory_entries', directoryEntries);
    for (const { code, since } of conditions) {
      add('congvan_agent_condition', 1, { code });
      add('congvan_agent_condition_since_seconds', since.getTime() / 1_000, { code });
    }
  }
  return [...sums.values()];
}

/** What stands with any of the agents. */
export function agentConditions(agents: readonly Agent[]): Unreadiness[] {
  return agents.flatMap((agent) =>
    agent.status().conditions.map(({ code, since, detail, severity }) => ({
      code,
      since: since.toISOString(),
      detail: agents.length === 1 ? detail : `${agent.code}: ${detail}`,
      severity,
    })),
  );
}

/** Of a site service: who is there, who is silent, what agencies tell of. */
export async function siteObserved(
  site: SiteService,
  sites: ReadonlySet<string>,
  now: () => Date,
  {
    servers,
    ends,
    lists,
  }: {
    readonly servers: readonly string[];
    /** When its certificates end, in Unix milliseconds, by what they are for. */
    readonly ends: ReadonlyMap<string, number>;
    readonly lists: Pick<EndedLists, 'conditions'>;
  },
): Promise<Observed> {
  const { connectionConditions } = await import('./connection-conditions.ts');
  return {
    part: 'site',
    samples: () => {
      const { seen, silent } = site.presence;
      const told = new Map<string, number>();
      for (const { presence } of seen.list()) {
        for (const code of presence?.conditions ?? []) told.set(code, (told.get(code) ?? 0) + 1);
      }
      return [
        { name: 'congvan_site_connected', value: site.status() === 'connected' ? 1 : 0 },
        {
          name: 'congvan_site_directory_entries',
          value: site.enrolment.registry.entries().length,
        },
        { name: 'congvan_site_agencies_present', value: seen.presentCount(now().getTime()) },
        { name: 'congvan_site_agencies_silent', value: silent(sites).length },
        ...[...told].map(([code, value]): Sample => ({
          name: 'congvan_site_agency_conditions',
          labels: { code },
          value,
        })),
      ];
    },
    conditions: () => [
      ...connectionConditions([{ servers, trouble: site.trouble() }], ends, now),
      ...lists.conditions(),
    ],
  };
}

/** Of a relay, as its pages and API show it to operators. */
export function relayState(relay: Relay, { samples, conditions }: Observed): RelayState {
  const { broker, sites, directoryEntries, storageFailing } = relay.status();
  return {
    health: {
      running: true,
      broker,
      sites,
      directory_entries: directoryEntries,
      storage_failing:
        storageFailing === null
          ? null
          : { since: storageFailing.since.toISOString(), error: storageFailing.error },
    },
    samples: samples(),
    conditions: conditions(),
  };
}

/** Of a relay. */
export async function relayObserved(relay: Relay, now: () => Date): Promise<Observed> {
  const { connectionConditions } = await import('./connection-conditions.ts');
  return {
    part: 'relay',
    samples: () => {
      const { broker, sites, directoryEntries, storageFailing, reports, alerts, pendingReports } =
        relay.status();
      return [
        { name: 'congvan_relay_connected', value: broker === 'connected' ? 1 : 0 },
        { name: 'congvan_relay_directory_entries', value: directoryEntries },
        { name: 'congvan_relay_sites', value: sites.length },
        { name: 'congvan_relay_storage_failing', value: storageFailing === null ? 0 : 1 },
        { name: 'congvan_relay_reports_pending', value: pendingReports },
        ...Object.entries(reports).map(([outcome, value]): Sample => ({
          name: 'congvan_relay_reports',
          labels: { outcome },
          value,
        })),
        ...[...alerts].map(([code, value]): Sample => ({
          name: 'congvan_relay_alert',
          labels: { code },
          value,
        })),
      ];
    },
    conditions: () => {
      const { lines, certificateEnds, storageFailing } = relay.status();
      const failing: Unreadiness[] =
        storageFailing === null
          ? []
          : [
              {
                code: 'STORAGE_FAILING',
                since: storageFailing.since.toISOString(),
                detail: storageFailing.error,
                severity: 'error',
              },
            ];
      return [...connectionConditions(lines, certificateEnds, now), ...failing];
    },
  };
}

import type { AlertRow } from '../../alerts/types.ts';
import { afterReportGapsOf } from '../../figures/agency-lists.ts';
import type { AgencyRow, Page } from '../../figures/types.ts';
import type { RejectedRow } from '../../http/rejected.ts';
import type { RelayHealth } from '../../http/source.ts';
import { segment } from '../address.ts';
import { type PageContext, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { table } from '../parts/table.ts';
import { moment, word } from '../parts/value.ts';
import { said } from '../said.ts';

const MAX_ROWS = 100;

/** Alerts, and agencies whose chains are behind; the relay's own state for its operators. */
export function healthPage(context: PageContext, health: RelayHealth | null): PageContent {
  const { t } = context;
  return {
    title: t.health.title,
    section: 'health',
    crumbs: [{ name: t.health.title }],
    body: html`${health !== null && relayState(context, health)} ${alerts(context)}
    ${chains(context)} ${health !== null && rejected(context)}`,
  };
}

function relayState({ t, f }: PageContext, health: RelayHealth): Markup {
  const { health: names } = t;
  const { running, broker, sites, directory_entries: entries, storage_failing: failing } = health;
  const bad = (text: string) =>
    html`<span class="mark under"><span aria-hidden="true">! </span>${text}</span>`;
  const fine = (text: string) =>
    html`<span class="mark reached"><span aria-hidden="true">✓ </span>${text}</span>`;
  return html`<section class="card" aria-labelledby="relay">
    <h2 id="relay">${names.relay}</h2>
    <dl class="facts">
      <dt>${t.agencies.standing}</dt>
      <dd>${running ? fine(names.running) : bad(names.notRunning)}</dd>
      <dt>${names.broker}</dt>
      <dd>
        ${
          broker === null
            ? names.unknown
            : broker === 'connected'
              ? fine(names.brokers.connected)
              : bad(names.brokers.disconnected)
        }
      </dd>
      <dt>${names.storage}</dt>
      <dd>
        ${
          failing !== null
            ? bad(names.storageFailing(f.moment(failing.since), failing.error.slice(0, 200)))
            : running
              ? fine(names.storageFine)
              : names.unknown
        }
      </dd>
      <dt>${names.sites}</dt>
      <dd>${sites.length === 0 ? names.unknown : said(sites.join(', '), 400)}</dd>
      <dt>${names.directory}</dt>
      <dd>${entries === null ? names.unknown : f.count(entries)}</dd>
    </dl>
  </section>`;
}

function alerts(context: PageContext): Markup {
  const { t, source, language, query } = context;
  const { health: names } = t;
  const after = query.after === undefined ? {} : { after: query.after };
  const request = { state: 'open' as const, limit: MAX_ROWS, ...after };
  const page: Page<AlertRow> = source.alerts(request);
  return html`<section class="card" aria-labelledby="alerts">
    <h2 id="alerts">${names.alerts}</h2>
    ${table(context, {
      id: 'alert-rows',
      caption: names.alertsCaption,
      hideCaption: true,
      empty: names.noAlerts,
      rows: page.rows,
      total: page.total,
      next: page.next,
      asked: { name: 'alerts', request },
      columns: [
        {
          head: names.level,
          cell: ({ severity }) =>
            html`<span class=${severity === 'critical' ? 'mark under' : 'mark bound'}
              >${word(severity, 'severity', names.levels[severity])}</span
            >`,
        },
        {
          head: names.what,
          rowHead: true,
          className: 'abstract',
          cell: ({ detail, action }) =>
            html`${said(detail[language], 300)}${' '}
              <span class="quiet">${said(action[language], 300)}</span>`,
        },
        {
          head: names.about,
          cell: ({ agency, key }) =>
            agency === null
              ? said(key, 40)
              : html`<a href=${other(context, `/agencies/${segment(agency)}`)}>${agency}</a>`,
        },
        { head: names.since, cell: ({ since }) => moment(context, since, 'since') },
      ],
    })}
  </section>`;
}

/** Records that were not taken in, and why. */
function rejected(context: PageContext): Markup {
  const { t, source, query } = context;
  const { health: names } = t;
  const after = query.rejected_after === undefined ? {} : { after: query.rejected_after };
  const request = { limit: MAX_ROWS, ...after };
  const page: Page<RejectedRow> = source.rejected(request);
  return html`<section class="card" aria-labelledby="rejected">
    <h2 id="rejected">${names.rejected}</h2>
    ${table(context, {
      id: 'rejected-rows',
      caption: names.rejectedCaption,
      hideCaption: true,
      rows: page.rows,
      total: page.total,
      next: page.next,
      cursor: 'rejected_after',
      asked: { name: 'rejected', request },
      columns: [
        {
          head: names.claimedFrom,
          rowHead: true,
          cell: ({ claimed_from: from, subject }) => said(from ?? subject, 80),
        },
        {
          head: names.finding,
          cell: ({ finding }) => html`<span class="code">${said(finding, 60)}</span>`,
        },
        { head: names.detail, className: 'abstract', cell: ({ detail }) => said(detail, 300) },
        { head: names.storedAt, cell: ({ stored_at: at }) => moment(context, at, 'stored_at') },
      ],
    })}
  </section>`;
}

/** Those that miss reports, as many as so many gaps belong to; the gaps page has them by number. */
function chains(context: PageContext): Markup {
  const { t, source, query } = context;
  const period = query.period.text;
  const after = query.chains_after === undefined ? {} : { after: query.chains_after };
  const gaps = source.gaps({ period, kind: 'report', limit: MAX_ROWS, ...after });
  const codes = [...new Set(gaps.rows.map(({ agency }) => agency))];
  const behind = codes.flatMap((agency): AgencyRow[] => [
    ...source.agencies({ agency, period, limit: 1 }).rows,
  ]);
  const last = codes.at(-1);
  return html`<section class="card" aria-labelledby="chains">
    <h2 id="chains">${t.health.chains}</h2>
    ${table(context, {
      id: 'chain-rows',
      caption: t.health.chainsCaption,
      hideCaption: true,
      rows: behind,
      // The further gaps of an agency do not make it stand here again.
      next: gaps.next === null || last === undefined ? null : afterReportGapsOf(last),
      cursor: 'chains_after',
      columns: [
        {
          head: t.agencies.name,
          rowHead: true,
          className: 'name',
          cell: ({ code, name }) =>
            html`<a href=${other(context, `/agencies/${segment(code)}`)}>${said(name)}</a>${' '}
              <span class="code">${code}</span>`,
        },
        {
          head: t.agencies.missingReports,
          number: true,
          cell: ({ missing_reports: missing }) => context.f.count(missing),
        },
        {
          head: t.health.contradictions,
          number: true,
          cell: ({ contradictions }) => context.f.count(contradictions),
        },
        {
          head: t.agencies.lastReport,
          cell: ({ last_report_at: at }) => (at === null ? t.agencies.never : moment(context, at)),
        },
      ],
    })}
    <p><a href=${other(context, '/gaps', { kind: 'report' })}>${t.overview.show}</a></p>
  </section>`;
}

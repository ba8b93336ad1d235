import type {
  AgencyRow,
  BreakdownRequest,
  FiguresAnswer,
  FiguresRequest,
} from '../../figures/types.ts';
import type { AgencyCode } from '../../../agency/code.ts';
import { dateInVietnam } from '../../../calendar/vietnam-time.ts';
import { OTHER_DOCUMENT_TYPES } from '../../../edxml/document-type.ts';
import { BusError } from '../../../errors.ts';
import { MAX_NAME_LENGTH } from '../../../record/limits.ts';
import { notFound } from '../../http/problem.ts';
import { segment } from '../address.ts';
import { type PageContext, here, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { Crumb, PageContent } from '../layout.ts';
import { breakdownColumns } from '../parts/breakdown-columns.ts';
import { figuresPanel, headline } from '../parts/figures-panel.ts';
import { filters } from '../parts/filters.ts';
import { gapRanges } from '../parts/gap-ranges.ts';
import { periodPicker } from '../parts/period-picker.ts';
import { table } from '../parts/table.ts';
import { moment } from '../parts/value.ts';
import { daysBetween, workingDays } from '../periods.ts';
import { said, visible } from '../said.ts';
import { deliveryColumns } from './deliveries.ts';
import { childrenTable, lacking, trend } from './overview.ts';

const MAX_LEVELS = 4;
const RECENT_ROWS = 8;

/** One agency: its own figures, or those of all below it. @throws {@link Problem} `not-found`. */
export function agencyPage(context: PageContext, code: AgencyCode): PageContent {
  const { t, source, query, viewer } = context;
  const agency = findAgency(context, code);
  const period = query.period.text;
  const structure = query.structure === undefined ? {} : { structure: query.structure };
  const base = { ...structure, period };
  const hasBelow =
    viewer.role !== 'agency' &&
    source.breakdown({ ...base, under: code, by: 'parent', limit: 1 }).rows.length > 0;
  const isBelow = hasBelow && query.level === 'below';
  const conditions = {
    ...(query.document_type === undefined ? {} : { documentType: query.document_type }),
    ...(query.urgency === undefined ? {} : { urgency: query.urgency }),
  };
  const who: FiguresRequest = {
    ...base,
    ...conditions,
    ...(isBelow ? { under: code } : { agency: code }),
  };
  const answer = source.figures(who);
  const asked = { name: 'figures', request: who };
  const within: PageContext = {
    ...context,
    query: { ...query, under: isBelow ? code : undefined },
  };
  return {
    title: visible(agency.name, 100),
    heading: html`${said(agency.name, MAX_NAME_LENGTH)} <span class="code">${agency.code}</span>`,
    section: 'agencies',
    crumbs: crumbsTo(context, agency),
    body: html`${facts(context, agency)} ${periodPicker(context)}
      ${hasBelow && levels(context, isBelow)}
      ${filters(context, {
        fields: ['document_type', 'urgency', 'structure'],
        kept: { level: query.level },
      })}
      <div class="columns first">
        ${headline(context, answer, asked)}
        ${isBelow ? lacking(within, answer, asked) : reporting(context, agency, answer, who)}
      </div>
      ${isBelow && tiersBelow(context, code, base)}
      ${
        isBelow &&
        html`<section class="card" aria-labelledby="children">
          <h2 id="children">${t.agency.children}</h2>
          ${childrenTable(context, { ...base, ...conditions, under: code }, t.agency.children)}
        </section>`
      }
      ${trend(context, who)}
      <section class="card" aria-labelledby="details">
        <h2 id="details">${t.agency.figures}</h2>
        ${figuresPanel(context, answer, asked)}
      </section>
      ${byType(context, who)}
      ${!isBelow && html`${recent(context, code, 'sender')} ${recent(context, code, 'recipient')}`}`,
  };
}

/** A code that nobody has is no different from one that the viewer may not see. */
function findAgency({ source, query }: PageContext, code: string): AgencyRow {
  try {
    const { rows } = source.agencies({ agency: code, period: query.period.text, limit: 1 });
    const [agency] = rows;
    if (agency?.code === code) return agency;
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== 'BUS_RELAY_REQUEST_INVALID') throw error;
  }
  throw notFound();
}

/** The agencies above, as far as the viewer may see them. */
function crumbsTo(context: PageContext, agency: AgencyRow): Crumb[] {
  const { t, viewer } = context;
  const above: Crumb[] = [];
  let child = agency;
  for (let level = 0; level < MAX_LEVELS; level += 1) {
    if (child.parent === null || child.code === viewer.scope) break;
    child = findAgency(context, child.parent);
    const href = other(context, `/agencies/${segment(child.code)}`, { level: 'below' });
    above.unshift({ name: said(child.name, 60), href });
  }
  const list = { name: t.agencies.title, href: other(context, '/agencies') };
  return [list, ...above, { name: said(agency.name, 60) }];
}

function facts(context: PageContext, agency: AgencyRow): Markup {
  const { t } = context;
  return html`<p class="lead">
    ${t.tiers[agency.tier]} · ${t.agency.site} ${agency.site} ·${' '}
    ${t.agencies.standings[agency.standing]}
  </p>`;
}

function levels(context: PageContext, isBelow: boolean): Markup {
  const { t } = context;
  const link = (level: 'own' | 'below', name: string) =>
    html`<li>
      <a
        href=${here(context, { level })}
        aria-current=${(level === 'below') === isBelow ? 'true' : undefined}
        >${name}</a
      >
    </li>`;
  return html`<nav class="kinds levels" aria-label=${t.agency.level}>
    <ul>
      ${link('own', t.agency.own)} ${link('below', t.agency.below)}
    </ul>
  </nav>`;
}

/** What this agency itself has said, and what is missing of it. */
function reporting(
  context: PageContext,
  agency: AgencyRow,
  answer: FiguresAnswer,
  request: FiguresRequest,
): Markup {
  const { t, f, today } = context;
  const at = agency.last_report_at;
  const age = at === null ? 0 : Math.max(0, daysBetween(dateInVietnam(new Date(at)), today));
  const missing = answer.figures.missing_numbers;
  return html`<section class="card" aria-labelledby="reporting">
    <h2 id="reporting">${t.agency.reporting}</h2>
    <dl class="facts">
      <dt>${t.agencies.lastReport}</dt>
      <dd>
        ${
          at === null
            ? t.agencies.never
            : html`${moment(context, at)}${' '}
                <span class="quiet">(${t.agency.daysSince(f.count(age))})</span>`
        }
      </dd>
      <dt>${t.agencies.missingReports}</dt>
      <dd>${f.count(agency.missing_reports)}</dd>
      <dt>${t.agencies.contradictions}</dt>
      <dd>
        ${f.count(agency.contradictions)}${' '}
        <a href=${other(context, '/contradictions', { agency: agency.code })}
          >${t.contradictions.title}</a
        >${
          agency.contradictions_further > 0 &&
          html` ${t.agency.furtherContradictions(f.count(agency.contradictions_further))}`
        }
      </dd>
      <dt>${t.agency.gaps}</dt>
      <dd>
        ${
          missing === 0
            ? t.agency.noGaps
            : html`<strong>${f.count(missing)}</strong>:
                ${gapRanges(context, request, agency.name, missing)}`
        }
      </dd>
      <dt>${t.agency.silentDays}</dt>
      <dd>${silentDays(context, agency.code)}</dd>
    </dl>
    ${answer.figures.lower_bound && html`<p class="note">${t.figures.lowerBound}</p>`}
    <p>
      <a href=${other(context, '/register', { agency: agency.code })}>${t.register.link}</a>
    </p>
  </section>`;
}

/** Of documents of any type and urgency, whatever the page's other figures are about. */
function silentDays({ t, f, source, query, today }: PageContext, agency: string): string {
  const { text: period, from, to } = query.period;
  const structure = query.structure === undefined ? {} : { structure: query.structure };
  const days = workingDays(from, to < today ? to : today);
  const { rows } = source.breakdown({ ...structure, agency, period, by: 'day', limit: 400 });
  const busy = new Set(
    rows.filter(({ figures: { E, EP, P } }) => E + EP + P > 0).map(({ key }) => key),
  );
  const silent = days.filter((day) => !busy.has(day)).length;
  return t.agency.silentDaysOf(f.count(silent), f.count(days.length));
}

function tiersBelow(
  context: PageContext,
  code: string,
  base: Pick<FiguresRequest, 'period' | 'structure'>,
): Markup {
  const { t, source } = context;
  const asked: BreakdownRequest = { ...base, under: code, by: 'tier' };
  const { rows } = source.breakdown(asked);
  const tierOf = (key: string) => Object.entries(t.tiers).find(([one]) => one === key)?.[1] ?? key;
  const list = (tier: string, under_target?: string) =>
    other(context, '/agencies', { under: code, tier, under_target });
  return html`<section class="card" aria-labelledby="tiers-below">
    <h2 id="tiers-below">${t.agency.byTier}</h2>
    ${table(context, {
      id: 'tiers',
      caption: t.agency.byTier,
      hideCaption: true,
      rows,
      asked: { name: 'breakdown', request: asked },
      columns: [
        {
          head: t.agencies.tier,
          rowHead: true,
          cell: ({ key }) =>
            html`<a href=${list(key)} aria-label=${t.agency.showTier(tierOf(key))}
              >${tierOf(key)}</a
            >`,
        },
        ...breakdownColumns(context, ['rate', 'bar', 'target', 'missing_numbers', 'silent']),
        {
          head: t.figures.underTarget,
          cell: ({ key, target }) =>
            target !== null &&
            html`<a href=${list(key, '1')}>${t.agency.underTargetOf(tierOf(key))}</a>`,
        },
      ],
    })}
  </section>`;
}

function byType(context: PageContext, request: FiguresRequest): Markup {
  const { t, source } = context;
  const asked: BreakdownRequest = { ...request, by: 'type' };
  const { rows } = source.breakdown(asked);
  return html`<section class="card" aria-labelledby="by-type">
    <h2 id="by-type">${t.agency.byType}</h2>
    ${table(context, {
      id: 'types',
      caption: t.agency.byType,
      hideCaption: true,
      rows,
      asked: { name: 'breakdown', request: asked },
      columns: [
        { head: t.agency.type, rowHead: true, cell: ({ key }) => typeName(t, key) },
        ...breakdownColumns(context, ['rate', 'bar', 'E', 'EP', 'P', 'deliveries', 'overdue']),
      ],
    })}
  </section>`;
}

function typeName(t: PageContext['t'], key: string): string | Markup {
  return key === OTHER_DOCUMENT_TYPES ? t.agency.otherTypes : said(key, 60);
}

function recent(context: PageContext, code: string, side: 'sender' | 'recipient'): Markup {
  const { t, source, query } = context;
  const request = { agency: code, side, period: query.period.text, limit: RECENT_ROWS };
  const page = source.deliveries(request);
  const title = side === 'sender' ? t.agency.sent : t.agency.received;
  const all = side === 'sender' ? t.agency.allSent : t.agency.allReceived;
  return html`<section class="card" aria-labelledby=${`recent-${side}`}>
    <h2 id=${`recent-${side}`}>${title}</h2>
    ${table(context, {
      id: `recent-${side}-rows`,
      caption: title,
      hideCaption: true,
      rows: page.rows,
      asked: { name: 'deliveries', request },
      columns: deliveryColumns(context),
    })}
    ${
      page.next !== null &&
      html`<p><a href=${other(context, '/deliveries', { agency: code, side })}>${all}</a></p>`
    }
  </section>`;
}

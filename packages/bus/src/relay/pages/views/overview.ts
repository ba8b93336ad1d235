import type { BreakdownRequest, FiguresAnswer, FiguresRequest } from '../../figures/types.ts';
import { trendChart } from '../charts/trend.ts';
import { tree } from '../charts/tree.ts';
import { type PageContext, along, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { segment } from '../address.ts';
import { scopeOf } from '../page-query.ts';
import { breakdownColumns } from '../parts/breakdown-columns.ts';
import { figuresPanel, headline } from '../parts/figures-panel.ts';
import { filters } from '../parts/filters.ts';
import { periodPicker } from '../parts/period-picker.ts';
import { type Asked, apiOf, table } from '../parts/table.ts';
import { monthsUpTo } from '../periods.ts';
import { said, visible } from '../said.ts';

const TREND_MONTHS = 24;
const MAX_PARENTS = 100;

export function overviewPage(context: PageContext): PageContent {
  const { t, source, query } = context;
  const request: FiguresRequest = { ...scopeOf(query), period: query.period.text };
  const answer = source.figures(request);
  const asked = { name: 'figures', request };
  return {
    title: t.overview.title,
    section: 'overview',
    body: html`${periodPicker(context)}
      ${filters(context, { fields: ['tier', 'document_type', 'urgency', 'structure'] })}
      <div class="columns first">
        ${headline(context, answer, asked)} ${lacking(context, answer, asked)}
      </div>
      ${byTier(context, request)} ${trend(context, request)} ${children(context, request)}
      <section class="card" aria-labelledby="details">
        <h2 id="details">${t.agency.figures}</h2>
        ${figuresPanel(context, answer, asked)}
      </section>`,
  };
}

/** What the figures leave out, in sentences, each with the way to the list. */
export function lacking(context: PageContext, answer: FiguresAnswer, asked: Asked): Markup {
  const { t, f, query, today } = context;
  const { figures, agencies, agencies_silent: silent } = answer;
  const { overview } = t;
  const under = query.under;
  const items: Markup[] = [];
  const add = (text: string, href?: string, figure?: string, value?: number): void => {
    items.push(
      html`<li data-figure=${figure} data-value=${value}>
        ${text}
        ${href !== undefined && html` <a href=${href} aria-label=${`${overview.show}: ${text}`}>${overview.show}</a>`}
      </li>`,
    );
  };
  const isToCome = query.period.from > today;
  if (silent > 0 && !isToCome) {
    const text = overview.lackingSilent(f.count(silent), f.count(agencies));
    add(text, along(context, '/agencies', { standing: 'silent' }), 'agencies_silent', silent);
  }
  if (figures.missing_numbers > 0) {
    const text = overview.lackingGaps(f.count(figures.missing_numbers));
    const list = other(context, '/gaps', { under, kind: 'register', tier: query.tier });
    add(text, list, 'figures.missing_numbers', figures.missing_numbers);
  }
  if (figures.lower_bound) add(overview.lackingLowerBound);
  if (figures.undelivered > 0) {
    const text = overview.lackingUndelivered(f.count(figures.undelivered));
    add(text, undefined, 'figures.undelivered', figures.undelivered);
  }
  if (figures.overdue > 0) {
    const text = overview.lackingOverdue(f.count(figures.overdue));
    add(text, along(context, '/overdue'), 'figures.overdue', figures.overdue);
  }
  if (figures.contradictions > 0) {
    const text = overview.lackingContradictions(f.count(figures.contradictions));
    const list = under === undefined ? other(context, '/contradictions') : undefined;
    add(text, list, 'figures.contradictions', figures.contradictions);
  }
  if (isToCome) add(overview.lackingPeriodToCome);
  else if (query.period.to >= today) add(overview.lackingOpenPeriod);
  return html`<section class="card lacking" aria-labelledby="lacking" data-api=${apiOf(asked)}>
    <h2 id="lacking">${overview.lacking}</h2>
    ${
      items.length === 0
        ? html`<p>${overview.lackingNone}</p>`
        : html`<ul>
            ${items}
          </ul>`
    }
  </section>`;
}

function byTier(context: PageContext, request: FiguresRequest): Markup {
  const { t, source } = context;
  const asked: BreakdownRequest = { ...request, by: 'tier' };
  const page = source.breakdown(asked);
  const tierName = (key: string) =>
    Object.entries(t.tiers).find(([tier]) => tier === key)?.[1] ?? key;
  return html`<section class="card" aria-labelledby="by-tier">
    <h2 id="by-tier">${t.overview.byTier}</h2>
    ${table(context, {
      id: 'tiers',
      caption: t.overview.byTier,
      hideCaption: true,
      rows: page.rows,
      asked: { name: 'breakdown', request: asked },
      columns: [
        {
          head: t.agencies.tier,
          rowHead: true,
          cell: ({ key }) =>
            html`<a href=${along(context, '/agencies', { tier: key })}>${tierName(key)}</a>`,
        },
        ...breakdownColumns(context, [
          'rate',
          'bar',
          'target',
          'change',
          'E',
          'EP',
          'P',
          'deliveries',
          'overdue',
          'missing_numbers',
          'silent',
        ]),
      ],
    })}
  </section>`;
}

/** The share of the last 24 months under the same conditions, as a line and as numbers. */
export function trend(context: PageContext, request: FiguresRequest): Markup {
  const { t, f, source, query, today } = context;
  const period = monthsUpTo(query.period, TREND_MONTHS, today);
  const asked: BreakdownRequest = { ...request, period, by: 'month' };
  const { rows } = source.breakdown(asked);
  return html`<section class="card" aria-labelledby="trend">
    <h2 id="trend">${t.overview.trend}</h2>
    ${trendChart(context, rows, 'trend-chart')}
    <details>
      <summary>${t.table.numbers}</summary>
      ${table(context, {
        id: 'months',
        caption: t.overview.trend,
        hideCaption: true,
        rows,
        asked: { name: 'breakdown', request: asked },
        columns: [
          { head: t.trend.month, rowHead: true, cell: ({ key }) => f.period(key) },
          ...breakdownColumns(context, ['rate', 'target', 'E', 'EP', 'P', 'deliveries']),
        ],
      })}
    </details>
  </section>`;
}

function children(context: PageContext, request: FiguresRequest): Markup {
  const { t } = context;
  return html`<section class="card" aria-labelledby="children">
    <h2 id="children">${t.overview.children}</h2>
    <p class="quiet">${t.overview.childrenNote}</p>
    ${childrenTable(context, request, t.overview.children)}
  </section>`;
}

/** The agencies directly below `request.under`, each with all below it: as areas and as rows. */
export function childrenTable(
  context: PageContext,
  request: FiguresRequest,
  caption: string,
): Markup {
  const { t, source, query } = context;
  const sort = query.sort ?? '-documents';
  const cursor = query.after === undefined ? {} : { after: query.after };
  const asked: BreakdownRequest = { ...request, by: 'parent', sort, limit: MAX_PARENTS, ...cursor };
  const page = source.breakdown(asked);
  const hrefOf = ({ key }: { key: string }): string =>
    other(context, `/agencies/${segment(key)}`, { level: 'below' });
  return html`${tree(context, page.rows, hrefOf)}
  ${table(context, {
    id: 'parents',
    caption,
    hideCaption: true,
    rows: page.rows,
    total: page.total,
    next: page.next,
    sort,
    asked: { name: 'breakdown', request: asked },
    columns: [
      {
        head: t.agencies.name,
        rowHead: true,
        sort: 'name',
        className: 'name',
        cell: (row) =>
          html`<a href=${hrefOf(row)}>${said(row.name ?? row.key)}</a>${' '}
            <span class="code">${visible(row.key)}</span>`,
      },
      ...breakdownColumns(
        context,
        ['rate', 'bar', 'target', 'change', 'E', 'P', 'overdue', 'missing_numbers', 'silent'],
        true,
      ),
    ],
  })}`;
}

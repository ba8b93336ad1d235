import type { BreakdownRequest, BreakdownRow, FiguresRequest } from '../../figures/types.ts';
import { segment } from '../address.ts';
import { type PageContext, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { scopeOf } from '../page-query.ts';
import { breakdownColumns } from '../parts/breakdown-columns.ts';
import { choice, field, filters } from '../parts/filters.ts';
import { gapRanges } from '../parts/gap-ranges.ts';
import { periodPicker } from '../parts/period-picker.ts';
import { table } from '../parts/table.ts';
import { count, moment, word } from '../parts/value.ts';
import { said } from '../said.ts';

/** Rows of one page: as many as are asked one by one for their gaps. */
const PAGE_ROWS = 50;
const MAX_PARENTS = 200;

/** All agencies with their figures, or by standing: the one list answers who is under target and why. */
export function agenciesPage(context: PageContext): PageContent {
  const { t, query, source } = context;
  const period = query.period.text;
  const structure = query.structure === undefined ? {} : { structure: query.structure };
  const parents = source.breakdown({
    period,
    by: 'parent',
    sort: 'name',
    limit: MAX_PARENTS,
    ...structure,
  });
  const standings = (['reporting', 'silent', 'not-open', 'closed'] as const).map(
    (one) => [one, t.agencies.standings[one]] as const,
  );
  const extra = html`${field(
      'standing',
      t.filters.standing,
      choice('standing', standings, query.standing, t.agencies.figuresAll),
    )}
    <p class="field check">
      <input
        type="checkbox"
        id="filter-under_target"
        name="under_target"
        value="1"
        checked=${query.under_target !== undefined}
      />
      <label for="filter-under_target">${t.filters.underTarget}</label>
    </p>`;
  return {
    title: t.agencies.title,
    section: 'agencies',
    crumbs: [{ name: t.agencies.title }],
    body: html`${periodPicker(context)}
    ${filters(context, {
      fields: ['under', 'tier', 'document_type', 'urgency', 'structure'],
      parents: parents.rows,
      extra,
      extraNames: ['standing', 'under_target'],
      kept: { sort: query.sort },
      open: true,
    })}
    ${query.standing === undefined ? figuresList(context) : standingList(context)}`,
  };
}

function figuresList(context: PageContext): Markup {
  const { t, source, query } = context;
  const sort = query.sort ?? 'name';
  const request: BreakdownRequest = {
    ...scopeOf(query),
    period: query.period.text,
    by: 'agency',
    sort,
    limit: PAGE_ROWS,
    ...(query.under_target === undefined ? {} : { underTarget: true }),
    ...(query.after === undefined ? {} : { after: query.after }),
  };
  const page = source.breakdown(request);
  return table(context, {
    id: 'agencies',
    caption: t.agencies.caption,
    rows: page.rows,
    total: page.total,
    next: page.next,
    sort,
    asked: { name: 'breakdown', request },
    columns: [
      nameColumn(context),
      {
        head: t.agencies.tier,
        wide: true,
        className: 'tier',
        cell: ({ tier }) => (tier === null ? null : t.tiers[tier]),
      },
      ...breakdownColumns(
        context,
        ['rate', 'target', 'change', 'E', 'EP', 'P', 'deliveries', 'overdue'],
        true,
      ),
      {
        head: t.agencies.traceless,
        number: true,
        sort: 'missing_numbers',
        cell: (row) => traceless(context, row),
      },
    ],
  });
}

function nameColumn(context: PageContext) {
  const { t } = context;
  return {
    head: t.agencies.name,
    rowHead: true,
    sort: 'name' as const,
    className: 'name',
    cell: (row: BreakdownRow) => {
      const href = other(context, `/agencies/${segment(row.key)}`);
      return html`<a href=${href}>${said(row.name ?? row.key)}</a>${' '}
        <span class="code">${word(row.key, 'key')}</span>`;
    },
  };
}

/** How many numbers no record names, and which. */
function traceless(context: PageContext, row: BreakdownRow): Markup {
  const { query } = context;
  const missing = row.figures.missing_numbers;
  const shown = count(context, missing, 'figures.missing_numbers');
  if (missing === 0) return shown;
  // Type and urgency aside, of which a number that no record names has none.
  const { under, tier, structure } = scopeOf(query);
  const request: FiguresRequest = {
    agency: row.key,
    period: query.period.text,
    ...(under === undefined ? {} : { under }),
    ...(tier === undefined ? {} : { tier }),
    ...(structure === undefined ? {} : { structure }),
  };
  return html`<strong>${shown}</strong>
    ${gapRanges(context, request, row.name ?? row.key, missing)}`;
}

function standingList(context: PageContext): Markup {
  const { t, source, query } = context;
  const request = {
    ...scopeOf(query),
    period: query.period.text,
    limit: PAGE_ROWS,
    ...(query.standing === undefined ? {} : { standing: query.standing }),
    ...(query.after === undefined ? {} : { after: query.after }),
  };
  const page = source.agencies(request);
  return table(context, {
    id: 'standings',
    caption: t.agencies.silentCaption,
    rows: page.rows,
    total: page.total,
    next: page.next,
    asked: { name: 'agencies', request },
    columns: [
      {
        head: t.agencies.name,
        rowHead: true,
        className: 'name',
        cell: ({ code, name }) =>
          html`<a href=${other(context, `/agencies/${segment(code)}`)}>${said(name)}</a>${' '}
            <span class="code">${word(code, 'code')}</span>`,
      },
      { head: t.agencies.tier, cell: ({ tier }) => word(tier, 'tier', t.tiers[tier]) },
      {
        head: t.agencies.standing,
        cell: ({ standing }) => word(standing, 'standing', t.agencies.standings[standing]),
      },
      {
        head: t.agencies.lastReport,
        cell: ({ last_report_at: at }) =>
          at === null ? t.agencies.never : moment(context, at, 'last_report_at'),
      },
      {
        head: t.agencies.missingReports,
        number: true,
        cell: (row) => count(context, row.missing_reports, 'missing_reports'),
      },
      {
        head: t.agencies.contradictions,
        number: true,
        cell: (row) => count(context, row.contradictions, 'contradictions'),
      },
    ],
  });
}

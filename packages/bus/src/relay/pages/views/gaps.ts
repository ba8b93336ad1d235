import type { GapRow } from '../../figures/types.ts';
import { segment } from '../address.ts';
import { type PageContext, other } from '../context.ts';
import { html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { scopeOf } from '../page-query.ts';
import { choice, field, filters } from '../parts/filters.ts';
import { rangeText } from '../parts/gap-ranges.ts';
import { periodPicker } from '../parts/period-picker.ts';
import { type Column, table } from '../parts/table.ts';
import { absent, day, word } from '../parts/value.ts';
import { said } from '../said.ts';
import { agencyField } from '../parts/agency-field.ts';

const PAGE_ROWS = 100;

export function gapsPage(context: PageContext): PageContent {
  const { t, source, query } = context;
  const request = {
    ...scopeOf(query),
    ...(query.agency === undefined ? {} : { agency: query.agency }),
    ...(query.kind === undefined ? {} : { kind: query.kind }),
    ...(query.after === undefined ? {} : { after: query.after }),
    period: query.period.text,
    limit: PAGE_ROWS,
  };
  const page = source.gaps(request);
  const kinds = (['register', 'report'] as const).map(
    (kind) => [kind, t.gaps.kinds[kind]] as const,
  );
  return {
    title: t.gaps.title,
    section: 'gaps',
    crumbs: [{ name: t.gaps.title }],
    body: html`<p class="lead">
        ${t.gaps.note}${' '}
        <a href=${other(context, '/contradictions', { agency: query.agency })}
          >${t.contradictions.title}</a
        >
      </p>
      ${periodPicker(context)}
      ${filters(context, {
        fields: ['tier'],
        extra: html`${agencyField(context)}
        ${field('kind', t.filters.gapKind, choice('kind', kinds, query.kind, t.filters.all))}`,
        extraNames: ['agency', 'kind'],
        kept: { under: query.under, structure: query.structure },
      })}
      ${table(context, {
        id: 'gaps',
        caption: t.gaps.caption,
        rows: page.rows,
        total: page.total,
        next: page.next,
        asked: { name: 'gaps', request },
        columns: gapColumns(context),
      })}`,
  };
}

function gapColumns(context: PageContext): Column<GapRow>[] {
  const { t, f } = context;
  return [
    {
      head: t.gaps.agency,
      rowHead: true,
      className: 'name',
      cell: ({ agency, name }) =>
        html`<a href=${other(context, `/agencies/${segment(agency)}`)}>${said(name)}</a>${' '}
          <span class="code">${word(agency, 'agency')}</span>`,
    },
    { head: t.gaps.kind, cell: ({ kind }) => word(kind, 'kind', t.gaps.kinds[kind]) },
    {
      head: t.gaps.year,
      number: true,
      cell: ({ year }) => (year === null ? absent(context) : word(String(year), 'year')),
    },
    {
      head: t.gaps.numbers,
      number: true,
      cell: (row) =>
        html`<span data-figure="first" data-value=${row.first}
          ><span data-figure="last" data-value=${row.last}>${rangeText(row)}</span></span
        >`,
    },
    {
      head: t.gaps.count,
      number: true,
      cell: ({ first, last }) => f.count(last - first + 1),
    },
    {
      head: t.gaps.between,
      cell: ({ after, before }) => {
        const end = (date: string | null, name: string) =>
          date === null ? t.gaps.openEnd : day(context, date, name);
        return html`${end(after, 'after')} – ${end(before, 'before')}`;
      },
    },
  ];
}

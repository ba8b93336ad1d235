import type { ContradictoryStatement, LateStatement } from '../../http/statements.ts';
import { CONTRADICTION_KINDS } from '../../storage/contradiction-store.ts';
import { segment } from '../address.ts';
import { type PageContext, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { choice, field } from '../parts/filters.ts';
import { type Column, table } from '../parts/table.ts';
import { count, moment, word } from '../parts/value.ts';
import { said } from '../said.ts';

const PAGE_ROWS = 100;

/** What agencies said that cannot all be true, and what they said too late: of all periods. */
export function contradictionsPage(context: PageContext): PageContent {
  const { t, query } = context;
  const names = t.contradictions;
  return {
    title: names.title,
    section: 'gaps',
    crumbs: [{ name: t.gaps.title, href: other(context, '/gaps') }, { name: names.title }],
    body: html`<p class="lead">${names.note}</p>
      ${
        query.agency !== undefined &&
        html`<p>
          ${t.filters.agency}: <span class="code">${query.agency}</span>${' '}
          <a href=${other(context, '/contradictions')}>${t.filters.clear}</a>
        </p>`
      }
      ${kindForm(context)} ${contradictions(context)} ${late(context)}`,
  };
}

/** Which kind of contradiction is wanted, such as numbers that were given twice. */
function kindForm(context: PageContext): Markup {
  const { t, query } = context;
  const kinds = CONTRADICTION_KINDS.map((kind) => [kind, t.contradictions.kinds[kind]] as const);
  return html`<form method="get" action="/contradictions" class="filters" role="search">
    ${query.agency !== undefined && html`<input type="hidden" name="agency" value=${query.agency} />`}
    ${field(
      'contradiction',
      t.contradictions.kind,
      choice('contradiction', kinds, query.contradiction, t.filters.all),
    )}
    <div class="buttons"><button type="submit">${t.filters.apply}</button></div>
  </form>`;
}

function contradictions(context: PageContext): Markup {
  const { t, source, query } = context;
  const names = t.contradictions;
  const conditions = {
    ...(query.agency === undefined ? {} : { agency: query.agency }),
    ...(query.contradiction === undefined ? {} : { kind: query.contradiction }),
  };
  const request = { ...conditions, ...pageAfter(query.after) };
  const page = source.contradictions(request);
  return table<ContradictoryStatement>(context, {
    id: 'contradictions',
    caption: names.caption,
    // Of one agency or kind there may be none while others have some.
    empty: Object.keys(conditions).length === 0 ? names.none : undefined,
    rows: page.rows,
    total: page.total,
    next: page.next,
    asked: { name: 'contradictions', request },
    columns: [
      ...whoAndWhich(context),
      { head: names.kind, cell: ({ kind }) => word(kind, 'kind', names.kinds[kind]) },
      { head: names.detail, className: 'abstract', cell: ({ detail }) => said(detail, 300) },
      { head: names.foundAt, cell: ({ found_at: at }) => moment(context, at, 'found_at') },
    ],
  });
}

function late(context: PageContext): Markup {
  const { t, source, query } = context;
  const names = t.contradictions;
  const request = {
    ...(query.agency === undefined ? {} : { agency: query.agency }),
    ...pageAfter(query.late_after),
  };
  const page = source.late(request);
  return table<LateStatement>(context, {
    id: 'late',
    caption: names.lateCaption,
    empty: query.agency === undefined ? names.noneLate : undefined,
    rows: page.rows,
    total: page.total,
    next: page.next,
    cursor: 'late_after',
    asked: { name: 'late', request },
    columns: [
      ...whoAndWhich(context),
      { head: names.statedAt, cell: ({ stated_at: at }) => moment(context, at, 'stated_at') },
      { head: names.storedAt, cell: ({ stored_at: at }) => moment(context, at, 'stored_at') },
    ],
  });
}

function pageAfter(after: string | undefined) {
  return { ...(after === undefined ? {} : { after }), limit: PAGE_ROWS };
}

function whoAndWhich(
  context: PageContext,
): Column<{ readonly agency: string; readonly report_number: number }>[] {
  const { agency: head, report } = context.t.contradictions;
  return [
    {
      head,
      rowHead: true,
      cell: ({ agency }) =>
        html`<a class="code" href=${other(context, `/agencies/${segment(agency)}`)}
          >${word(agency, 'agency')}</a
        >`,
    },
    {
      head: report,
      number: true,
      cell: ({ report_number: number }) => count(context, number, 'report_number'),
    },
  ];
}

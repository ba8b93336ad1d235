import { isAgencyCode } from '../../../agency/code.ts';
import { Problem } from '../../http/problem.ts';
import type { RegisterEntry, RegisterRequest } from '../../http/register.ts';
import { COUNTED_AS } from '../../storage/register-queries.ts';
import { address, segment } from '../address.ts';
import { type PageContext, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { choice, field, filters } from '../parts/filters.ts';
import { periodPicker } from '../parts/period-picker.ts';
import { type Column, table } from '../parts/table.ts';
import { absent, count, day, word } from '../parts/value.ts';
import { said, visible } from '../said.ts';

const PAGE_ROWS = 100;

/** What became of each number of one agency's outgoing register. */
export function registerPage(context: PageContext): PageContent {
  const { t, source, query, viewer } = context;
  const agency = query.agency ?? (viewer.role === 'agency' ? (viewer.scope ?? '') : '');
  if (!isAgencyCode(agency))
    throw new Problem('parameter-invalid', 'agency is wanted', { parameter: 'agency' });
  const names = t.register;
  const request: RegisterRequest = {
    agency,
    period: query.period.text,
    ...(query.counted_as === undefined ? {} : { countedAs: query.counted_as }),
    ...(query.after === undefined ? {} : { after: query.after }),
    limit: PAGE_ROWS,
  };
  const page = source.register(request);
  const kinds = COUNTED_AS.map((one) => [one, names.countedAs[one]] as const);
  return {
    title: names.title,
    heading: html`${names.title} <span class="code">${agency}</span>`,
    section: 'agencies',
    crumbs: [
      { name: t.agencies.title, href: other(context, '/agencies') },
      { name: agency, href: other(context, `/agencies/${segment(agency)}`) },
      { name: names.title },
    ],
    body: html`<p class="lead">
        ${names.note}${' '}
        <a href=${other(context, '/gaps', { agency, kind: 'register' })}>${t.gaps.title}</a>
      </p>
      ${periodPicker(context)}
      ${filters(context, {
        fields: [],
        extra: field(
          'counted_as',
          names.kind,
          choice('counted_as', kinds, query.counted_as, t.filters.all),
        ),
        extraNames: ['counted_as'],
        kept: { agency },
      })}
      ${table(context, {
        id: 'register',
        caption: names.caption,
        rows: page.rows,
        next: page.next,
        asked: { name: 'register', request },
        columns: columns(context),
      })}`,
  };
}

function columns(context: PageContext): Column<RegisterEntry>[] {
  const { t } = context;
  const { register: names, deliveries } = t;
  return [
    {
      head: deliveries.number,
      rowHead: true,
      className: 'docnumber',
      cell: (row) => number(context, row),
    },
    { head: names.day, cell: (row) => day(context, row.day, 'day') },
    {
      head: names.kind,
      cell: ({ counted_as: one }) => word(one, 'counted_as', names.countedAs[one]),
    },
    {
      head: t.documents.type,
      wide: true,
      cell: ({ document_type: type }) => (type === null ? absent(context) : said(type, 40)),
    },
    {
      head: deliveries.abstract,
      wide: true,
      className: 'abstract',
      cell: ({ abstract }) => (abstract === null ? absent(context) : said(abstract, 200)),
    },
    { head: names.reason, className: 'abstract', cell: (row) => reason(context, row) },
  ];
}

function number(context: PageContext, row: RegisterEntry): Markup {
  const { agency, notation, document_id: id } = row;
  const shown = html`${count(context, row.number, 'number')}${
    notation !== null && html`/${visible(notation, 40)}`
  }`;
  if (id === null) return shown;
  return html`<a href=${address(`/documents/${segment(id)}`, { from: agency })}>${shown}</a>`;
}

/** Why paper or void, and to whom the paper went. */
function reason(context: PageContext, { reason: given, paper_to: to }: RegisterEntry): Markup {
  if (given === null && to.length === 0) return absent(context);
  const known: readonly (readonly [string, string])[] = Object.entries(
    context.t.document.paperReasons,
  );
  const text = known.find(([code]) => code === given)?.[1] ?? given ?? '';
  return html`${said(text, 200)}${
    to.length > 0 && html` <span class="quiet">(${said(to.join('; '), 300)})</span>`
  }`;
}

import type { DeliveriesRequest, DeliveryRow } from '../../figures/types.ts';
import { STATE_FILTERS } from '../../storage/delivery-queries.ts';
import { address, segment } from '../address.ts';
import type { PageContext } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { scopeOf } from '../page-query.ts';
import { agencyField } from '../parts/agency-field.ts';
import { agencyLink } from '../parts/agency-link.ts';
import { choice, field, filters } from '../parts/filters.ts';
import { periodPicker } from '../parts/period-picker.ts';
import { type Column, table } from '../parts/table.ts';
import { absent, day, moment, word } from '../parts/value.ts';
import { said, visible } from '../said.ts';

const PAGE_ROWS = 50;
/** Unanswered ones are asked for with those that were given up. */
const STATES = STATE_FILTERS.filter((state) => state !== 'sent');

/** Deliveries by state and side; `/overdue` is the same list with the one state. */
export function deliveriesPage(context: PageContext, state?: 'overdue'): PageContent {
  const { t, source, query } = context;
  const isOverdue = state === 'overdue';
  const asked = state ?? query.state;
  const request: DeliveriesRequest = {
    ...scopeOf(query),
    ...(query.agency === undefined ? {} : { agency: query.agency }),
    ...(query.side === undefined ? {} : { side: query.side }),
    ...(asked === undefined ? {} : { state: asked }),
    ...(query.after === undefined ? {} : { after: query.after }),
    period: query.period.text,
    limit: PAGE_ROWS,
  };
  const page = source.deliveries(request);
  const sides = [['recipient', t.filters.sides.recipient]] as const;
  const states = STATES.map((one) => [one, t.deliveries.states[one]] as const);
  const extra = html`${agencyField(context)}
  ${field('side', t.filters.side, choice('side', sides, query.side, t.filters.sides.sender))}
  ${
    !isOverdue &&
    field('state', t.filters.state, choice('state', states, query.state, t.filters.all))
  }`;
  const title = isOverdue ? t.deliveries.overdueTitle : t.deliveries.title;
  return {
    title,
    ...(isOverdue ? { section: 'overdue' } : {}),
    crumbs: [{ name: title }],
    body: html`${isOverdue && html`<p class="lead">${t.deliveries.overdueNote}</p>`}
    ${periodPicker(context)}
    ${filters(context, {
      fields: ['tier', 'document_type', 'urgency'],
      extra,
      extraNames: ['agency', 'side', ...(isOverdue ? [] : ['state'])],
      kept: { under: query.under, structure: query.structure },
    })}
    ${table(context, {
      id: 'deliveries',
      caption: isOverdue ? t.deliveries.overdueCaption : t.deliveries.caption,
      rows: page.rows,
      total: page.total,
      next: page.next,
      asked: { name: 'deliveries', request },
      columns: deliveryColumns(context),
    })}`,
  };
}

export function deliveryColumns(context: PageContext): Column<DeliveryRow>[] {
  const { t } = context;
  const { deliveries: names } = t;
  return [
    {
      head: names.number,
      rowHead: true,
      className: 'docnumber',
      cell: (row) => {
        const number = `${row.number}/${visible(row.notation, 40)}`;
        return html`<a href=${documentAddress(row)} aria-label=${names.track(number)}
          >${number}</a
        >`;
      },
    },
    {
      head: names.issuedOn,
      cell: ({ issued_on }) => day(context, issued_on, 'issued_on'),
    },
    {
      head: names.abstract,
      className: 'abstract',
      wide: true,
      cell: ({ abstract, urgency }) =>
        html`${
          urgency === 'urgent' && html`<span class="mark urgent">${names.urgent}</span> `
        }${said(abstract, 120)}`,
    },
    {
      head: names.from,
      className: 'party',
      cell: ({ from, from_name }) => party(context, from, from_name, 'from'),
    },
    {
      head: names.to,
      className: 'party',
      cell: ({ to, to_name }) => party(context, to, to_name, 'to'),
    },
    {
      head: names.state,
      cell: ({ state, overdue }) =>
        html`${word(state, 'state', names.states[state])}${
          overdue &&
          html` <span class="mark under" data-figure="overdue" data-value="true"
            ><span aria-hidden="true">! </span>${names.overdue}</span
          >`
        }`,
    },
    {
      head: names.dispatched,
      wide: true,
      cell: ({ dispatched_at: at }) => moment(context, at, 'dispatched_at'),
    },
    {
      head: names.firstReceipt,
      wide: true,
      cell: ({ first_receipt_at: at }) =>
        at === null ? absent(context, 'first_receipt_at') : moment(context, at, 'first_receipt_at'),
    },
  ];
}

function party(context: PageContext, code: string, name: string | null, figure: string): Markup {
  return html`${agencyLink(context, code, name, 60)}
    <span class="code">${word(code, figure)}</span>`;
}

function documentAddress(row: { readonly from: string; readonly document_id: string }) {
  return address(`/documents/${segment(row.document_id)}`, { from: row.from });
}

import { MAX_AGENCY_CODE_LENGTH } from '../../../agency/code.ts';
import type { FoundDocuments, TrackedDispatch } from '../../queries.ts';
import type { Narrowing } from '../../storage/document-search.ts';
import { apiAddress, address, segment } from '../address.ts';
import type { PageContext } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { MAX_QUERY_TEXT_LENGTH } from '../page-query.ts';
import { field } from '../parts/filters.ts';
import { table } from '../parts/table.ts';
import { day, word } from '../parts/value.ts';
import { said, visible } from '../said.ts';

/** What the search is narrowed to. */
export function narrowingOf({ query }: PageContext): Narrowing {
  const { from, year } = query;
  return {
    ...(from === undefined ? {} : { from }),
    ...(year === undefined ? {} : { year: Number(year) }),
  };
}

/** The search form, and what it found; a single document is shown at once by the route. */
export function documentsPage(
  context: PageContext,
  asked: string,
  { documents: found, hasMore }: FoundDocuments,
): PageContent {
  const { t, f } = context;
  return {
    title: t.documents.title,
    section: 'documents',
    crumbs: [{ name: t.documents.title }],
    body: html`<form method="get" action="/documents" class="search" role="search">
        <p class="field">
          <label for="q">${t.documents.query}</label>
          <input
            id="q"
            name="q"
            type="search"
            value=${asked === '' ? undefined : asked}
            required
            maxlength=${MAX_QUERY_TEXT_LENGTH}
            autocomplete="off"
            spellcheck="false"
            aria-describedby="q-hint"
          />
          <span class="quiet" id="q-hint">${t.documents.hint}</span>
        </p>
        ${narrowingFields(context)}
        <button type="submit">${t.documents.search}</button>
      </form>
      ${
        asked !== '' &&
        html`<p role="status">
          ${
            found.length === 0
              ? t.documents.none(visible(asked, 80))
              : t.documents.found(f.count(found.length))
          }${hasMore && html` <strong>${t.documents.more}</strong>`}
        </p>`
      }
      ${found.length > 0 && list(context, asked, found)}`,
  };
}

/** Many have given the same number. */
function narrowingFields({ t, query }: PageContext): Markup {
  const { from, year } = query;
  return html`${field(
    'from',
    `${t.documents.sender} (${t.agencies.code})`,
    html`<input
      id="filter-from"
      name="from"
      value=${from}
      maxlength=${MAX_AGENCY_CODE_LENGTH}
      autocomplete="off"
      spellcheck="false"
    />`,
  )}
  ${field(
    'year',
    t.documents.year,
    html`<input
      id="filter-year"
      name="year"
      value=${year}
      inputmode="numeric"
      pattern="[0-9]{4}"
      maxlength="4"
      autocomplete="off"
    />`,
  )}`;
}

function list(context: PageContext, asked: string, found: readonly TrackedDispatch[]): Markup {
  const { t } = context;
  return table(context, {
    id: 'documents',
    caption: t.documents.title,
    hideCaption: true,
    rows: found,
    asked: { name: `documents/${segment(asked)}`, request: narrowingOf(context), csv: false },
    columns: [
      {
        head: t.deliveries.number,
        rowHead: true,
        cell: (one) => html`<a href=${trackAddress(one)}>${numberOf(one)}</a>`,
      },
      { head: t.deliveries.issuedOn, cell: ({ register }) => day(context, register.issuedOn) },
      { head: t.documents.type, cell: ({ documentType }) => said(documentType, 40) },
      {
        head: t.deliveries.abstract,
        className: 'abstract',
        cell: ({ abstract }) => said(abstract, 120),
      },
      {
        head: t.documents.sender,
        cell: ({ from, fromName }) =>
          html`${said(fromName ?? from, 60)} <span class="code">${word(from, 'from')}</span>`,
      },
    ],
  });
}

export function numberOf({ register }: TrackedDispatch): string {
  return `${register.number}/${visible(register.notation, 40)}`;
}

export function trackAddress({ documentId, from }: TrackedDispatch): string {
  return address(`/documents/${segment(documentId)}`, { from });
}

/** Where the evidence of a document is fetched. */
export function evidenceAddress({ documentId, from }: TrackedDispatch): string {
  return apiAddress(`evidence/${segment(documentId)}`, { from });
}

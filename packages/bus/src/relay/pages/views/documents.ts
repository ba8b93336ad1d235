import type { TrackedDispatch } from '../../queries.ts';
import { apiAddress, address, segment } from '../address.ts';
import type { PageContext } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { MAX_QUERY_TEXT_LENGTH } from '../page-query.ts';
import { table } from '../parts/table.ts';
import { day, word } from '../parts/value.ts';
import { said, visible } from '../said.ts';

/** The search form, and what it found; a single document is shown at once by the route. */
export function documentsPage(
  context: PageContext,
  asked: string,
  found: readonly TrackedDispatch[],
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
        <button type="submit">${t.documents.search}</button>
      </form>
      ${
        asked !== '' &&
        html`<p role="status">
          ${
            found.length === 0
              ? t.documents.none(visible(asked, 80))
              : t.documents.found(f.count(found.length))
          }
        </p>`
      }
      ${found.length > 0 && list(context, asked, found)}`,
  };
}

function list(context: PageContext, asked: string, found: readonly TrackedDispatch[]): Markup {
  const { t } = context;
  return table(context, {
    id: 'documents',
    caption: t.documents.title,
    hideCaption: true,
    rows: found,
    asked: { name: `documents/${segment(asked)}`, request: {}, csv: false },
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

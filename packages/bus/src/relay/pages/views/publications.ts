import type { PublicationRow } from '../../audit/publications.ts';
import type { PageContext } from '../context.ts';
import { html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { table } from '../parts/table.ts';
import { moment, word } from '../parts/value.ts';

export function publicationsPage(
  context: PageContext,
  rows: readonly PublicationRow[],
): PageContent {
  const { t, f } = context;
  const { publications: names } = t;
  return {
    title: names.title,
    section: 'publications',
    crumbs: [{ name: names.title }],
    body: html`<p class="lead">${names.note}</p>
      ${table(context, {
        id: 'publications',
        caption: names.caption,
        empty: names.none,
        asked: { name: 'publications', request: {}, csv: false },
        rows,
        columns: [
          {
            head: names.number,
            number: true,
            cell: ({ sequence }) => word(String(sequence), 'sequence'),
          },
          {
            head: names.month,
            rowHead: true,
            cell: ({ month }) => word(month, 'month', f.period(month)),
          },
          {
            head: names.kind,
            cell: ({ revision }) =>
              revision === 1
                ? names.kinds.publication
                : html`<span class="mark under"
                    >${names.kinds.correction} ${f.count(revision - 1)}</span
                  >`,
          },
          { head: names.at, cell: ({ published_at: at }) => moment(context, at, 'published_at') },
          {
            head: names.record,
            number: true,
            wide: true,
            cell: ({ record }) => f.count(record),
          },
          {
            head: names.changes,
            number: true,
            cell: ({ revision, changes }) => (revision === 1 ? null : f.count(changes)),
          },
          {
            head: names.digest,
            wide: true,
            cell: ({ digest }) =>
              html`<code class="long" title=${digest}>${digest.slice(0, 16)}…</code>`,
          },
        ],
      })}`,
  };
}

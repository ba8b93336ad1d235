import type { PublicationRow } from '../../audit/publications.ts';
import { seesWhole } from '../../http/publications.ts';
import { address, segment } from '../address.ts';
import type { PageContext } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { table } from '../parts/table.ts';
import { moment, word } from '../parts/value.ts';

/** The whole, signed; for one with a scope the rows about it. */
function download({ t, f, viewer }: PageContext, { month, revision }: PublicationRow): Markup {
  const { downloadOf, rowsOf, rows } = t.publications;
  const name = `${f.period(month)}, ${t.publications.kinds.publication} ${f.count(revision)}`;
  const path = `/api/v1/publications/${segment(month)}`;
  if (seesWhole(viewer)) {
    const file = address(`${path}/file`, { revision });
    return html`<a href=${file} download aria-label=${downloadOf(name)}>ZIP</a>`;
  }
  const own = address(`${path}/sections/figures`, { revision });
  return html`<a href=${own} aria-label=${rowsOf(name)}>${rows}</a>`;
}

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
          { head: names.download, cell: (row) => download(context, row) },
        ],
      })}`,
  };
}

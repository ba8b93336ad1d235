import { apiAddress, csvAddress } from '../address.ts';
import { type Display, here } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { SORT_KEYS } from '../page-query.ts';

export interface Column<Row> {
  readonly head: string;
  /** Numbers stand to the right. */
  readonly number?: boolean;
  /** The cell that names its row. */
  readonly rowHead?: boolean;
  /** What the API calls the order by this column. */
  readonly sort?: (typeof SORT_KEYS)[number];
  /** Less important: left out on a narrow screen. */
  readonly wide?: boolean;
  readonly className?: string;
  cell(row: Row, index: number): Markup;
}

/** The question of the API that gives the same numbers, and from which a file is made. */
export interface Asked {
  readonly name: string;
  readonly request: Readonly<object>;
  /** False: the API has it, and there is no file of it. */
  readonly csv?: boolean;
}

export interface Table<Row> {
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly asked?: Asked;
  /** In which order the rows stand, as in the request. */
  readonly sort?: string;
  readonly hideCaption?: boolean;
  /** What an empty list says; a page that is not the whole list says something else. */
  readonly empty?: string | undefined;
  readonly total?: number | null;
  /** The cursor of the next page. */
  readonly next?: string | null;
  /** The parameter that takes it, where a page has two lists. */
  readonly cursor?: string;
}

/** A table with its caption, its sources and its pages. */
export function table<Row>(display: Display, given: Table<Row>): Markup {
  const { id, caption, rows, columns, asked } = given;
  if (rows.length === 0) {
    return html`<div class="table" data-api=${asked && apiOf(asked)}>
      <p class="empty">${emptyText(display, given)}</p>
      ${foot(display, given)}
    </div>`;
  }
  return html`<div class="table" data-api=${asked && apiOf(asked)}>
    <div class="scroll" role="region" aria-label=${display.t.table.scroll(caption)} tabindex="0">
      <table id=${id}>
        <caption class=${given.hideCaption === true ? 'spoken' : undefined}>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${columns.map((column) => head(display, column, given.sort))}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, index) =>
              html`<tr data-row=${index}>
                ${columns.map((column) => cell(column, row, index))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${foot(display, given)}
  </div>`;
}

/** An empty page says that there is nothing only when it is the whole list. */
function emptyText<Row>(display: Display, given: Table<Row>): Markup {
  const { caption, hideCaption, empty, next, cursor = 'after' } = given;
  const { table: t } = display.t;
  const isLater = next !== undefined && display.parameters[cursor] !== undefined;
  const hasNext = next !== undefined && next !== null;
  if (!hasNext && !isLater && empty !== undefined) return empty;
  const text = hasNext ? t.emptySoFar : isLater ? t.emptyFurther : t.empty;
  // A page may have two lists: without its table nothing else would say which one this is.
  return hideCaption === true ? text : html`${caption}. ${text}`;
}

export function apiOf({ name, request }: Asked): string {
  return apiAddress(name, { ...request });
}

/** The same numbers as a file and as the API gives them. */
export function sources(display: Display, asked: Asked, caption: string): Markup {
  const { csv, json, csvOf, jsonOf } = display.t.table;
  const file = csvAddress(asked.name, { ...asked.request });
  return html`<p class="sources">
    ${asked.csv !== false && html`<a href=${file} download aria-label=${csvOf(caption)}>${csv}</a>`}
    <a href=${apiOf(asked)} aria-label=${jsonOf(caption)}>${json}</a>
  </p>`;
}

function head<Row>(display: Display, column: Column<Row>, sort: string | undefined): Markup {
  const { head: text, sort: key } = column;
  const className = classOf(column);
  if (key === undefined) return html`<th scope="col" class=${className}>${text}</th>`;
  const order = sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : undefined;
  // Names from the beginning, numbers from the largest; asked again, from the smallest.
  const isDown = column.number === true && sort !== `-${key}`;
  const address = here(display, { sort: isDown ? `-${key}` : key });
  const arrow = order === undefined ? '' : order === 'ascending' ? ' ↑' : ' ↓';
  return html`<th scope="col" class=${className} aria-sort=${order}>
    <a href=${address} title=${display.t.table.sortBy(text)}
      >${text}<span aria-hidden="true">${arrow}</span></a
    >
  </th>`;
}

function cell<Row>(column: Column<Row>, row: Row, index: number): Markup {
  const content = column.cell(row, index);
  const className = classOf(column);
  return column.rowHead === true
    ? html`<th scope="row" class=${className}>${content}</th>`
    : html`<td class=${className}>${content}</td>`;
}

function classOf<Row>(column: Column<Row>): string | undefined {
  const names = [
    column.number === true ? 'number' : '',
    column.wide === true ? 'wide' : '',
    column.className ?? '',
  ].filter((name) => name !== '');
  return names.length === 0 ? undefined : names.join(' ');
}

/** How many rows there are, the pages of a long list, and where the numbers come from. */
function foot<Row>(display: Display, given: Table<Row>): Markup {
  const { total, next, caption, asked, cursor = 'after' } = given;
  const to = (value?: string) =>
    here(display, { after: display.parameters['after'], [cursor]: value });
  const { rows, nextPage, firstPage } = display.t.table;
  const isLater = display.parameters[cursor] !== undefined;
  const hasNext = next !== undefined && next !== null;
  const hasTotal = total !== undefined && total !== null;
  if (asked === undefined && !hasTotal && !hasNext && !isLater) return null;
  return html`<div class="table-foot">
    ${hasTotal && html`<span class="rows">${rows(display.f.count(total))}</span>`}
    ${
      (hasNext || (isLater && next !== undefined)) &&
      html`<nav class="pages" aria-label=${caption}>
        ${isLater && html`<a href=${to()}>${firstPage}</a>`}
        ${hasNext && html`<a href=${to(next)} rel="next">${nextPage}</a>`}
      </nav>`
    }
    ${asked && sources(display, asked, caption)}
  </div>`;
}

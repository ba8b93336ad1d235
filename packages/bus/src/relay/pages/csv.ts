import type { Page } from '../figures/types.ts';
import type { ViewerSource } from '../http/source.ts';
import * as parameters from '../http/parameters.ts';
import { Problem, notFound } from '../http/problem.ts';

/** Rows of one file; a longer list says so in its last line. */
export const MAX_CSV_ROWS = 100_000;
const ROWS_AT_ONCE = 1_000;
/** Spreadsheets run what begins so; the quote in front keeps it text. */
const FORMULA = /^[=+\-@\t\r]/u;

type Row = Readonly<Record<string, unknown>>;
type NextPage = (paging: { limit: number; after?: string }) => Page<object>;

/**
 * The rows of a table as CSV (RFC 4180, UTF-8 with a mark at the front, which Excel wants), in the
 * API's names; nested figures stand under their own names.
 *
 * @throws {@link Problem} `parameter-invalid`, `not-found`.
 */
export function* writeCsv(source: ViewerSource, name: string, query: unknown): Generator<string> {
  const ask = questionOf(source, name, query);
  let after: string | null = null;
  let columns: readonly string[] | undefined;
  let count = 0;
  do {
    const page: Page<object> = ask({
      limit: ROWS_AT_ONCE,
      ...(after === null ? {} : { after }),
    });
    for (const row of page.rows.map((one) => flatten(Object.entries(one)))) {
      columns ??= Object.keys(row);
      if (count === 0) yield `\u{FEFF}${line(columns)}`;
      count += 1;
      yield line(columns.map((column) => row[column]));
    }
    after = page.next;
  } while (after !== null && count < MAX_CSV_ROWS);
  if (count === 0) yield '\u{FEFF}';
  if (after !== null) yield line([`… ${MAX_CSV_ROWS} rows`]);
}

function questionOf(source: ViewerSource, name: string, query: unknown): NextPage {
  switch (name) {
    case 'breakdown': {
      const request = parameters.toBreakdownRequest(read(parameters.breakdownQuery, query));
      return (paging) => source.breakdown({ ...request, ...paging });
    }
    case 'deliveries': {
      const request = parameters.toDeliveriesRequest(read(parameters.deliveriesQuery, query));
      return (paging) => source.deliveries({ ...request, ...paging });
    }
    case 'gaps': {
      const request = parameters.toGapsRequest(read(parameters.gapsQuery, query));
      return (paging) => source.gaps({ ...request, ...paging });
    }
    case 'agencies': {
      const request = parameters.toAgenciesRequest(read(parameters.agenciesQuery, query));
      return (paging) => source.agencies({ ...request, ...paging });
    }
    case 'alerts': {
      const request = parameters.toAlertsRequest(read(parameters.alertsQuery, query));
      return (paging) => source.alerts({ ...request, ...paging });
    }
    default:
      throw notFound();
  }
}

interface Schema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[] }[] };
      };
}

function read<T>(schema: Schema<T>, query: unknown): T {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const parameter = String(result.error.issues[0]?.path[0] ?? 'query');
  throw new Problem('parameter-invalid', `${parameter} cannot be used`, parameter);
}

function flatten(entries: readonly (readonly [string, unknown])[], prefix = ''): Row {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    if (name === 'figures') Object.assign(flat, flatten(fieldsOf(value)));
    else if (name === 'before' && prefix === '' && isObject(value)) {
      flat['rate_electronic_before'] = Reflect.get(value, 'rate_electronic');
    } else if (isObject(value)) Object.assign(flat, flatten(fieldsOf(value), `${prefix}${name}_`));
    else flat[`${prefix}${name}`] = value;
  }
  return flat;
}

/** Times that nobody has keep their two columns. */
function fieldsOf(value: unknown): [string, unknown][] {
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, one]) =>
    name.startsWith('time_to_') && one === null ? [name, { median: null, p95: null }] : [name, one],
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function line(cells: readonly unknown[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return JSON.stringify(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

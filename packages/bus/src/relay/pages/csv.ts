import { csvHeader, csvRows } from '../figures/csv.ts';
import type { FlatTable } from '../figures/flat-row.ts';
import type { Page } from '../figures/types.ts';
import type { ViewerSource } from '../http/source.ts';
import * as parameters from '../http/parameters.ts';
import { Problem, notFound } from '../http/problem.ts';

/** Rows of one file; a longer list says so in its last line. */
const MAX_CSV_ROWS = 100_000;
const ROWS_AT_ONCE = 1_000;

type NextPage = (paging: { limit: number; after?: string }) => Page<object>;

/**
 * The rows of a table as CSV (RFC 4180, UTF-8 with a mark at the front, which Excel wants), in the
 * API's names.
 *
 * @throws {@link Problem} `parameter-invalid`, `not-found`.
 */
export function* writeCsv(source: ViewerSource, name: string, query: unknown): Generator<string> {
  const { table, ask } = questionOf(source, name, query);
  // What may not be asked throws here, before anything of an answer has left.
  let page = ask({ limit: ROWS_AT_ONCE });
  yield `\u{FEFF}${csvHeader(table)}`;
  let count = 0;
  for (;;) {
    yield csvRows(table, page.rows);
    count += page.rows.length;
    if (page.next === null) return;
    if (count >= MAX_CSV_ROWS) break;
    page = ask({ limit: ROWS_AT_ONCE, after: page.next });
  }
  yield `… ${MAX_CSV_ROWS} rows\r\n`;
}

interface Question {
  readonly table: FlatTable;
  readonly ask: NextPage;
}

function questionOf(source: ViewerSource, name: string, query: unknown): Question {
  switch (name) {
    case 'breakdown': {
      const request = parameters.toBreakdownRequest(read(parameters.breakdownQuery, query));
      return { table: name, ask: (paging) => source.breakdown({ ...request, ...paging }) };
    }
    case 'deliveries': {
      const request = parameters.toDeliveriesRequest(read(parameters.deliveriesQuery, query));
      return { table: name, ask: (paging) => source.deliveries({ ...request, ...paging }) };
    }
    case 'gaps': {
      const request = parameters.toGapsRequest(read(parameters.gapsQuery, query));
      return { table: name, ask: (paging) => source.gaps({ ...request, ...paging }) };
    }
    case 'agencies': {
      const request = parameters.toAgenciesRequest(read(parameters.agenciesQuery, query));
      return { table: name, ask: (paging) => source.agencies({ ...request, ...paging }) };
    }
    case 'register': {
      const request = parameters.toRegisterRequest(read(parameters.registerQuery, query));
      return { table: name, ask: (paging) => source.register({ ...request, ...paging }) };
    }
    case 'alerts': {
      const request = parameters.toAlertsRequest(read(parameters.alertsQuery, query));
      return { table: name, ask: (paging) => source.alerts({ ...request, ...paging }) };
    }
    case 'contradictions': {
      const request = parameters.toContradictionsRequest(
        read(parameters.contradictionsQuery, query),
      );
      return { table: name, ask: (paging) => source.contradictions({ ...request, ...paging }) };
    }
    case 'late': {
      const request = parameters.toStatementsRequest(read(parameters.statementsQuery, query));
      return { table: name, ask: (paging) => source.late({ ...request, ...paging }) };
    }
    case 'rejected': {
      read(parameters.rejectedQuery, query);
      return { table: name, ask: (paging) => source.rejected(paging) };
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
  throw new Problem('parameter-invalid', `${parameter} cannot be used`, { parameter });
}

import type { FiguresAnswer, FiguresRequest, GapRow, RelayFigures } from '@congvan/bus/figures';

import type { Cli } from '../context.ts';
import { formatFor } from './format.ts';
import { MAX_LIMIT, MAX_ROWS_HELD, readRows } from './read-pages.ts';

/** Names in one sentence at most; `agencies` and `gaps` list them all. */
const MAX_NAMED = 20;

/** What the sentences are about. */
interface Asked {
  readonly request: FiguresRequest;
  readonly answer: FiguresAnswer;
  /** Whether the scope speaks of senders; what these lack is unknown when it does not. */
  readonly isOfSenders: boolean;
  /** Missing reports that are read at most, to name whose they are. */
  readonly maxReports?: number;
}

/**
 * Silence is never counted as zero: who reported nothing, and what is missing, as sentences. None: all
 * of it was looked for, and nothing is missing.
 *
 * @throws {@link CliError} `CLI_GIVEN_UP` after Ctrl-C.
 */
export async function lackingOf(cli: Cli, relay: RelayFigures, asked: Asked): Promise<string[]> {
  const { lacking } = cli.messages.stats;
  const { count } = formatFor(cli);
  const { as_of: asOf, period } = asked.answer;
  // Nobody is silent in days that are to come.
  if (period.from > asOf.day) return [lacking.toCome];
  const said = asked.isOfSenders ? await lackingOfSenders(cli, relay, asked) : [lacking.bySender];
  if (asOf.rebuilding !== undefined) said.push(lacking.rebuilding(count(asOf.rebuilding)));
  if (asOf.settling !== undefined) said.push(lacking.settling);
  if (period.to >= asOf.day) said.push(lacking.open);
  return said;
}

async function lackingOfSenders(cli: Cli, relay: RelayFigures, asked: Asked): Promise<string[]> {
  const { lacking } = cli.messages.stats;
  const { count } = formatFor(cli);
  const { request, answer } = asked;
  const { figures, agencies_silent: silentCount } = answer;
  const said: string[] = [];
  if (silentCount > 0) {
    const silent = relay.agencies({ ...request, standing: 'silent', limit: MAX_NAMED }).rows;
    const names = silent.map(({ code, name }) => `${code} ${name}`);
    if (silentCount > names.length) names.push(lacking.more(count(silentCount - names.length)));
    said.push(lacking.silent(count(silentCount), names.join('; ')));
  }
  if (figures.missing_numbers > 0) {
    said.push(lackingNumbers(cli, relay, request, figures.missing_numbers));
  }
  const reporters = figures.lower_bound ? await namesLackingReports(cli, relay, asked) : '';
  if (reporters !== '') said.push(lacking.reports(reporters));
  else if (figures.lower_bound) said.push(lacking.lowerBound);
  if (figures.undelivered > 0) said.push(lacking.undelivered(count(figures.undelivered)));
  if (figures.void_numbers > 0) said.push(lacking.voids(count(figures.void_numbers)));
  if (figures.contradictions > 0) said.push(lacking.contradictions(count(figures.contradictions)));
  return said;
}

/** @param missing - numbers, of which one gap may have many. */
function lackingNumbers(
  cli: Cli,
  relay: RelayFigures,
  request: FiguresRequest,
  missing: number,
): string {
  const { lacking } = cli.messages.stats;
  const { count } = formatFor(cli);
  const { rows } = relay.gaps({ ...request, kind: 'register', limit: MAX_NAMED });
  const named = rows.reduce((numbers, { first, last }) => numbers + last - first + 1, 0);
  const names = rows.map(nameGap);
  if (missing > named) names.push(lacking.moreNumbers(count(missing - named)));
  return lacking.registers(count(missing), names.join('; '));
}

/** Agencies once each, however many of their reports are missing; `''` without any. */
async function namesLackingReports(
  cli: Cli,
  relay: RelayFigures,
  { request, maxReports = MAX_ROWS_HELD }: Asked,
): Promise<string> {
  const { lacking } = cli.messages.stats;
  const { count } = formatFor(cli);
  const codes = new Set<string>();
  const { next } = await readRows(
    cli,
    (paging) => {
      const page = relay.gaps({ ...request, ...paging, kind: 'report' });
      for (const { agency } of page.rows) codes.add(agency);
      return page;
    },
    { limit: MAX_LIMIT, all: true, maxRows: maxReports },
  );
  const names = [...codes].slice(0, MAX_NAMED);
  const rest = count(codes.size - names.length);
  if (next !== null) names.push(lacking.more(`≥ ${rest}`));
  else if (codes.size > names.length) names.push(lacking.more(rest));
  return names.join('; ');
}

function nameGap({ agency, year, first, last }: GapRow): string {
  return first === last ? `${agency} ${first}/${year}` : `${agency} ${first}–${last}/${year}`;
}

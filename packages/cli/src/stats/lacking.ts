import type { FiguresAnswer, FiguresRequest, GapRow, RelayFigures } from '@congvan/bus/figures';

import type { Cli } from '../context.ts';
import { formatFor } from './format.ts';

/** Names in one sentence at most; `agencies` and `gaps` list them all. */
const MAX_NAMED = 20;
const MAX_GAPS = 1_000;

/** Silence is never counted as zero: who reported nothing, and what is missing, as sentences. */
export function lackingOf(
  cli: Cli,
  relay: RelayFigures,
  request: FiguresRequest,
  answer: FiguresAnswer,
): string[] {
  const { lacking } = cli.messages.stats;
  const { count } = formatFor(cli);
  const { figures, agencies_silent: silentCount, as_of: asOf, period } = answer;
  const gaps = relay.gaps({ ...request, limit: MAX_GAPS }).rows;
  const registers = gaps.filter(({ kind }) => kind === 'register').map(nameGap);
  const reports = gaps.filter(({ kind }) => kind === 'report').map(({ agency }) => agency);
  const named = (names: readonly string[], total = names.length): string => {
    const shown = names.slice(0, MAX_NAMED);
    const rest = total - shown.length;
    return [...shown, ...(rest > 0 ? [lacking.more(count(rest))] : [])].join('; ');
  };
  const said: string[] = [];
  if (silentCount > 0) {
    const silent = relay.agencies({ ...request, standing: 'silent', limit: MAX_NAMED }).rows;
    const names = silent.map(({ code, name }) => `${code} ${name}`);
    said.push(lacking.silent(count(silentCount), named(names, silentCount)));
  }
  if (registers.length > 0) said.push(lacking.registers(named(registers)));
  if (reports.length > 0) said.push(lacking.reports(named([...new Set(reports)])));
  else if (figures.lower_bound) said.push(lacking.lowerBound);
  if (figures.undelivered > 0) said.push(lacking.undelivered(count(figures.undelivered)));
  if (figures.void_numbers > 0) said.push(lacking.voids(count(figures.void_numbers)));
  if (figures.contradictions > 0) said.push(lacking.contradictions(count(figures.contradictions)));
  if (asOf.rebuilding !== undefined) said.push(lacking.rebuilding(count(asOf.rebuilding)));
  if (asOf.settling !== undefined) said.push(lacking.settling);
  if (period.to >= asOf.day) said.push(lacking.open);
  return said;
}

function nameGap({ agency, year, first, last }: GapRow): string {
  return first === last ? `${agency} ${first}/${year}` : `${agency} ${first}–${last}/${year}`;
}

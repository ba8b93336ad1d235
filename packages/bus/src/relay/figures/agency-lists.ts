import type { FigureGap } from '../storage/figure-gap-store.ts';
import type { MissingReports } from '../storage/figure-queries.ts';
import { type Agency, type Span, firstOf, lastOpenDay, overlaps } from './agency.ts';
import type { Heard } from './heard.ts';
import { mayConcern } from './missing-reports.ts';
import type { Question } from './answers.ts';
import { readCursor, readLimit, writeCursor } from './paging.ts';
import { badRequest } from './period.ts';
import { isInScope, isInScopeOn, standingOf } from './scope.ts';
import type {
  AgencyRow,
  AgencyStanding,
  FiguresRequest,
  GapRow,
  Page,
  PageRequest,
} from './types.ts';

const STANDINGS: readonly string[] = [
  'reporting',
  'silent',
  'not-open',
  'closed',
] satisfies AgencyStanding[];

/** The agencies of a scope by code; one that stood in it when it was last open before the period's end. */
export function answerAgencies(
  { index, scope, period, reader, queries, asOf }: Question,
  request: FiguresRequest & PageRequest & { readonly standing?: AgencyStanding },
): Page<AgencyRow> {
  const limit = readLimit(request);
  const { standing: wanted } = request;
  if (wanted !== undefined && !STANDINGS.includes(wanted)) {
    throw badRequest('standing', `it is one of ${STANDINGS.join(', ')}`);
  }
  const [after] = request.after === undefined ? [''] : readCursor(request.after, [''] as const);
  const heard = reader.heardIn(period);
  const only = scope.agency === null ? undefined : index.find(scope.agency);
  const found = (only === undefined ? index.agencies : [only]).flatMap((agency) => {
    const place = agency.places.findLast(({ fromDay }) => fromDay <= lastOpenDay(agency, period));
    if (place === undefined) return [];
    // One that was taken over is listed as itself, by the place of who took over.
    const stands = { ...standingOf(agency.code, place, scope.isNow), code: agency.code };
    if (!isInScope(stands, scope)) return [];
    const standing = standingIn(agency, period, heard);
    return wanted === undefined || standing === wanted ? [{ agency, place: stands, standing }] : [];
  });
  const rest = found.filter(({ agency }) => agency.code > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    as_of: asOf,
    rows: page.map(({ agency: { code, name, site }, place, standing }) => {
      const { lastReportMs, missingReports, ...facts } = queries.agencyFacts(code);
      return {
        code,
        name,
        tier: place.tier,
        parent: firstOf(place.above) || null,
        site,
        standing,
        last_report_at: lastReportMs === null ? null : new Date(lastReportMs).toISOString(),
        missing_reports: missingReports,
        contradictions: facts.contradictions,
        contradictions_further: facts.furtherContradictions,
      };
    }),
    total: found.length,
    next: rest.length > limit && last !== undefined ? writeCursor([last.agency.code]) : null,
  };
}

function standingIn({ ordinal, open }: Agency, span: Span, heard: Heard): AgencyStanding {
  if (open.some((one) => overlaps(one, span))) return heard.has(ordinal) ? 'reporting' : 'silent';
  return open.some(({ to }) => to < span.from) ? 'closed' : 'not-open';
}

/** Gaps of registers, then of report chains, each by agency and number. */
export function answerGaps(
  question: Question,
  request: FiguresRequest & PageRequest & { readonly kind?: GapRow['kind'] },
): Page<GapRow> {
  const limit = readLimit(request);
  const { kind } = request;
  if (kind !== undefined && kind !== 'register' && kind !== 'report') {
    throw badRequest('kind', 'it is register or report');
  }
  const start = ['register', '', 0, 0] as const;
  const after = request.after === undefined ? start : readCursor(request.after, start);
  const rows: GapRow[] = [];
  if (kind !== 'report' && after[0] === 'register') {
    addRegisterGaps(rows, question, [after[1], after[2], after[3]], limit);
  }
  if (kind !== 'register' && rows.length <= limit) {
    const from = after[0] === 'report' ? ([after[1], after[3]] as const) : (['', 0] as const);
    addReportGaps(rows, question, from, limit);
  }
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    as_of: question.asOf,
    rows: page,
    total: null,
    next:
      rows.length > limit && last !== undefined
        ? writeCursor([last.kind, last.agency, last.year ?? 0, last.first])
        : null,
  };
}

/** `after` for the gaps that follow those in the reports of an agency. */
export function afterReportGapsOf(agency: string): string {
  return writeCursor(['report', agency, 0, Number.MAX_SAFE_INTEGER]);
}

function addRegisterGaps(
  rows: GapRow[],
  { queries, index, scope, period }: Question,
  after: readonly [string, number, number],
  limit: number,
): void {
  const isAfter = (gap: FigureGap): boolean =>
    gap.agency > after[0] ||
    (gap.agency === after[0] &&
      (gap.year > after[1] || (gap.year === after[1] && gap.first > after[2])));
  // Of one agency and those it took over their own are read, not those of the whole country.
  const found =
    scope.agency === null
      ? queries.iterateGaps(period, after)
      : index
          .sourcesOf(scope.agency, scope.isNow)
          .flatMap(({ code }) => queries.gapsOf(code))
          .filter((gap) => overlaps({ from: gap.fromDay, to: gap.toDay }, period) && isAfter(gap));
  for (const gap of found) {
    const agency = index.find(gap.agency);
    if (agency === undefined || !isInScopeOn(agency, scope, gap.fromDay)) continue;
    const { code, name } = agency;
    const { year, first, last, afterDay, beforeDay } = gap;
    const days = { after: afterDay, before: beforeDay };
    rows.push({ agency: code, name, kind: 'register', year, first, last, ...days });
    if (rows.length > limit) return;
  }
}

function addReportGaps(
  rows: GapRow[],
  { reader, index, scope, period }: Question,
  [code, first]: readonly [string, number],
  limit: number,
): void {
  const isAfter = (one: MissingReports): boolean =>
    one.agency > code || (one.agency === code && one.first > first);
  for (const missing of reader.missingReports()) {
    const { agency, first: from, last, latest: before } = missing;
    const holder = isAfter(missing) ? index.find(agency) : undefined;
    if (holder === undefined || !mayConcern(missing, holder, scope, period)) continue;
    const { name } = holder;
    rows.push({ agency, name, kind: 'report', year: null, first: from, last, after: null, before });
    if (rows.length > limit) return;
  }
}

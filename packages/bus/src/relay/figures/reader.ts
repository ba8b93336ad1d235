import { addDays, dateInVietnam } from '../../calendar/vietnam-time.ts';
import type { FigureQueries, GroupCell, MissingReports } from '../storage/figure-queries.ts';
import type { FigureState } from '../storage/figure-store.ts';
import { type Agency, type AgencyIndex, type Span, lastOpenDay, overlaps } from './agency-index.ts';
import { Sum } from './cell.ts';
import { MemberCount } from './member-count.ts';
import { bucketsOf, splitPeriod, periodOf } from './period.ts';
import { type Scope, isInScope, isInScopeOn, spansInScope, standingOf, topOf } from './scope.ts';
import type { Figures } from './types.ts';

/** What one answer is read from: a snapshot of the database and the agencies of that moment. */
export interface Snapshot {
  readonly queries: FigureQueries;
  readonly index: AgencyIndex;
  readonly state: FigureState;
}

/** Adds up cells for a scope and a span of days. */
export class FigureReader {
  readonly #queries: FigureQueries;
  readonly #index: AgencyIndex;
  readonly #sum = new Sum();
  readonly #counters = new Map<string, MemberCount>();
  readonly #heard = new Map<string, ReadonlySet<string>>();
  #missing: readonly MissingReports[] | undefined;

  constructor({ queries, index }: Snapshot) {
    this.#queries = queries;
    this.#index = index;
  }

  figures(scope: Scope, span: Span): Figures {
    this.#sum.clear();
    this.addTo(this.#sum, scope, span);
    return this.figuresOf(this.#sum, scope, span);
  }

  /** The figures of what was added up before, with what no record says. */
  figuresOf(sum: Sum, scope: Scope, span: Span): Figures {
    const missingNumbers = this.missingNumbers(scope, span);
    return sum.figures({ missingNumbers, reportsMissing: this.lacksReports(scope, span) });
  }

  addTo(sum: Sum, scope: Scope, span: Span): void {
    this.forEachCell(scope, span, 'sum', ({ data }) => sum.add(data));
  }

  /** The cells that make up a scope, by type or summed over all types. */
  forEachCell(
    scope: Scope,
    span: Span,
    types: 'sum' | 'each',
    take: (cell: Pick<GroupCell, 'documentType' | 'urgency' | 'data'>) => void,
  ): void {
    const only = scope.agency ?? scope.under;
    if (only !== null) {
      for (const agency of this.#sources(only, scope)) {
        for (const part of spansInScope(agency, scope, span)) {
          this.#ownCells(agency.code, part, scope, types, take);
        }
      }
    }
    const top = topOf(scope);
    if (top !== null) this.#groupCells(top, span, scope, types, take);
  }

  /** Numbers of gaps that may belong to the span. */
  missingNumbers(scope: Scope, span: Span): number {
    let numbers = 0;
    const only = scope.agency ?? scope.under;
    if (only !== null) {
      for (const agency of this.#sources(only, scope)) {
        for (const gap of this.#queries.gapsOf(agency.code)) {
          if (!overlaps({ from: gap.fromDay, to: gap.toDay }, span)) continue;
          if (isInScopeOn(agency, scope, gap.fromDay)) numbers += gap.last - gap.first + 1;
        }
      }
    }
    const top = topOf(scope);
    if (top === null) return numbers;
    for (const tier of scope.tiers) {
      numbers += this.#queries.gapNumbers(top, tier, 0, span);
      numbers += this.#queries.gapNumbers(top, tier, scope.isNow ? 2 : 1, span);
    }
    return numbers;
  }

  /** A report names documents issued before it was made: one made before a span cannot concern it. */
  lacksReports(scope: Scope, span: Span): boolean {
    return this.missingReports().some((missing) => this.mayConcern(missing, scope, span));
  }

  mayConcern({ agency: code, nextAtMs }: MissingReports, scope: Scope, span: Span): boolean {
    const latest = nextAtMs === null ? span.to : dateInVietnam(new Date(nextAtMs));
    if (latest < span.from) return false;
    const agency = this.#index.find(code);
    const day = latest < span.to ? latest : span.to;
    return agency !== undefined && isInScopeOn(agency, scope, day);
  }

  missingReports(): readonly MissingReports[] {
    this.#missing ??= this.#queries.missingReports();
    return this.#missing;
  }

  /** How many agencies of the scope were open at some time of the span, and reported nothing in it. */
  agencyCounts(scope: Scope, span: Span): { agencies: number; agencies_silent: number } {
    const key = JSON.stringify([scope.agency, scope.under, scope.tier, scope.isNow]);
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = new MemberCount(scope, this.#candidates(scope));
      this.#counters.set(key, counter);
    }
    return counter.in(span, this.heardIn(span));
  }

  /** Agencies whose figures go to the same one, side by side. */
  *#candidates(scope: Scope): Generator<readonly Agency[]> {
    if (scope.agency !== null) {
      yield this.#sources(scope.agency, scope);
      return;
    }
    for (const agency of this.#index.agencies) {
      const isHeir = !scope.isNow || agency.places[0]?.nowCode === agency.code;
      if (isHeir) yield scope.isNow ? this.#sources(agency.code, scope) : [agency];
    }
  }

  /** The agencies of a scope; by the structure of now, those taken over stand with their successor. */
  members(
    scope: Scope,
    span: Span,
    heard: ReadonlySet<string>,
  ): Map<string, { isOpen: boolean; isHeard: boolean }> {
    const members = new Map<string, { isOpen: boolean; isHeard: boolean }>();
    const candidates =
      scope.agency === null ? this.#index.agencies : this.#sources(scope.agency, scope);
    for (const agency of candidates) {
      const place = agency.places.findLast(({ fromDay }) => fromDay <= lastOpenDay(agency, span));
      if (place === undefined) continue;
      const standing = standingOf(agency.code, place, scope.isNow);
      if (!isInScope(standing, scope)) continue;
      const isOpen = agency.open.some((one) => overlaps(one, span));
      const isHeard = heard.has(agency.code);
      const known = members.get(standing.code);
      members.set(standing.code, {
        isOpen: isOpen || (known?.isOpen ?? false),
        isHeard: isHeard || (known?.isHeard ?? false),
      });
    }
    return members;
  }

  /** Agencies with a report made in the span, or a document that bears a day of it. */
  heardIn(span: Span): ReadonlySet<string> {
    const key = `${span.from} ${span.to}`;
    const known = this.#heard.get(key);
    if (known !== undefined) return known;
    const heard = new Set<string>();
    this.#heard.set(key, heard);
    const add = (bucket: string, mask: number): void => {
      for (const code of this.#queries.heard(bucket, mask)) heard.add(code);
    };
    for (const year of splitPeriod({ ...span, text: '', kind: null }, 'year')) {
      let months = 0;
      for (const month of splitPeriod(year, 'month')) {
        const whole = periodOf('month', month.from);
        const bit = 1 << (Number(month.text.slice(5, 7)) - 1);
        if (whole.from === month.from && whole.to === month.to) months |= bit;
        else add(month.text, dayMask(month));
      }
      if (months !== 0) add(year.text, months);
    }
    return heard;
  }

  /** By the structure of now an agency's figures hold those of the agencies it took over. */
  #sources(code: string, { isNow }: Scope): Agency[] {
    const codes = isNow ? this.#index.takenOverBy(code) : [code];
    return codes.flatMap((one) => this.#index.find(one) ?? []);
  }

  #ownCells(
    agency: string,
    span: Span,
    { documentType, urgency }: Scope,
    types: 'sum' | 'each',
    take: (cell: Pick<GroupCell, 'documentType' | 'urgency' | 'data'>) => void,
  ): void {
    const isWhole = documentType === null && urgency === null && types === 'sum';
    if (isWhole) {
      const days: string[] = [];
      for (const bucket of bucketsOf(span, ['year', 'month'])) {
        if (bucket.length === 10) {
          days.push(bucket);
          continue;
        }
        const data = this.#queries.own(bucket, agency);
        if (data !== undefined) take({ documentType: '', urgency: 2, data });
      }
      for (const day of days) for (const cell of this.#queries.ownDay(day, agency)) take(cell);
      return;
    }
    for (const day of this.#heardDays(agency, span)) {
      for (const cell of this.#queries.ownDay(day, agency)) {
        if (documentType !== null && cell.documentType !== documentType) continue;
        if (urgency !== null && cell.urgency !== urgency) continue;
        if (types === 'sum' || cell.documentType !== '') take(cell);
      }
    }
  }

  *#heardDays(agency: string, span: Span): Generator<string> {
    for (const { bucket, bits } of this.#queries.heardMonths(agency)) {
      if (bucket < span.from.slice(0, 7) || bucket > span.to.slice(0, 7)) continue;
      for (let index = 0; index < 31; index += 1) {
        const day = `${bucket}-${String(index + 1).padStart(2, '0')}`;
        if (((bits >> index) & 1) === 1 && day >= span.from && day <= span.to) yield day;
      }
    }
  }

  #groupCells(
    top: string,
    span: Span,
    { tiers, documentType, urgency, isNow }: Scope,
    types: 'sum' | 'each',
    take: (cell: GroupCell) => void,
  ): void {
    const other = isNow ? 2 : 1;
    for (const bucket of bucketsOf(span, ['month'])) {
      for (const tier of tiers) {
        const cells =
          types === 'each' && documentType === null
            ? this.#queries.groupTypes(bucket, top, tier)
            : this.#queries.group(bucket, top, tier, documentType ?? '');
        for (const cell of cells) {
          const isOfStructure = cell.structure === 0 || cell.structure === other;
          if (isOfStructure && (urgency === null || cell.urgency === urgency)) take(cell);
        }
      }
    }
  }
}

function dayMask({ from, to }: Span): number {
  let mask = 0;
  for (let day = from; day <= to; day = addDays(day, 1)) mask |= 1 << (Number(day.slice(8)) - 1);
  return mask;
}

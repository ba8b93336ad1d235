import { addDays } from '../../calendar/vietnam-time.ts';
import type { FigureQueries, MissingReports } from '../storage/figure-queries.ts';
import type { FigureState } from '../storage/figure-store.ts';
import { type Agency, type Span, overlaps } from './agency.ts';
import type { AgencyIndex } from './agency-index.ts';
import { Sum } from './cell.ts';
import type { FigureMemory } from './figure-memory.ts';
import { Heard } from './heard.ts';
import { MissingInGroups, MissingInScope } from './missing-reports.ts';
import { bucketsOf, splitPeriod, periodOf } from './period.ts';
import { CellsReadTogether, type Together } from './read-together.ts';
import { type Scope, isInScopeOn, spansInScope, topOf } from './scope.ts';
import type { AsOf, Figures } from './types.ts';

/** What one answer is read from: a snapshot of the database and the agencies of that moment. */
export interface Snapshot {
  readonly queries: FigureQueries;
  readonly memory: FigureMemory;
  readonly index: AgencyIndex;
  readonly state: FigureState;
  readonly asOf: AsOf;
}

const WHOLES = ['year', 'month'] as const;
const MAX_BUCKETED_SPANS = 1_000;

/** Cells of a list by days or months: more are read row by row. */
const MAX_READ_TOGETHER = 20_000;

/** One stored cell, and the type that it is of. */
type TakeCell = (data: Uint8Array, documentType: string) => void;

/** Adds up cells for a scope and a span of days. */
export class FigureReader {
  readonly #queries: FigureQueries;
  readonly #memory: FigureMemory;
  readonly #index: AgencyIndex;
  readonly #record: number;
  readonly #sum = new Sum();
  #groups: CellsReadTogether | undefined;
  #agencies: CellsReadTogether | undefined;
  readonly #buckets = new Map<string, readonly string[]>();
  readonly #missing = new WeakMap<Scope, MissingInScope>();
  readonly #missingInGroups = new Map<string, MissingInGroups>();

  constructor({ queries, memory, index, asOf }: Omit<Snapshot, 'state'>) {
    this.#queries = queries;
    this.#memory = memory;
    this.#index = index;
    this.#record = asOf.record;
  }

  figures(scope: Scope, span: Span): Figures {
    this.#sum.clear();
    this.addTo(this.#sum, scope, span);
    return this.figuresOf(this.#sum, scope, span);
  }

  /** The counters alone, without the times; good until the next call. */
  countersIn(scope: Scope, span: Span): Sum {
    this.#sum.clear();
    this.forEachCell(scope, span, 'sum', (data) => this.#sum.addCounters(data));
    return this.#sum;
  }

  /** The figures of what was added up before, with what no record says. */
  figuresOf(sum: Sum, scope: Scope, span: Span): Figures {
    const missingNumbers = this.missingNumbers(scope, span);
    return sum.figures({ missingNumbers, reportsMissing: this.lacksReports(scope, span) });
  }

  addTo(sum: Sum, scope: Scope, span: Span): void {
    this.forEachCell(scope, span, 'sum', (data) => sum.add(data));
  }

  /** The cells that make up a scope, by type or summed over all types. */
  forEachCell(scope: Scope, span: Span, types: 'sum' | 'each', take: TakeCell): void {
    const only = scope.agency ?? scope.under;
    if (only !== null) {
      for (const agency of this.#sources(only, scope)) {
        for (const part of spansInScope(agency, scope, span)) {
          this.#ownCells(agency, part, scope, types, take);
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
    const structure = scope.isNow ? 2 : 1;
    return numbers + this.#memory.gaps.in(span, { top, tier: scope.tier, structure });
  }

  lacksReports(scope: Scope, span: Span): boolean {
    const find = (code: string): Agency | undefined => this.#index.find(code);
    if (scope.under !== null && scope.agency === null) {
      const key = `${scope.isNow} ${scope.tier ?? ''}`;
      const groups =
        this.#missingInGroups.get(key) ?? new MissingInGroups(scope, this.missingReports(), find);
      this.#missingInGroups.set(key, groups);
      return groups.mayConcern(scope, span);
    }
    let missing = this.#missing.get(scope);
    if (missing === undefined) {
      missing = new MissingInScope(scope, this.#missingIn(scope), find);
      this.#missing.set(scope, missing);
    }
    return missing.mayConcern(span);
  }

  #missingIn(scope: Scope): readonly MissingReports[] {
    if (scope.agency === null) return this.missingReports();
    const codes = new Set(this.#sources(scope.agency, scope).map(({ code }) => code));
    return this.missingReports().filter(({ agency }) => codes.has(agency));
  }

  missingReports(): readonly MissingReports[] {
    return this.#memory.missingReports(this.#record);
  }

  /** How many agencies of the scope were open at some time of the span, and reported nothing in it. */
  agencyCounts(scope: Scope, span: Span): { agencies: number; agencies_silent: number } {
    return this.#index.membersOf(scope).in(span, this.heardIn(span));
  }

  /** Agencies with a report made in the span, or a document that bears a day of it. */
  heardIn(span: Span): Heard {
    const parts: [Int32Array, number][] = [];
    for (const year of splitPeriod({ ...span, text: '', kind: null }, 'year')) {
      let months = 0;
      for (const month of splitPeriod(year, 'month')) {
        const whole = periodOf('month', month.from);
        const bit = 1 << (Number(month.text.slice(5, 7)) - 1);
        if (whole.from === month.from && whole.to === month.to) months |= bit;
        else parts.push([this.#memory.heard(month.text), dayMask(month)]);
      }
      if (months !== 0) parts.push([this.#memory.heard(year.text), months]);
    }
    return new Heard(parts);
  }

  #sources(code: string, { isNow }: Scope): Agency[] {
    return this.#index.sourcesOf(code, isNow);
  }

  #ownCells(
    agency: Agency,
    span: Span,
    { documentType, urgency }: Scope,
    types: 'sum' | 'each',
    take: TakeCell,
  ): void {
    const filter = { documentType, urgency, tier: null, structure: 1 } as const;
    const read = this.#agencies?.fits(filter) === true ? this.#agencies : undefined;
    const isWhole = documentType === null && urgency === null;
    // Months and years do not tell type by type.
    for (const bucket of this.#bucketsOf(span, types === 'sum' ? WHOLES : [])) {
      if (bucket.length === 10) {
        if (this.#isHeardOn(agency, bucket)) this.#ownDay(agency.code, bucket, filter, types, take);
        continue;
      }
      const known = read?.find(bucket, agency.code);
      if (known !== undefined) for (const data of known) take(data, '');
      else if (isWhole) {
        const data = this.#queries.cells.own(bucket, agency.code);
        if (data !== undefined) take(data, '');
      } else {
        const cells = this.#queries.cells.ownPart(bucket, documentType ?? '', agency.code);
        for (const cell of cells) {
          if (urgency === null || cell.urgency === urgency) take(cell.data, cell.documentType);
        }
      }
    }
  }

  #ownDay(
    agency: string,
    day: string,
    { documentType, urgency }: Pick<Scope, 'documentType' | 'urgency'>,
    types: 'sum' | 'each',
    take: TakeCell,
  ): void {
    for (const cell of this.#queries.cells.ownDay(day, agency)) {
      const isWanted =
        (documentType === null || cell.documentType === documentType) &&
        (urgency === null || cell.urgency === urgency) &&
        (types === 'sum' || cell.documentType !== '');
      if (isWanted) take(cell.data, cell.documentType);
    }
  }

  /** An agency has a cell only for days on which it was heard of, or that a document of it bears. */
  #isHeardOn({ ordinal }: Agency, day: string): boolean {
    const bits = this.#memory.heard(day.slice(0, 7))[ordinal] ?? 0;
    return ((bits >> (Number(day.slice(8)) - 1)) & 1) === 1;
  }

  #groupCells(
    top: string,
    span: Span,
    { tier, documentType, urgency, isNow }: Scope,
    types: 'sum' | 'each',
    take: TakeCell,
  ): void {
    const type = types === 'each' ? documentType : (documentType ?? '');
    const filter = { tier, urgency, structure: isNow ? 2 : 1, documentType: type } as const;
    const read = this.#groups?.fits(filter) === true ? this.#groups : undefined;
    const left: string[] = [];
    for (const bucket of this.#bucketsOf(span, WHOLES)) {
      const known = read?.find(bucket, top);
      if (known === undefined) left.push(bucket);
      else for (const data of known) take(data, type ?? '');
    }
    if (left.length === 0) return;
    const cells = this.#queries.cells.group({ ...filter, buckets: left, tops: [top] });
    for (const [, , ofType, data] of cells) take(data, ofType);
  }

  /** Reads at once what the rows of a list need of groups, one group or span after the other. */
  readTogether(scope: Scope, tops: readonly string[], spans: readonly Span[]): void {
    const filter = this.#together(scope, tops, spans, scope.documentType ?? '');
    if (filter === undefined) return;
    this.#groups = CellsReadTogether.ofGroups(this.#queries.cells, filter);
  }

  /** The same of agencies alone. */
  readAgenciesTogether(scope: Scope, codes: readonly string[], spans: readonly Span[]): void {
    const filter = this.#together(scope, codes, spans, scope.documentType);
    if (filter === undefined) return;
    const buckets = filter.buckets.filter((bucket) => bucket.length < 10);
    const own = { ...filter, buckets, tier: null, structure: 1 } as const;
    this.#agencies = CellsReadTogether.ofAgencies(this.#queries.cells, own);
  }

  #together(
    { tier, urgency, isNow }: Scope,
    codes: readonly string[],
    spans: readonly Span[],
    documentType: string | null,
  ): Together | undefined {
    const buckets = [...new Set(spans.flatMap((span) => this.#bucketsOf(span, WHOLES)))];
    if (buckets.length * codes.length > MAX_READ_TOGETHER) return undefined;
    return { tier, urgency, structure: isNow ? 2 : 1, documentType, buckets, codes };
  }

  /** A list asks for the same spans of each of its rows. */
  #bucketsOf(span: Span, kinds: readonly ('year' | 'month')[]): readonly string[] {
    const key = `${span.from} ${span.to} ${kinds.length}`;
    const known = this.#buckets.get(key) ?? bucketsOf(span, kinds);
    if (this.#buckets.size < MAX_BUCKETED_SPANS) this.#buckets.set(key, known);
    return known;
  }
}

function dayMask({ from, to }: Span): number {
  let mask = 0;
  for (let day = from; day <= to; day = addDays(day, 1)) mask |= 1 << (Number(day.slice(8)) - 1);
  return mask;
}

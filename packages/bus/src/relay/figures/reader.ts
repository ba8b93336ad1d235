import { addDays } from '../../calendar/vietnam-time.ts';
import type {
  FigureQueries,
  GroupCell,
  MissingReports,
  OwnCell,
} from '../storage/figure-queries.ts';
import type { FigureState } from '../storage/figure-store.ts';
import { type Agency, type Span, overlaps } from './agency.ts';
import type { AgencyIndex } from './agency-index.ts';
import { Sum } from './cell.ts';
import type { FigureMemory } from './figure-memory.ts';
import { GapNumbers } from './gap-numbers.ts';
import { Heard } from './heard.ts';
import { MissingInScope } from './missing-reports.ts';
import { bucketsOf, splitPeriod, periodOf } from './period.ts';
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
const MAX_BUCKETED_SPANS = 64;

/** Groups of a list by days or months: more are read row by row. */
const MAX_READ_TOGETHER = 20_000;

interface Together {
  readonly tiers: Scope['tiers'];
  readonly documentType: string;
  readonly tops: ReadonlySet<string>;
  readonly buckets: ReadonlySet<string>;
  readonly cells: ReadonlyMap<string, readonly GroupCell[]>;
}

/** Adds up cells for a scope and a span of days. */
export class FigureReader {
  readonly #queries: FigureQueries;
  readonly #memory: FigureMemory;
  readonly #index: AgencyIndex;
  readonly #record: number;
  readonly #sum = new Sum();
  readonly #gapNumbers: GapNumbers;
  #together: Together | undefined;
  readonly #buckets = new Map<string, readonly string[]>();
  readonly #missing = new WeakMap<Scope, MissingInScope>();

  constructor({ queries, memory, index, asOf }: Omit<Snapshot, 'state'>) {
    this.#queries = queries;
    this.#memory = memory;
    this.#index = index;
    this.#record = asOf.record;
    this.#gapNumbers = new GapNumbers(queries);
  }

  figures(scope: Scope, span: Span): Figures {
    this.#sum.clear();
    this.addTo(this.#sum, scope, span);
    return this.figuresOf(this.#sum, scope, span);
  }

  /** The counters alone; good until the next call. */
  countersIn(scope: Scope, span: Span): Sum {
    this.#sum.clear();
    this.addTo(this.#sum, scope, span);
    return this.#sum;
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
    const structure = scope.isNow ? 2 : 1;
    return numbers + this.#gapNumbers.in(span, { top, tiers: scope.tiers, structure });
  }

  lacksReports(scope: Scope, span: Span): boolean {
    let missing = this.#missing.get(scope);
    if (missing === undefined) {
      missing = new MissingInScope(scope, this.missingReports(), (code) => this.#index.find(code));
      this.#missing.set(scope, missing);
    }
    return missing.mayConcern(span);
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
    agency: string,
    span: Span,
    { documentType, urgency }: Scope,
    types: 'sum' | 'each',
    take: (cell: Pick<GroupCell, 'documentType' | 'urgency' | 'data'>) => void,
  ): void {
    const isWhole = documentType === null && urgency === null && types === 'sum';
    if (isWhole) {
      const days: string[] = [];
      for (const bucket of this.#bucketsOf(span, WHOLES)) {
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
    const isWanted = (cell: OwnCell): boolean =>
      (documentType === null || cell.documentType === documentType) &&
      (urgency === null || cell.urgency === urgency) &&
      (types === 'sum' || cell.documentType !== '');
    const wholes = types === 'sum' ? WHOLES : [];
    const days = new Set<string>();
    for (const bucket of this.#bucketsOf(span, wholes)) {
      if (bucket.length === 10) {
        days.add(bucket);
        continue;
      }
      const cells = this.#queries.ownPart(bucket, documentType ?? '', agency);
      for (const cell of cells) if (urgency === null || cell.urgency === urgency) take(cell);
    }
    if (days.size === 0) return;
    for (const day of this.#heardDays(agency, span)) {
      if (!days.has(day)) continue;
      for (const cell of this.#queries.ownDay(day, agency)) if (isWanted(cell)) take(cell);
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
    const buckets = this.#bucketsOf(span, WHOLES);
    const type = types === 'each' ? documentType : (documentType ?? '');
    const structure = isNow ? 2 : 1;
    const read = this.#together;
    const isRead = read?.tiers === tiers && read.documentType === type && read.tops.has(top);
    const left = isRead ? buckets.filter((bucket) => !read.buckets.has(bucket)) : buckets;
    const cells = isRead ? buckets.flatMap((one) => read.cells.get(`${one} ${top}`) ?? []) : [];
    if (left.length > 0) {
      const tops = [top];
      cells.push(
        ...this.#queries.group({ buckets: left, tops, tiers, structure, documentType: type }),
      );
    }
    for (const cell of cells) if (urgency === null || cell.urgency === urgency) take(cell);
  }

  /** Reads at once what the rows of a list need, one group or span after the other. */
  readTogether(
    { tiers, documentType, isNow }: Scope,
    tops: readonly string[],
    spans: readonly Span[],
  ): void {
    const buckets = new Set(spans.flatMap((span) => this.#bucketsOf(span, WHOLES)));
    if (buckets.size * tops.length > MAX_READ_TOGETHER) return;
    const which = { buckets: [...buckets], tops, tiers, documentType: documentType ?? '' };
    const cells = this.#queries.group({ ...which, structure: isNow ? 2 : 1 });
    const byPlace = Map.groupBy(cells, ({ bucket, top }) => `${bucket} ${top}`);
    this.#together = { ...which, buckets, tops: new Set(tops), cells: byPlace };
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

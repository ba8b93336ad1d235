import { TIERS, type Tier } from '../../agency/tier.ts';
import { type Agency, type Span, firstOf, tierOf } from './agency.ts';
import { AgencyTable } from './agency-table.ts';
import type { Question } from './answers.ts';
import { type Delta, Sum, addTo, forEachPair, ratio } from './cell.ts';
import { endOfPage, pageOf, readLimit } from './paging.ts';
import { type Period, type PeriodKind, badRequest, periodBefore, splitPeriod } from './period.ts';
import { type Scope, topOf } from './scope.ts';
import { type SortKey, type Sortable, compareRows, readSort } from './sort.ts';
import { putFirst } from './put-first.ts';
import { targetOf } from './targets.ts';
import {
  BREAKDOWN_KEYS,
  type BreakdownRequest,
  type BreakdownRow,
  type Figures,
  type Page,
} from './types.ts';

type Row = Sortable & { readonly row: BreakdownRow };

/** Rows of one request at most; a range of days of twenty years has 7,300. */
const MAX_PERIOD_ROWS = 10_000;

/** Lists of agencies in such an order need no counters. */
const UNCOUNTED: ReadonlySet<SortKey> = new Set(['key', 'name', 'missing_numbers']);

/** A figure for each tier, agency, child, type, urgency or period of a scope. */
export class Breakdown {
  readonly #question: Question;
  readonly #request: BreakdownRequest;
  readonly #known = new Map<string, Figures>();
  readonly #sort: { readonly key: SortKey; readonly isDescending: boolean };

  constructor(question: Question, request: BreakdownRequest) {
    this.#question = question;
    this.#request = request;
    this.#sort = readSort(request.sort ?? 'key');
    if (!BREAKDOWN_KEYS.includes(request.by))
      throw badRequest('by', `it is one of ${BREAKDOWN_KEYS.join(', ')}`);
  }

  answer(): Page<BreakdownRow> {
    const { by } = this.#request;
    switch (by) {
      case 'agency':
        return this.#byAgency();
      case 'tier':
        return this.#page(this.#byTier());
      case 'parent':
        return this.#page(this.#byParent());
      case 'type':
        return this.#page(this.#byType());
      case 'urgency':
        return this.#page(this.#byUrgency());
      default:
        return this.#byPeriod(by);
    }
  }

  /** The rows are few, so all are worked out before they are put in order. */
  #page(rows: readonly BreakdownRow[]): Page<BreakdownRow> {
    const { asOf } = this.#question;
    const shown = rows
      .filter((row) => this.#request.underTarget !== true || isUnderTarget(row))
      .map((row): Row => ({ ...sortableOf(row), row }))
      .toSorted((a, b) => compareRows(a, b, this.#sort));
    return pageOf(asOf, shown, this.#request, ({ row }) => row);
  }

  #byTier(): BreakdownRow[] {
    const { scope } = this.#question;
    return scope.tiers.map((tier) =>
      this.#row({ key: tier, tier, scope: { ...scope, tier, tiers: [tier] } }),
    );
  }

  #byUrgency(): BreakdownRow[] {
    const { scope } = this.#question;
    const codes = scope.urgency === null ? ([1, 0] as const) : [scope.urgency];
    return codes.map((urgency) =>
      this.#row({
        key: urgency === 1 ? 'urgent' : 'normal',
        tier: this.#tierIn(this.#question.period),
        scope: { ...scope, urgency },
      }),
    );
  }

  #byPeriod(kind: PeriodKind): Page<BreakdownRow> {
    const { scope, period, asOf } = this.#question;
    const parts: Period[] = [];
    for (const part of splitPeriod(period, kind)) {
      parts.push(part);
      if (parts.length > MAX_PERIOD_ROWS) throw badRequest('by', 'the period has too many of them');
    }
    const rowOf = (part: Period): BreakdownRow =>
      this.#row({
        key: part.text,
        tier: this.#tierIn(part),
        scope,
        span: part,
        before: periodBefore(part),
      });
    const readTogether = (some: readonly Period[]): void => {
      const top = topOf(scope);
      const spans = some.flatMap((part) => [part, periodBefore(part) ?? part]);
      if (top !== null) this.#question.reader.readTogether(scope, [top], spans);
    };
    const end = endOfPage(this.#request);
    const start = Math.max(0, end - readLimit(this.#request));
    // The name of a part is its key.
    const isByKey = this.#sort.key === 'key' || this.#sort.key === 'name';
    if (!isByKey || this.#request.underTarget === true) {
      readTogether(parts);
      const rows = this.#sortedParts(parts);
      return pageOf(asOf, rows, this.#request, ({ part }) => rowOf(part));
    }
    const inOrder = this.#sort.isDescending ? parts.toReversed() : parts;
    readTogether(inOrder.slice(start, end));
    return pageOf(asOf, inOrder, this.#request, rowOf);
  }

  /** All parts by the counters that they are sorted by; the rest of a row only for its page. */
  #sortedParts(parts: readonly Period[]): (Sortable & { readonly part: Period })[] {
    const { scope, reader, targets } = this.#question;
    const rows = parts.map((part) => {
      const sum = reader.countersIn(scope, part);
      const [E, documents] = [sum.count('E'), sum.count('E') + sum.count('EP') + sum.count('P')];
      const counters = {
        rate: ratio(E, documents),
        deliveries: sum.count('deliveries'),
        overdue: sum.count('overdue'),
        missing: this.#sort.key === 'missing_numbers' ? reader.missingNumbers(scope, part) : 0,
        documents,
      };
      return { key: part.text, sortName: part.text, counters, part };
    });
    const isShown = ({ part, counters: { rate } }: (typeof rows)[number]): boolean => {
      const target = targetOf(targets, this.#tierIn(part), part);
      return target !== null && rate !== null && rate < target;
    };
    return (this.#request.underTarget === true ? rows.filter(isShown) : rows).toSorted((a, b) =>
      compareRows(a, b, this.#sort),
    );
  }

  #byType(): BreakdownRow[] {
    const { scope, period, before, reader, targets } = this.#question;
    const now = this.#typesIn(scope, period);
    const then = before === undefined ? undefined : this.#typesIn(scope, before);
    const counts = reader.agencyCounts(scope, period);
    const tier = this.#tierIn(period);
    const sum = new Sum();
    const figuresOf = (delta: Delta | undefined, span: Span): Figures => {
      sum.clear();
      if (delta !== undefined) sum.addDelta(delta);
      return reader.figuresOf(sum, scope, span);
    };
    return [...now].map(([type, delta]) => ({
      key: type,
      name: null,
      tier,
      figures: figuresOf(delta, period),
      before: before === undefined ? null : figuresOf(then?.get(type), before),
      target: targetOf(targets, tier, period),
      ...counts,
      has_children: false,
    }));
  }

  #typesIn(scope: Scope, span: Span): Map<string, Delta> {
    const types = new Map<string, Delta>();
    this.#question.reader.forEachCell(scope, span, 'each', (data, documentType) => {
      const delta: Delta = types.get(documentType) ?? new Map<number, number>();
      forEachPair(data, (index, amount) => addTo(delta, index, amount));
      types.set(documentType, delta);
    });
    return types;
  }

  /** One row for each direct child, with all below it; what a child was under another parent is left out. */
  #byParent(): BreakdownRow[] {
    const { scope, period, index, before, reader } = this.#question;
    if (scope.agency !== null) throw badRequest('by', 'the parts of one agency are not known');
    const parent = scope.under ?? '';
    const counts = index.membersOf(scope).byChild(parent, period, reader.heardIn(period));
    const children = [...index.childrenOf(parent)].filter((agency) =>
      isChildOf(agency, parent, period, scope.isNow),
    );
    const codes = children.map(({ code }) => code);
    const spans = before === undefined ? [period] : [period, before];
    reader.readTogether(scope, codes, spans);
    const inTier = children.filter(({ places }) =>
      places.some(({ thenTier, nowTier }) => [thenTier, nowTier].some((tier) => isOf(scope, tier))),
    );
    reader.readAgenciesTogether(
      scope,
      inTier.map(({ code }) => code),
      spans,
    );
    return children.flatMap((agency) => {
      const own = { ...scope, under: agency.code };
      const row = this.#row({
        key: agency.code,
        agency,
        tier: tierOf(agency, period, scope.isNow),
        // Several tiers have no target in common.
        targetTier: scope.tier ?? (index.hasChildren(agency.code) ? null : undefined),
        scope: own,
        before,
        counts: counts.get(agency.code) ?? { agencies: 0, agencies_silent: 0 },
      });
      const { E, EP, P, undelivered } = row.figures;
      const isEmpty = E + EP + P + undelivered === 0 && row.agencies === 0;
      return isEmpty ? [] : [row];
    });
  }

  #byAgency(): Page<BreakdownRow> {
    const { scope, period, asOf, index, targets } = this.#question;
    const isCounted = this.#request.underTarget === true || !UNCOUNTED.has(this.#sort.key);
    const table = new AgencyTable(this.#question, this.#sort.key, isCounted);
    const targetFor = (code: string): number | null => {
      const agency = index.find(code);
      const tier = agency === undefined ? null : tierOf(agency, period, scope.isNow);
      return targetOf(targets, tier, period);
    };
    const all = table.rows();
    const rows =
      this.#request.underTarget === true
        ? all.filter(({ key, counters: { rate } }) => {
            const target = rate === null ? null : targetFor(key);
            return rate !== null && target !== null && rate < target;
          })
        : all;
    const end = endOfPage(this.#request);
    putFirst(rows, end, (a, b) => compareRows(a, b, this.#sort));
    this.#readAgencies(rows.slice(Math.max(0, end - readLimit(this.#request)), end));
    return pageOf(asOf, rows, this.#request, ({ key, isOpen, isHeard }) => {
      const agency = index.find(key);
      return this.#row({
        key,
        agency,
        tier: agency === undefined ? null : tierOf(agency, period, scope.isNow),
        scope: { ...scope, agency: key },
        before: this.#question.before,
        counts: { agencies: isOpen ? 1 : 0, agencies_silent: isOpen && !isHeard ? 1 : 0 },
      });
    });
  }

  /** The tier of all that the scope counts in some days: the one asked for, or that of its one agency. */
  #tierIn(span: Span): Tier | null {
    const { scope, index } = this.#question;
    const agency = scope.agency === null ? undefined : index.find(scope.agency);
    if (scope.tier !== null || agency === undefined) return scope.tier;
    return tierOf(agency, span, scope.isNow);
  }

  #readAgencies(rows: readonly { readonly key: string }[]): void {
    const { scope, period, before, index, reader } = this.#question;
    const agencies = rows.flatMap(({ key }) => index.sourcesOf(key, scope.isNow));
    const codes = agencies.map(({ code }) => code);
    reader.readAgenciesTogether(scope, codes, before === undefined ? [period] : [period, before]);
  }

  /** The period before a row's is often the row before. */
  #figures(scope: Scope, { from, to }: Span): Figures {
    if (scope !== this.#question.scope) return this.#question.reader.figures(scope, { from, to });
    const key = `${from} ${to}`;
    const known = this.#known.get(key) ?? this.#question.reader.figures(scope, { from, to });
    this.#known.set(key, known);
    return known;
  }

  #row(options: {
    readonly key: string;
    readonly agency?: Agency | undefined;
    readonly tier: Tier | null;
    /** The tier of all that the row counts; that of the row unless it is told. */
    readonly targetTier?: Tier | null | undefined;
    readonly scope: Scope;
    readonly span?: Period;
    readonly before?: Period | undefined;
    readonly counts?: Pick<BreakdownRow, 'agencies' | 'agencies_silent'>;
  }): BreakdownRow {
    const { reader, index, targets, period } = this.#question;
    const { key, agency, tier, targetTier = tier, scope, span = period } = options;
    const before = 'before' in options ? options.before : this.#question.before;
    return {
      key,
      name: agency?.name ?? null,
      tier,
      figures: this.#figures(scope, span),
      before: before === undefined ? null : this.#figures(scope, before),
      target: targetOf(targets, targetTier, span),
      ...(options.counts ?? reader.agencyCounts(scope, span)),
      has_children: agency !== undefined && index.hasChildren(agency.code),
    };
  }
}

function isOf(scope: Scope, tier: Tier): boolean {
  return scope.tier === null || scope.tier === tier;
}

function isUnderTarget({ target, figures }: BreakdownRow): boolean {
  return target !== null && figures.rate_electronic !== null && figures.rate_electronic < target;
}

function sortableOf({ key, name, figures, tier }: BreakdownRow): Sortable {
  const { rate_electronic: rate, deliveries, overdue, missing_numbers: missing } = figures;
  const documents = figures.E + figures.EP + figures.P;
  const order = tier !== null && key === tier ? String(TIERS.indexOf(tier)) : key;
  return {
    key: order,
    sortName: name ?? key,
    counters: { rate, deliveries, overdue, missing, documents },
  };
}

/** Whether an agency stood right below `parent` on some day of a span; `''`: at the top. */
function isChildOf(agency: Agency, parent: string, span: Span, isNow: boolean): boolean {
  const { places, code } = agency;
  return places.some((place, index) => {
    if (isNow) return place.nowCode === code && firstOf(place.nowAbove) === parent;
    const next = places[index + 1]?.fromDay;
    const touches = place.fromDay <= span.to && (next === undefined || next > span.from);
    return touches && firstOf(place.thenAbove) === parent;
  });
}

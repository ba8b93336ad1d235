import { addDays } from '../../calendar/vietnam-time.ts';
import { BusError } from '../../errors.ts';
import { FigureQueries } from '../storage/figure-queries.ts';
import type { Db } from '../storage/database.ts';
import { FigureStore } from '../storage/figure-store.ts';
import type { Settled } from './contribution.ts';
import { isSettled } from './sweep.ts';
import { tierOf } from './agency.ts';
import { answerAgencies, answerGaps } from './agency-lists.ts';
import { AgencyTable } from './agency-table.ts';
import { Breakdown } from './breakdown.ts';
import { answerDeliveries } from './deliveries.ts';
import { DeliveryQueries } from '../storage/delivery-queries.ts';
import { FigureMemory } from './figure-memory.ts';
import { type Period, parsePeriod, periodBefore, splitPeriod } from './period.ts';
import { FigureReader, type Snapshot } from './reader.ts';
import { type Scope, readScope } from './scope.ts';
import { type Targets, targetOf } from './targets.ts';
import type {
  AgencyRow,
  AgencyStanding,
  AsOf,
  BreakdownRequest,
  BreakdownRow,
  DeliveriesRequest,
  DeliveryRow,
  FiguresAnswer,
  FiguresRequest,
  GapRow,
  Page,
  PageRequest,
  RelayFigures,
  Settling,
} from './types.ts';

/** What every kind of answer needs. */
export interface Question extends Snapshot {
  readonly reader: FigureReader;
  readonly scope: Scope;
  readonly period: Period;
  readonly before: Period | undefined;
  readonly targets: Targets;
}

/** What one agency has reached in a period. */
export interface AgencyShare {
  readonly agency: string;
  readonly documents: number;
  readonly rate: number | null;
}

const DAYS_READ_AHEAD = 730;
/** Of these lists by day and week are read ahead, too. */
const LAST_DAYS = 35;

/** Answers {@link RelayFigures} out of the rollups; each answer is read from one snapshot. */
export class FigureAnswers implements RelayFigures {
  readonly #queries: FigureQueries;
  readonly #deliveries: DeliveryQueries;
  readonly #store: FigureStore;
  readonly #targets: Targets;
  readonly #inOneSnapshot: <T>(read: () => T) => T;
  readonly #isWriting: () => boolean;
  readonly #memory: FigureMemory;

  constructor(db: Db, targets: Targets = {}) {
    this.#queries = new FigureQueries(db);
    this.#deliveries = new DeliveryQueries(db);
    this.#store = new FigureStore(db);
    this.#targets = targets;
    this.#memory = new FigureMemory(this.#queries);
    this.#isWriting = () => db.inTransaction;
    this.#inOneSnapshot = (read) => db.transaction(read)();
  }

  asOf(): AsOf {
    return this.#inOneSnapshot(() => this.#asOf());
  }

  /** Reads ahead what lists of the last two years need, so that the first question is as quick as any. */
  readAhead(): void {
    this.#inOneSnapshot(() => {
      this.#memory.follow();
      this.#memory.index().readAhead();
      this.#memory.gaps.readAhead();
      const to = this.#store.state().sweptDay;
      const period = { from: addDays(to, -DAYS_READ_AHEAD), to, text: '', kind: null };
      for (const kind of ['month', 'year'] as const) {
        for (const { text } of splitPeriod(period, kind)) {
          this.#memory.heard(text);
          this.#memory.counters(text, null, null);
        }
      }
      for (let back = LAST_DAYS; back >= 0; back -= 1) {
        this.#memory.counters(addDays(to, -back), null, null);
      }
    });
  }

  figures(request: FiguresRequest): FiguresAnswer {
    return this.#ask(request, ({ reader, scope, period, before, targets, index, asOf }) => {
      const agency = scope.agency === null ? undefined : index.find(scope.agency);
      const ownTier = agency === undefined ? null : tierOf(agency, period, scope.isNow);
      const { from, to, text } = period;
      return {
        as_of: asOf,
        period: { text, from, to },
        scope: scopeOf(request),
        figures: reader.figures(scope, period),
        before: before === undefined ? null : reader.figures(scope, before),
        target: targetOf(targets, scope.tier ?? ownTier, period),
        ...reader.agencyCounts(scope, period),
      };
    });
  }

  breakdown(request: BreakdownRequest): Page<BreakdownRow> {
    return this.#ask(request, (question) => new Breakdown(question, request).answer());
  }

  deliveries(request: DeliveriesRequest): Page<DeliveryRow> {
    return this.#ask(request, (question) => answerDeliveries(question, this.#deliveries, request));
  }

  gaps(request: FiguresRequest & PageRequest & { readonly kind?: GapRow['kind'] }): Page<GapRow> {
    return this.#ask(request, (question) => answerGaps(question, request));
  }

  agencies(
    request: FiguresRequest & PageRequest & { readonly standing?: AgencyStanding },
  ): Page<AgencyRow> {
    return this.#ask(request, (question) => answerAgencies(question, request));
  }

  /** Documents and rate of all agencies of a scope in one pass, for whoever looks at every one. */
  agencyShares(request: FiguresRequest): AgencyShare[] {
    return this.#ask(request, (question) =>
      new AgencyTable(question, 'key', true).rows().map(({ key: agency, counters }) => {
        const { documents, rate } = counters;
        return { agency, documents, rate };
      }),
    );
  }

  #ask<T>(request: FiguresRequest, answer: (question: Question) => T): T {
    // What a transaction changed may be taken back: nothing of it is remembered.
    const memory = this.#isWriting() ? new FigureMemory(this.#queries) : this.#memory;
    return this.#inOneSnapshot(() => {
      const asOf = this.#asOf();
      memory.follow();
      const index = memory.index();
      const period = parsePeriod(request.period);
      const scope = readScope(request, index);
      const queries = this.#queries;
      const snapshot = { queries, memory, index, asOf, state: this.#store.state() };
      const reader = new FigureReader(snapshot);
      const before = periodBefore(period);
      return answer({ ...snapshot, reader, scope, period, before, targets: this.#targets });
    });
  }

  #asOf(): AsOf {
    const rebuilding = this.#queries.rebuilding();
    const record = this.#queries.lastReport();
    const { built, sweptDay: day, ...settled } = this.#store.state();
    if (!built && record > 0) {
      const said = 'the figures are being added up anew for this version; ask again later';
      throw new BusError('BUS_FIGURES_BEING_BUILT', said, { details: { record } });
    }
    return {
      record,
      day,
      ...(rebuilding === 0 ? {} : { rebuilding }),
      ...(isSettled(day, settled) ? {} : { settling: settlingOf(settled) }),
    };
  }
}

function settlingOf({ overdueBeforeMs, expiredBeforeMs }: Settled): Settling {
  return {
    overdue_before: new Date(overdueBeforeMs).toISOString(),
    undelivered_before: new Date(expiredBeforeMs).toISOString(),
  };
}

function scopeOf(request: FiguresRequest): FiguresAnswer['scope'] {
  const { agency, under, tier, documentType, urgency, structure } = request;
  return {
    ...(agency === undefined ? {} : { agency }),
    ...(under === undefined ? {} : { under }),
    ...(tier === undefined ? {} : { tier }),
    ...(documentType === undefined ? {} : { document_type: documentType }),
    ...(urgency === undefined ? {} : { urgency }),
    ...(structure === undefined ? {} : { structure }),
  };
}

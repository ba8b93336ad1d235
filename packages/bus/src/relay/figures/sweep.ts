import { dateInVietnam, startOfDayMs } from '../../calendar/vietnam-time.ts';
import { STREAM_RETENTION_MS } from '../../stream/plan.ts';
import { NO_STEPS, type OnStep } from '../step.ts';
import type { Db } from '../storage/database.ts';
import { FigureStore, type FigureState } from '../storage/figure-store.ts';
import { FigureSweepStore, type SettlingDocument } from '../storage/figure-sweep-store.ts';
import { type Delta } from './cell.ts';
import { type Settled, addDocument } from './contribution.ts';
import type { FigureRecorder } from './recorder.ts';
import { documentCell } from './tracked-figures.ts';

/**
 * Documents of one transaction. As many as share one millisecond of dispatch may be more; they are read
 * one by one, so a transaction holds no more than the cells that they change.
 */
const MAX_DOCUMENTS = 2_000;

/**
 * Whether exactly what the start of a day settles is settled. In the middle of a sweep it is not: part of
 * the next day counts already. Before the first sweep nothing is overdue, as at the start of any day.
 */
export function isSettled(day: string, { overdueBeforeMs, expiredBeforeMs }: Settled): boolean {
  const start = startOfDayMs(day);
  if (overdueBeforeMs === 0 && expiredBeforeMs === 0) return true;
  return overdueBeforeMs === start && expiredBeforeMs === start - STREAM_RETENTION_MS;
}

/**
 * Settles what a new day at +07:00 changes without any record: open deliveries dispatched before it
 * are overdue (Decree 30/2020 Art. 21.2c), and what nobody answered for as long as the broker keeps a
 * message is undelivered.
 *
 * Both go by a moment in the database up to which everything is settled; it moves on in bounded
 * transactions, so a kill leaves figures that are right for some moment, and the next sweep goes on.
 */
export class FigureSweep {
  readonly #db: Db;
  readonly #figures: FigureStore;
  readonly #documents: FigureSweepStore;
  readonly #recorder: FigureRecorder;
  readonly #onStep: OnStep;

  constructor(db: Db, recorder: FigureRecorder, onStep: OnStep = NO_STEPS) {
    this.#db = db;
    this.#figures = new FigureStore(db);
    this.#documents = new FigureSweepStore(db);
    this.#recorder = recorder;
    this.#onStep = onStep;
  }

  /** @returns how many transactions it took; 0 when the day was settled before. */
  sweep(now: Date): number {
    const day = dateInVietnam(now);
    for (let steps = 0; ; steps += 1) if (!this.step(day)) return steps;
  }

  /** One bounded transaction. @returns false when nothing was left to do. */
  step(day: string): boolean {
    const work = this.#db.transaction(() => {
      const state = this.#figures.state();
      const start = startOfDayMs(day);
      if (state.sweptDay >= day) return false;
      const overdueBeforeMs = this.#next(state.overdueBeforeMs, start);
      const expiredBeforeMs =
        overdueBeforeMs < start
          ? state.expiredBeforeMs
          : this.#next(state.expiredBeforeMs, start - STREAM_RETENTION_MS);
      const isDone = overdueBeforeMs >= start && expiredBeforeMs >= start - STREAM_RETENTION_MS;
      const after = { sweptDay: isDone ? day : state.sweptDay, overdueBeforeMs, expiredBeforeMs };
      this.#settle(state, after);
      this.#figures.setSettled(after);
      this.#recorder.flush();
      this.#onStep('day.kept');
      return true;
    });
    try {
      const wasLeft = work.immediate();
      if (wasLeft) this.#onStep('day.committed');
      return wasLeft;
    } finally {
      this.#recorder.reset(); // it holds what was settled before
    }
  }

  /** As far as one transaction goes; a clock that was set back takes nothing back. */
  #next(fromMs: number, toMs: number): number {
    if (fromMs >= toMs) return fromMs;
    return Math.min(toMs, this.#documents.momentAfter(fromMs, MAX_DOCUMENTS) ?? toMs);
  }

  #settle(before: FigureState, after: Settled): void {
    const take = (document: SettlingDocument): void => {
      const delta: Delta = new Map();
      addDocument(delta, document, before, -1);
      addDocument(delta, document, after, 1);
      this.#recorder.add(documentCell(document), delta);
    };
    const overdue = [before.overdueBeforeMs, after.overdueBeforeMs] as const;
    const expired = [before.expiredBeforeMs, after.expiredBeforeMs] as const;
    // The later moment is always settled first, so no document is met in both ranges at once.
    for (const document of this.#documents.unanswered(...overdue)) take(document);
    for (const document of this.#documents.unanswered(...expired)) {
      if (document.dispatchedMs < overdue[0]) take(document);
    }
  }
}

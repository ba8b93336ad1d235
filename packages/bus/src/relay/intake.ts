import type { AcceptedReport } from './judge-report.ts';
import { NO_STEPS, type OnStep } from './step.ts';
import type { Db } from './storage/database.ts';
import { RegisterStore } from './storage/register-store.ts';
import { type Admission, ReportStore } from './storage/report-store.ts';
import { TrackingStore } from './storage/tracking-store.ts';
import { FigureGapStore } from './storage/figure-gap-store.ts';
import { FigureStore } from './storage/figure-store.ts';
import { Tracking } from './tracking.ts';
import { FigureRecorder } from './figures/recorder.ts';
import { FigureUpkeep } from './figures/upkeep.ts';
import { TrackedFigures } from './figures/tracked-figures.ts';

/** A report that was verified, and what it says. */
export type VerifiedEntry = Pick<AcceptedReport, 'report' | 'entry'>;

/**
 * What a verified report changes in the database, whoever verified it: chain, tracking and figures.
 *
 * The running relay and the benchmark that loads millions of deliveries go through here alike.
 */
export class Intake {
  readonly reports: ReportStore;
  /** What the reports of a transaction change about the figures; written before its commit. */
  readonly figures: FigureRecorder;
  /** What the figures need beside reports: a new day, another directory. */
  readonly upkeep: FigureUpkeep;
  readonly #db: Db;
  readonly #tracking: Tracking;
  readonly #tracked: TrackedFigures;
  readonly #now: () => Date;
  readonly #onStep: OnStep;

  constructor(db: Db, now: () => Date, onStep: OnStep = NO_STEPS, packs = true) {
    this.#db = db;
    this.#now = now;
    this.#onStep = onStep;
    this.reports = new ReportStore(db, packs);
    const register = new RegisterStore(db);
    const tracking = new TrackingStore(db);
    this.figures = new FigureRecorder(new FigureStore(db));
    this.upkeep = new FigureUpkeep(db, this.figures, now, onStep);
    const gaps = new FigureGapStore(db);
    const figures = new TrackedFigures({ recorder: this.figures, gaps, tracking });
    this.#tracked = figures;
    this.#tracking = new Tracking({ reports: this.reports, register, tracking, figures }, now);
  }

  /** All of `work` is kept, or nothing of it. */
  inTransaction<T>(work: () => T): T {
    const kept = this.#db.transaction(() => {
      const result = work();
      this.figures.next();
      this.#tracked.settleGaps();
      this.figures.flush();
      this.#onStep('batch.kept');
      return result;
    });
    try {
      return kept.immediate();
    } catch (error) {
      this.reports.forget();
      this.figures.reset();
      this.#tracked.forgetEntered();
      throw error;
    }
  }

  /** Belongs inside {@link inTransaction}; {@link undo} when the report is not kept after all. */
  take({ report, entry }: VerifiedEntry): Admission {
    this.figures.next();
    const admitted = this.reports.admit(report, this.#now().getTime());
    if (admitted.admission === 'new') this.#tracking.apply({ ...report, id: admitted.id }, entry);
    return admitted.admission;
  }

  /** The last report taken was rolled back, and the transaction goes on. */
  undo(): void {
    this.reports.forget();
    this.figures.undo();
  }

  /** Takes in, in one transaction, what was verified before. */
  takeAll(verified: readonly VerifiedEntry[]): void {
    this.inTransaction(() => {
      for (const one of verified) this.take(one);
    });
  }
}

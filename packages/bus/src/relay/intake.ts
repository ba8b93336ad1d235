import type { AcceptedReport } from './judge-report.ts';
import type { Db } from './storage/database.ts';
import { RegisterStore } from './storage/register-store.ts';
import { type Admission, ReportStore } from './storage/report-store.ts';
import { TrackingStore } from './storage/tracking-store.ts';
import { Tracking } from './tracking.ts';

/** A report that was verified, and what it says. */
export type VerifiedEntry = Pick<AcceptedReport, 'report' | 'entry'>;

/**
 * What a verified report changes in the database, whoever verified it: chain, tracking and figures.
 *
 * The running relay and the benchmark that loads millions of deliveries go through here alike.
 */
export class Intake {
  readonly reports: ReportStore;
  readonly #db: Db;
  readonly #tracking: Tracking;
  readonly #now: () => Date;

  constructor(db: Db, now: () => Date) {
    this.#db = db;
    this.#now = now;
    this.reports = new ReportStore(db);
    const register = new RegisterStore(db);
    const tracking = new TrackingStore(db);
    this.#tracking = new Tracking({ reports: this.reports, register, tracking }, now);
  }

  /** All of `work` is kept, or nothing of it. */
  inTransaction<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }

  /** Belongs inside {@link inTransaction}. */
  take({ report, entry }: VerifiedEntry): Admission {
    const admission = this.reports.admit(report, this.#now().getTime());
    if (admission === 'new') this.#tracking.apply(report, entry);
    return admission;
  }

  /** Takes in, in one transaction, what was verified before. */
  takeAll(verified: readonly VerifiedEntry[]): void {
    this.inTransaction(() => {
      for (const one of verified) this.take(one);
    });
  }
}

import { AgentError } from '../errors.ts';
import type { Db } from './database.ts';

interface Job {
  readonly run: () => void;
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

/** More would hold the write lock too long for a clerk's command beside the agent. */
const MAX_JOBS_PER_TRANSACTION = 128;
/** A flush costs about a millisecond of the event loop, whatever it holds. */
const MIN_FLUSH_INTERVAL_MS = 5;

/**
 * Runs writes in transactions shared by all that wait at the same moment.
 *
 * One `fsync` costs more than a hundred inserts; each job still is all or nothing (a savepoint), and
 * its promise settles only after the shared transaction is on disk.
 */
export class GroupCommit {
  readonly #db: Db;
  readonly #statements;
  #waiting: Job[] = [];
  #scheduled = false;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(db: Db) {
    this.#db = db;
    this.#statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
      savepoint: db.prepare('SAVEPOINT job'),
      release: db.prepare('RELEASE job'),
      rollbackTo: db.prepare('ROLLBACK TO job'),
    };
  }

  /** Runs the synchronous `job` inside a transaction and resolves once that is committed. */
  commit<T>(job: () => T): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new AgentError('AGENT_CLOSED', 'the agent is closed'));
    }
    return new Promise<T>((resolve, reject) => {
      let result: T;
      this.#waiting.push({
        run: () => {
          result = job();
        },
        settle: () => resolve(result),
        fail: reject,
      });
      this.#schedule();
    });
  }

  /** Commits what waits and refuses what comes later. */
  close(): void {
    while (this.#waiting.length > 0) this.#flush();
    this.#closed = true;
  }

  #flush(): void {
    this.#scheduled = false;
    const jobs = this.#waiting.splice(0, MAX_JOBS_PER_TRANSACTION);
    if (jobs.length === 0) return;
    const failures = new Map<Job, unknown>();
    try {
      this.#statements.begin.run();
      for (const job of jobs) this.#runApart(job, failures);
      this.#statements.commit.run();
    } catch (error) {
      if (this.#db.inTransaction) this.#statements.rollback.run();
      for (const job of jobs) failures.set(job, failures.get(job) ?? error);
    }
    this.#flushedMs = performance.now();
    for (const job of jobs) {
      if (failures.has(job)) job.fail(failures.get(job));
      else job.settle();
    }
    this.#schedule();
  }

  /** Each job in a savepoint of its own: one that fails takes nobody's work along. */
  #runApart(job: Job, failures: Map<Job, unknown>): void {
    const { savepoint, release, rollbackTo } = this.#statements;
    savepoint.run();
    try {
      job.run();
    } catch (error) {
      failures.set(job, error);
      // A full disk ends the whole transaction; what ran on would commit by itself.
      if (!this.#db.inTransaction) throw error;
      rollbackTo.run();
    }
    release.run();
  }

  /** At once when nothing was flushed lately; in a rush, what comes within moments shares a flush. */
  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    const sinceMs = performance.now() - this.#flushedMs;
    if (sinceMs >= MIN_FLUSH_INTERVAL_MS) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), MIN_FLUSH_INTERVAL_MS - sinceMs);
  }
}

import { AgentError } from '../errors.ts';
import type { Db } from './database.ts';

interface Job {
  readonly run: () => void;
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

/** More would hold the write lock too long for a clerk's command beside the agent. */
const MAX_JOBS_PER_TRANSACTION = 128;

/**
 * Runs writes in transactions shared by all that wait at the same moment.
 *
 * One `fsync` costs more than a hundred inserts; each job still is all or nothing (a savepoint), and
 * its promise settles only after the shared transaction is on disk.
 */
export class GroupCommit {
  readonly #db: Db;
  #waiting: Job[] = [];
  #scheduled = false;
  #closed = false;

  constructor(db: Db) {
    this.#db = db;
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
      if (!this.#scheduled) {
        this.#scheduled = true;
        setImmediate(() => this.#flush());
      }
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
      const all = this.#db.transaction(() => {
        for (const job of jobs) {
          try {
            this.#db.transaction(job.run)(); // nested: a savepoint
          } catch (error) {
            failures.set(job, error);
          }
        }
      });
      all.immediate();
    } catch (error) {
      for (const job of jobs) job.fail(failures.get(job) ?? error);
      this.#reschedule();
      return;
    }
    for (const job of jobs) {
      if (failures.has(job)) job.fail(failures.get(job));
      else job.settle();
    }
    this.#reschedule();
  }

  #reschedule(): void {
    if (this.#waiting.length > 0 && !this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    }
  }
}

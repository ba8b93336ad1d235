import { AgentError } from '../errors.ts';
import { AGENT_LIMITS } from '../limits.ts';
import type { Db } from './database.ts';
import { type StorageTrouble, storageTroubleOf, toAgentError } from './trouble.ts';

interface Job {
  readonly run: () => void;
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

/** More would hold the write lock too long for a clerk's command beside the agent. */
const MAX_JOBS_PER_TRANSACTION = 128;
/**
 * A flush costs about a millisecond of the event loop, whatever it holds, and the pages of the indices
 * that one flush touches are written once: eight documents in a flush cost a fifth less each than four.
 * A document passes four or five flushes until its receipt is in; an urgent one waits for none.
 */
const MIN_FLUSH_INTERVAL_MS = 30;
/** SQLite waits with the whole process asleep, so it waits briefly and the flush is tried again. */
const BUSY_TIMEOUT_MS = 50;
const LOCK_RETRY_MS = 50;

/** Told of every write that failed for want of room or of the lock, and of every one that went well. */
export interface CommitWatcher {
  failed(trouble: StorageTrouble, error: unknown): void;
  /** Jobs wait for another process that writes. */
  waiting(sinceMs: number): void;
  succeeded(): void;
}

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
  /** Until the flush that more jobs may still share. */
  #sharing: NodeJS.Timeout | undefined;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #lockedSinceMs: number | undefined;
  #watcher: CommitWatcher | undefined;
  #closed = false;
  #done = 0;

  constructor(db: Db) {
    this.#db = db;
    db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    this.#statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
      savepoint: db.prepare('SAVEPOINT job'),
      release: db.prepare('RELEASE job'),
      rollbackTo: db.prepare('ROLLBACK TO job'),
    };
  }

  /**
   * Runs the synchronous `job` inside a transaction and resolves once that is committed.
   *
   * @param options - `soon`: somebody, or the line, waits for this very job, so it waits for no others.
   */
  commit<T>(job: () => T, { soon = false }: { readonly soon?: boolean } = {}): Promise<T> {
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
      this.#schedule(soon);
    });
  }

  /** Jobs committed so far. */
  get done(): number {
    return this.#done;
  }

  watch(watcher: CommitWatcher): void {
    this.#watcher = watcher;
  }

  /** Commits what waits and refuses what comes later. */
  close(): void {
    this.#closed = true;
    while (this.#waiting.length > 0) this.#flush();
  }

  #flush(): void {
    this.#scheduled = false;
    this.#sharing = undefined;
    const jobs = this.#waiting.splice(0, MAX_JOBS_PER_TRANSACTION);
    if (jobs.length === 0) return;
    const failures = new Map<Job, unknown>();
    try {
      this.#statements.begin.run();
      this.#lockedSinceMs = undefined;
      for (const job of jobs) this.#runApart(job, failures);
      this.#statements.commit.run();
      this.#done += jobs.length;
      this.#watcher?.succeeded();
    } catch (error) {
      if (this.#db.inTransaction) this.#statements.rollback.run();
      if (this.#waitForLock(error, jobs)) return;
      const trouble = storageTroubleOf(error);
      if (trouble !== undefined) this.#watcher?.failed(trouble, error);
      for (const job of jobs) failures.set(job, failures.get(job) ?? error);
    }
    this.#flushedMs = performance.now();
    for (const job of jobs) {
      if (failures.has(job)) job.fail(toAgentError(failures.get(job)));
      else job.settle();
    }
    this.#schedule();
  }

  /** Another process writes: the jobs stay, and so does the event loop. */
  #waitForLock(error: unknown, jobs: readonly Job[]): boolean {
    if (storageTroubleOf(error) !== 'locked') return false;
    const nowMs = performance.now();
    this.#lockedSinceMs ??= nowMs;
    const waitedMs = nowMs - this.#lockedSinceMs;
    this.#watcher?.waiting(waitedMs);
    if (this.#closed || waitedMs > AGENT_LIMITS.lockPatienceMs) {
      this.#lockedSinceMs = undefined;
      return false;
    }
    this.#waiting.unshift(...jobs);
    this.#scheduled = true;
    setTimeout(() => this.#flush(), LOCK_RETRY_MS);
    return true;
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
  #schedule(soon = false): void {
    if (soon && this.#sharing !== undefined) {
      clearTimeout(this.#sharing);
      this.#sharing = undefined;
      this.#scheduled = false;
    }
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    const leftMs = MIN_FLUSH_INTERVAL_MS - (performance.now() - this.#flushedMs);
    if (soon || leftMs <= 0) setImmediate(() => this.#flush());
    else this.#sharing = setTimeout(() => this.#flush(), leftMs);
  }
}

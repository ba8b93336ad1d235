import { NO_STEPS, type OnStep } from '../step.ts';
import type { Db } from '../storage/database.ts';
import { FigureRebuild } from './rebuild.ts';
import type { FigureRecorder } from './recorder.ts';
import { FigureSweep } from './sweep.ts';

/**
 * What the figures need beside records: a database of an earlier version, a new day, another directory.
 * Cheap when there is nothing to do; only the one process that writes the database calls it.
 */
export class FigureUpkeep {
  readonly #rebuild: FigureRebuild;
  readonly #sweep: FigureSweep;
  readonly #now: () => Date;

  constructor(db: Db, recorder: FigureRecorder, now: () => Date, onStep: OnStep = NO_STEPS) {
    this.#rebuild = new FigureRebuild(db, recorder);
    this.#sweep = new FigureSweep(db, recorder, onStep);
    this.#now = now;
  }

  run(): void {
    this.#rebuild.buildIfMissing();
    this.#rebuild.followDirectory();
    this.#sweep.sweep(this.#now());
  }

  followDirectory(): void {
    this.#rebuild.followDirectory();
  }

  /** For a check that rollups hold what the tracking tables say. */
  buildAgain(): void {
    this.#rebuild.buildAgain();
  }
}
